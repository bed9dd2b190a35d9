"""Databases: their kinds, views and months, and the same work done in many of them."""
