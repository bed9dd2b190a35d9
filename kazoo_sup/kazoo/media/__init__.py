"""Prompts and recordings: where they are, in which language, and putting them in order."""
