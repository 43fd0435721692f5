from __future__ import annotations

import json
import stat
from pathlib import Path

import jwt
import pytest

from swath_core.access import Caller
from swath_dev.token import AUDIENCE, ISSUER, issuer_key, make_token, trusted_keys


def claims_of(token: str, state: Path) -> dict[str, object]:
    keys = jwt.PyJWKSet.from_json(trusted_keys(state))
    key = keys[jwt.get_unverified_header(token)["kid"]]
    found: dict[str, object] = jwt.decode(
        token, key.key, algorithms=["ES256"], audience=AUDIENCE, issuer=ISSUER
    )
    return found


def test_tokens_verify_against_the_published_keys(tmp_path: Path) -> None:
    token = make_token(tmp_path, org="acme", subject="ann", groups=["field"])

    claims = claims_of(token, tmp_path)

    assert claims["org"] == "acme"
    assert claims["sub"] == "ann"
    assert claims["groups"] == ["field"]
    assert claims["email"] == "ann@acme.example"


def test_the_user_id_is_the_one_that_the_services_compute(tmp_path: Path) -> None:
    claims = claims_of(make_token(tmp_path, subject="ann"), tmp_path)

    assert claims["userid"] == Caller(subject="ann").user


def test_tokens_live_long_enough_for_published_clients(tmp_path: Path) -> None:
    claims = claims_of(make_token(tmp_path), tmp_path)

    assert claims["exp"] - claims["iat"] >= 86_400  # type: ignore[operator]


def test_a_caller_without_an_organisation_has_no_such_claim(tmp_path: Path) -> None:
    assert "org" not in claims_of(make_token(tmp_path, org=None), tmp_path)


def test_the_key_is_made_once_and_is_private(tmp_path: Path) -> None:
    first = trusted_keys(tmp_path)

    assert trusted_keys(tmp_path) == first
    assert stat.S_IMODE((tmp_path / "issuer.pem").stat().st_mode) == 0o600


def test_the_published_keys_hold_no_private_part(tmp_path: Path) -> None:
    (key,) = json.loads(trusted_keys(tmp_path))["keys"]

    assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}


def test_another_state_folder_has_another_key(tmp_path: Path) -> None:
    token = make_token(tmp_path / "one")

    with pytest.raises(jwt.InvalidSignatureError):
        claims_of(token, tmp_path / "two")


def test_a_foreign_key_file_is_refused(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519

    foreign = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (tmp_path / "issuer.pem").write_bytes(foreign)

    with pytest.raises(TypeError, match="elliptic-curve"):
        issuer_key(tmp_path)
