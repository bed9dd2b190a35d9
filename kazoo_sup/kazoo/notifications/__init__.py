"""Notifications and the e-mails that teletype makes of them."""
