"""Voicemail: messages, and moving them to where Kazoo 4.3 keeps them."""
