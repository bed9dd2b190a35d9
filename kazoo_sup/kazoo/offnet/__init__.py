"""Carriers' resources, and which of them a call that leaves the system takes."""
