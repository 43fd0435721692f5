"""The page under ``/docs``: one file, without anything from another host."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files


def page() -> str:
    """Return the HTML."""
    return files(__package__).joinpath("page.html").read_text(encoding="utf-8")


def _policy(html: str) -> str:
    """Return the policy under which the scripts of a page run as they stand, and no others."""
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    digests = (b64encode(sha256(each.encode()).digest()).decode() for each in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src {allowed}; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


PAGE_POLICY = _policy(page())
"""Content-Security-Policy: what the page itself holds, and requests to where it came from."""
