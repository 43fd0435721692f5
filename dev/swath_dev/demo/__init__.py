"""The demonstration: one scene goes in, is found, and comes out as pixels.

Everything goes through the doors that users have: the HTTPS API, presigned uploads and the drop
folder. Nothing here reaches into the tables.
"""

from ._run import main

__all__ = ["main"]
