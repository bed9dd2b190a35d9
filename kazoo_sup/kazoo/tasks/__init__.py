"""Tasks, their CSV files, and compactions."""
