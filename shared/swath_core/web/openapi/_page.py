"""The page under ``/docs``: one file, without anything from another host."""

from __future__ import annotations

from importlib.resources import files

PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'"
)
"""Content-Security-Policy: what the page itself holds, and requests to where it came from."""


def page() -> str:
    """Return the HTML."""
    return files(__package__).joinpath("page.html").read_text(encoding="utf-8")
