"""The operator command line of a Kazoo telephony cluster."""

__version__ = "0.2.0"
