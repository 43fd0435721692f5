"""Tokens to callers: the only place where a JSON Web Token is verified."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from swath_core.errors import Unauthorized
from swath_core.settings import Settings

from ._caller import Caller
from ._keys import key_for

ALGORITHMS = ("RS256", "ES256", "EdDSA")
"""Signatures that are accepted: asymmetric ones only, whatever a token's header asks for."""
LEEWAY_SECONDS = 5
"""How far the issuer's clock may be off."""
LONGEST_TOKEN = 16_384

_ORG = re.compile(r"[A-Za-z0-9_.\-]{1,100}")


def authenticate(authorization: str | None, settings: Settings) -> Caller:
    """Return who sent an ``Authorization: Bearer TOKEN`` header. Raises Unauthorized.

    Raises MisconfiguredError where the issuer or the audience is not configured: nothing is
    ever accepted for lack of something to compare it with.
    """
    return caller_of(_claims(_bearer(authorization), settings), settings.org_claim)


def _bearer(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        message = "a token is needed: Authorization: Bearer TOKEN"
        raise Unauthorized(message)
    if len(token) > LONGEST_TOKEN:
        message = f"the token is longer than {LONGEST_TOKEN} characters"
        raise Unauthorized(message)
    return token


def _claims(token: str, settings: Settings) -> dict[str, Any]:
    import jwt  # noqa: PLC0415 - 60 ms that an import of the handler need not take

    issuer, audience = settings.need("issuer"), settings.need("audience")
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in ALGORITHMS:
            message = f"the token must be signed with one of {', '.join(ALGORITHMS)}"
            raise Unauthorized(message)
        claims: dict[str, Any] = jwt.decode(
            token,
            key_for(header, settings),
            algorithms=list(ALGORITHMS),
            issuer=issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "iss", "sub"], "verify_aud": False, "verify_iat": False},
        )
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        message = f"the token is not valid: {error}"
        raise Unauthorized(message) from error
    _check_audience(claims, audience)
    return claims


def _check_audience(claims: Mapping[str, Any], expected: str) -> None:
    """Raise Unauthorized unless the token is for us.

    Cognito's access tokens carry ``client_id`` in place of ``aud``.
    """
    given = claims.get("aud")
    if given is None and claims.get("token_use") == "access":
        given = claims.get("client_id")
    if expected not in (given if isinstance(given, list) else [given]):
        message = "the token is not valid: it is meant for another audience"
        raise Unauthorized(message)


def caller_of(claims: Mapping[str, Any], org_claim: str = "org") -> Caller:
    """Return the caller that verified claims describe. Raises Unauthorized."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject:
        message = "the token is not valid: the claim sub is missing"
        raise Unauthorized(message)
    return Caller(
        subject=subject,
        org=_org(claims.get(org_claim), org_claim),
        groups=_groups(claims),
        email=_email(claims),
    )


def _org(value: object, claim: str) -> str | None:
    """Return the organisation: a prefix of ids, so it may hold neither a colon nor a slash."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not _ORG.fullmatch(value):
        message = (
            f"the token is not valid: the claim {claim} must be 1 to 100 letters, digits, "
            "'_', '.' or '-'"
        )
        raise Unauthorized(message)
    return value


def _groups(claims: Mapping[str, Any]) -> frozenset[str]:
    found: set[str] = set()
    for name in ("groups", "cognito:groups"):
        value = claims.get(name) or ()
        members = [value] if isinstance(value, str) else value
        if not isinstance(members, list | tuple):
            message = f"the token is not valid: the claim {name} must be a list of strings"
            raise Unauthorized(message)
        found.update(member for member in members if isinstance(member, str) and member)
    return frozenset(found)


def _email(claims: Mapping[str, Any]) -> str | None:
    """Return the e-mail address, unless the issuer says that nobody has verified it."""
    value = claims.get("email")
    verified = claims.get("email_verified", True) in {True, "true"}
    return value if isinstance(value, str) and value and verified else None
