"""Logging in: applications, keys and tokens."""
