"""What only a running node can do, done there: which node, the call, and many nodes at once."""
