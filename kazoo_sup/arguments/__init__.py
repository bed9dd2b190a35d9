"""How the text of a command line, a file or standard input becomes a value."""
