"""`swath login` and `swath token`."""

from __future__ import annotations

import getpass
import os
import sys
from argparse import Namespace
from datetime import UTC, datetime

from swath.auth import read_claims
from swath.config import DEFAULT_PROFILE, load_settings, read_profiles, store_profile
from swath.http import Client

from ._output import client_of, emit_object


def login(options: Namespace) -> None:
    """Try the catalog with the token, then store both in the profile."""
    profile = options.profile or DEFAULT_PROFILE
    token = options.token or ""
    if not token and not options.token_url:
        token = _asked_token()
    known = read_profiles().get(profile, {})
    values = {
        "url": options.url or known.get("url", "") or load_settings().url,
        "raster_url": options.raster_url or known.get("raster_url", ""),
        "token": token,
        "token_url": options.token_url or "",
        "client_id": options.client_id or "",
        "client_secret": options.client_secret or "",
    }
    settings = load_settings(**{name: value for name, value in values.items() if value})
    with Client(settings=settings) as client:
        client.catalog("PUT", "/products", json={"limit": 0})
    path = store_profile(profile, **values)
    what = f"{settings.url} and its token" if token else settings.url
    print(f"stored {what} as profile {profile!r} in {path}")
    shadowed = os.environ.get("SWATH_TOKEN")
    if shadowed and shadowed != token:
        print("SWATH_TOKEN is set to another token and wins over the profile", file=sys.stderr)


def _asked_token() -> str:
    """The token from the keyboard or the input, else the environment's, with which it is tried."""
    known = os.environ.get("SWATH_TOKEN", "")
    if sys.stdin.isatty():
        return known or getpass.getpass("token: ")
    return sys.stdin.readline().strip() or known


def token(options: Namespace) -> None:
    """Print the claims, or the token itself."""
    client = client_of(options)
    text = client.tokens.token()
    if options.raw:
        print(text)
        return
    claims = read_claims(text)
    expires = None if claims.expires is None else datetime.fromtimestamp(claims.expires, UTC)
    facts = {
        "catalog": client.settings.url,
        "subject": claims.subject,
        "org": claims.org,
        "email": claims.email,
        "groups": list(claims.groups),
        "expires": expires,
    }
    emit_object(options, facts)
