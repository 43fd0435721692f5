"""Tokens: what is accepted, and above all what is not."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import replace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from swath_core.access import Caller, authenticate
from swath_core.access._tokens import (
    KEEP_SECONDS,
    ROTATION_SECONDS,
    STALE_SECONDS,
    KeysUnavailableError,
    PublishedKeys,
    fetch_json,
)
from swath_core.errors import Unauthorized
from swath_core.settings import MisconfiguredError, Settings
from swath_dev.inprocess import AUDIENCE, ISSUER, Issuer

OURS = Issuer()
OTHERS = Issuer()
SETTINGS = replace(
    Settings.from_environment({"SWATH_ISSUER": ISSUER, "SWATH_AUDIENCE": AUDIENCE}),
    trusted_keys=OURS.key_set,
)


def caller(settings: Settings = SETTINGS, **claims: Any) -> Caller:
    return authenticate(f"Bearer {OURS.token(**claims)}", settings)


def test_identity_comes_from_the_claims() -> None:
    found = caller(sub="s", org="o", groups=["a", "o:b"], email="A@B.example")
    assert found == Caller("s", "o", frozenset({"a", "o:b"}), "A@B.example")
    assert found.namespace == "o"
    assert caller(org=None).namespace == caller().user


def test_cognito_tokens() -> None:
    settings = replace(SETTINGS, org_claim="custom:org")
    claims: dict[str, Any] = {"custom:org": "blue", "cognito:groups": ["g"], "org": "red"}
    found = caller(settings, **claims)
    assert (found.org, found.groups) == ("blue", frozenset({"g"}))
    access: dict[str, Any] = {"aud": None, "client_id": AUDIENCE, "token_use": "access"}
    assert caller(**access).subject == "alice"
    with pytest.raises(Unauthorized):
        caller(**access | {"token_use": "id"})
    with pytest.raises(Unauthorized):
        caller(**access | {"client_id": "another"})


def test_an_address_that_nobody_verified_is_no_identity() -> None:
    assert caller(email="a@b.example", email_verified=True).email == "a@b.example"
    assert caller(email="a@b.example", email_verified="true").email == "a@b.example"
    assert caller(email="a@b.example", email_verified=False).email is None
    assert caller(email="a@b.example", email_verified="false").email is None


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 1_700_000_000},
        {"exp": None},
        {"exp": "soon"},
        {"nbf": 4_000_000_000},
        {"nbf": "now"},
        {"nbf": [0]},
        {"nbf": True},
        {"aud": "another"},
        {"aud": None},
        {"aud": ["another"]},
        {"iss": "https://another.example"},
        {"iss": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"org": "a:b"},
        {"org": "a/b"},
        {"org": ["a"]},
        {"org": "x" * 101},
        {"groups": 7},
    ],
    ids=str,
)
def test_refused_claims(claims: dict[str, Any]) -> None:
    with pytest.raises(Unauthorized):
        caller(**claims)


def test_an_issuer_whose_clock_is_ahead() -> None:
    """Clocks may be five minutes apart; a token that has ended has ended all the same."""
    now = time.time()
    assert caller(nbf=now + 290, iat=now + 290).subject == "alice"
    with pytest.raises(Unauthorized, match="not valid yet"):
        caller(nbf=now + 330)
    with pytest.raises(Unauthorized, match="expired"):
        caller(exp=now - 30)


def test_an_audience_among_several() -> None:
    assert caller(aud=["x", AUDIENCE]).subject == "alice"


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic abc", "Bearer x", "Bearer a.b.c", "Bearer é"]
)
def test_refused_headers(header: str | None) -> None:
    with pytest.raises(Unauthorized):
        authenticate(header, SETTINGS)


def test_the_longest_token() -> None:
    with pytest.raises(Unauthorized, match="longer than"):
        authenticate("Bearer " + "x" * 20_000, SETTINGS)


def claims() -> dict[str, Any]:
    return {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "exp": int(time.time()) + 600}


def unsigned() -> str:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none', 'kid': 'test'})}.{part(claims())}."


def signed(**claims: str) -> str:
    """Return a header with a token of the issuer's whose claims are any JSON text."""
    now = int(time.time())
    usual: dict[str, Any] = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "exp": now + 600}
    texts = {name: json.dumps(value) for name, value in usual.items()} | claims
    body = "{" + ", ".join(f"{json.dumps(name)}: {text}" for name, text in texts.items()) + "}"
    key = OURS._key
    return "Bearer " + jwt.api_jws.encode(body.encode(), key, "ES256", {"kid": "test"})


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("email_verified", "[]"),
        ("email_verified", "{}"),
        ("email_verified", "1"),
        ("email", '["a@b.example"]'),
        ("email", '"\\ud800@b.example"'),
        ("sub", '"\\ud800"'),
        ("sub", '"a\\u0000"'),
        ("sub", "[]"),
        ("groups", "1"),
        ("groups", '{"a": 1}'),
        ("org", "[]"),
        ("exp", "1e400"),
        ("exp", "9" * 5000),
        ("exp", "[]"),
        ("exp", "NaN"),
        ("nbf", "1e400"),
        ("nbf", "9" * 400),
        ("aud", "{}"),
        ("iss", "[]"),
        ("jti", "[" * 3000 + "]" * 3000),
    ],
)
def test_odd_claims_of_the_issuers_are_refused(claim: str, value: str) -> None:
    with pytest.raises(Unauthorized):
        authenticate(signed(**{claim: value}), SETTINGS)


@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
@pytest.mark.parametrize(
    "value",
    [
        "1" + "0" * 400, "-1" + "0" * 400, "1" + "0" * 20, "253402300800", "253402300799.5",
        "1e308", "1e400", "-1e400", "NaN", "Infinity", "-1", "-0.5", "true", '"4102444800"',
        "[4102444800]", '{"at": 1}', '""', "false",
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused(claim: str, value: str) -> None:
    with pytest.raises(Unauthorized, match="the token is not valid"):
        authenticate(signed(**{claim: value}), SETTINGS)


def test_times_may_have_fractions_and_lie_at_the_bounds() -> None:
    accepted = {"exp": "253402300799", "nbf": "0", "iat": f"{time.time():.3f}"}
    assert authenticate(signed(**accepted), SETTINGS).subject == "alice"
    assert authenticate(signed(nbf="-0", iat="null"), SETTINGS).subject == "alice"


def test_members_of_groups_that_are_no_names_are_passed_over() -> None:
    assert authenticate(signed(groups='[[], 1, "\\ud800", "g"]'), SETTINGS).groups == {"g"}


def test_nothing_but_the_issuers_own_signature() -> None:
    forged = [
        OTHERS.token(),
        OURS.token()[:-4] + "AAAA",
        unsigned(),
        jwt.encode(
            claims(),
            "a shared secret of enough bytes: 32 or more",
            "HS256",
            headers={"kid": "test"},
        ),
    ]
    for token in forged:
        with pytest.raises(Unauthorized):
            authenticate(f"Bearer {token}", SETTINGS)


def test_a_key_is_for_its_own_algorithm() -> None:
    """A token that names an RSA algorithm is not tried with an elliptic-curve key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    token = jwt.encode(claims(), pem, "RS256", headers={"kid": "test"})
    with pytest.raises(Unauthorized, match="not the issuer's"):
        authenticate(f"Bearer {token}", SETTINGS)


def test_an_rsa_issuer() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    keys = {"keys": [{**public, "kid": "r", "alg": "RS256", "use": "sig"}]}
    token = jwt.encode(claims(), key, "RS256", headers={"kid": "r"})
    assert authenticate(f"Bearer {token}", replace(SETTINGS, trusted_keys=keys)).org is None


@pytest.mark.parametrize("name", ["issuer", "audience"])
def test_a_missing_parameter_opens_nothing(name: str) -> None:
    closed: dict[str, Any] = {name: ""}
    with pytest.raises(MisconfiguredError):
        caller(replace(SETTINGS, **closed))


def test_no_keys_no_entry() -> None:
    with pytest.raises(Unauthorized):
        caller(replace(SETTINGS, trusted_keys={"keys": []}))
    encrypting = {"keys": [{**OURS.key_set["keys"][0], "use": "enc"}]}
    with pytest.raises(Unauthorized):
        caller(replace(SETTINGS, trusted_keys=encrypting))


class Web:
    """An issuer's web server with a clock."""

    def __init__(self, keys: dict[str, Any]) -> None:
        self.keys = keys
        self.asked: list[str] = []
        self.now = 0.0
        self.broken = False

    def fetch(self, url: str) -> Any:
        self.asked.append(url)
        if self.broken:
            raise OSError("no route")
        if url.endswith("openid-configuration"):
            return {"jwks_uri": f"{ISSUER}/keys"}
        return self.keys

    def clock(self) -> float:
        return self.now


def test_published_keys_are_kept_and_read_again_on_rotation() -> None:
    web = Web(OURS.key_set)
    keys = PublishedKeys(ISSUER, web.fetch, web.clock)
    assert keys.find("test") is not None
    assert web.asked == [f"{ISSUER}/.well-known/openid-configuration", f"{ISSUER}/keys"]
    assert keys.find("test") is not None
    assert keys.find("unknown") is None
    assert len(web.asked) == 2  # an unknown key id is no way to make us ask without end
    web.keys = {"keys": [{**OTHERS.key_set["keys"][0], "kid": "new"}]}
    web.now += ROTATION_SECONDS + 1
    assert keys.find("new") is not None
    assert keys.find("test") is None
    web.now += KEEP_SECONDS + 1
    keys.find("new")
    assert len(web.asked) == 6


def test_an_issuer_that_is_down_is_survived_for_a_day() -> None:
    web = Web(OURS.key_set)
    keys = PublishedKeys(ISSUER, web.fetch, web.clock)
    web.broken = True
    with pytest.raises(KeysUnavailableError):
        keys.find("test")
    web.broken = False
    assert keys.find("test") is not None
    web.broken = True
    web.now += STALE_SECONDS - 1
    assert keys.find("test") is not None
    web.now += ROTATION_SECONDS + 2
    with pytest.raises(KeysUnavailableError):
        keys.find("test")


def test_keys_are_fetched_over_https_only() -> None:
    for url in ("http://issuer.example/keys", "file:///etc/passwd", "ftp://x/y"):
        with pytest.raises(KeysUnavailableError):
            fetch_json(url)
