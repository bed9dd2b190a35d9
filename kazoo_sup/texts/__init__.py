"""The wording of what is shown to people, made of results and events."""
