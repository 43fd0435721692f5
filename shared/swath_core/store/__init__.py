"""Where documents live: the five tables, and one store per concern on top of them.

Stores know keys, conditions and consistency; they know nothing of HTTP, tokens or pixels.
"""
