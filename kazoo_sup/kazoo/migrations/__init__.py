"""Keeping a cluster's documents in order: migrations, repairs, copies, what is left over."""
