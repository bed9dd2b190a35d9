"""What Kazoo's documents, messages and rules are: the domain, free of command lines and terminals."""
