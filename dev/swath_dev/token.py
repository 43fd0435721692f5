"""The local issuer: a key made once per state folder, and the tokens that it signs."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

ISSUER = "https://issuer.swath.local"
AUDIENCE = "swath"
KEY_ID = "local"
_DAY = 86_400


def issuer_key(state: Path) -> ec.EllipticCurvePrivateKey:
    """Return the state folder's signing key (P-256), made on first use; only its owner reads it."""
    path = state / "issuer.pem"
    if not path.exists():
        state.mkdir(parents=True, exist_ok=True)
        pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
    path.chmod(0o600)  # also of a folder that was copied or restored
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        message = f"{path} holds no elliptic-curve key"
        raise TypeError(message)
    return key


def trusted_keys(state: Path) -> str:
    """Return the local issuer's public keys as a JSON Web Key Set: the parameter TrustedKeys."""
    public = jwt.algorithms.ECAlgorithm.to_jwk(issuer_key(state).public_key(), as_dict=True)
    key = {**public, "kid": KEY_ID, "use": "sig", "alg": "ES256"}
    return json.dumps({"keys": [key]}, separators=(",", ":"))


def make_token(
    state: Path,
    *,
    org: str | None = "acme",
    subject: str = "developer",
    groups: Sequence[str] = (),
    email: str | None = None,
    days: float = 30,
) -> str:
    """Return a signed token of the local issuer.

    Without an org the caller belongs to none. Published clients refuse tokens without an expiry
    and drop those that end within minutes, so a token lives for days.
    """
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": subject,
        # where newer published clients look for the id that older ones compute themselves
        "userid": hashlib.sha1(subject.encode(), usedforsecurity=False).hexdigest(),
        "email": email or f"{subject}@{org or 'example'}.example",
        "groups": list(groups),
        "iat": now,
        "exp": now + int(days * _DAY),
    }
    if org:
        claims["org"] = org
    return jwt.encode(claims, issuer_key(state), algorithm="ES256", headers={"kid": KEY_ID})
