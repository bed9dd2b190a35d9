"""Creating accounts and the users in them."""
