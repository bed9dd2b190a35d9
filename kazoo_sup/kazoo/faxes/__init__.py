"""Faxes: jobs, files, and where Kazoo 4.3 keeps them."""
