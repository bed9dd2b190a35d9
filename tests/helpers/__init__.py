"""What tests share: stand-ins for servers, real servers, and ways to run the program."""
