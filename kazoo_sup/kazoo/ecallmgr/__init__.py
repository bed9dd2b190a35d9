"""Calls, phones and the FreeSWITCH nodes that carry them, as the nodes of the cluster report them."""
