"""The way in: what a command line says, the commands there are, and how their answers are shown."""
