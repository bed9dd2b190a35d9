"""A zone as a whole: its servers, its health, and what is wrong in it."""
