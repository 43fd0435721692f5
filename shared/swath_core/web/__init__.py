"""HTTP: what the functions that answer requests share."""
