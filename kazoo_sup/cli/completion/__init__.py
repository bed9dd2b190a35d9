"""Completing a command line that is being typed, with values of the cluster."""
