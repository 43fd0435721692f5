"""The environment of a function, parsed once into a typed model."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

_PREFIX = "SWATH_"


class MisconfiguredError(RuntimeError):
    """The function's environment lacks something that it cannot run without."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Names of the deployed resources and the rules of authentication.

    ``trusted_keys`` is a JSON Web Key Set given inline, for an issuer that publishes none;
    where it is None the keys are read from the issuer's ``/.well-known/jwks.json``.
    ``public_url`` is the API's address as callers see it, up to where its paths begin.
    ``requests_per_minute`` is what one caller may ask at most; 0 is no limit. ``anonymous`` lets
    callers without a token read what ``group:public`` may read. ``remote_buckets`` are those of
    others whose files may be read, ``requester_pays`` those for which this account pays.
    ``mirror_from`` is the number of postings from which on a query reads files of the mirror; 0 is
    what the search takes it to be.
    ``client_id`` is that of the explorer at the issuer: where it is empty the page takes pasted
    tokens only. ``sign_in_url`` is where browsers find the issuer, if that is not the issuer
    itself; ``sign_in_origins`` are those that it answers from, too. ``label_tiles`` is the address
    of tiles with names of places for the explorer's map, ``label_attribution`` says whose they are.
    """

    catalog_table: str
    images_table: str
    postings_table: str
    uploads_table: str
    rollups_table: str
    data_bucket: str
    results_bucket: str
    mirror_bucket: str
    event_bus: str
    tasks_queue_url: str
    ingest_queue_url: str
    ingest_dead_letters_url: str
    tasks_dead_letters_url: str
    issuer: str
    audience: str
    org_claim: str = "org"
    trusted_keys: dict[str, Any] | None = None
    public_url: str = ""
    requests_per_minute: int = 0
    anonymous: bool = False
    remote_buckets: tuple[str, ...] = ()
    requester_pays: tuple[str, ...] = ()
    mirror_from: int = 0
    client_id: str = ""
    sign_in_url: str = ""
    sign_in_scope: str = "openid"
    sign_in_origins: tuple[str, ...] = ()
    label_tiles: str = ""
    label_attribution: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Return the settings that the environment holds.

        A function is given only what it may use: what is not there is empty, and whoever needs
        it calls :meth:`need`. Raises MisconfiguredError where the inline keys are not JSON.
        """

        def read(name: str) -> str:
            return environment.get(_PREFIX + name.upper(), "")

        def listed(name: str) -> tuple[str, ...]:
            return tuple(filter(None, map(str.strip, read(name).split(","))))

        return cls(
            catalog_table=read("catalog_table"),
            images_table=read("images_table"),
            postings_table=read("postings_table"),
            uploads_table=read("uploads_table"),
            rollups_table=read("rollups_table"),
            data_bucket=read("data_bucket"),
            results_bucket=read("results_bucket"),
            mirror_bucket=read("mirror_bucket"),
            event_bus=read("event_bus"),
            tasks_queue_url=read("tasks_queue_url"),
            ingest_queue_url=read("ingest_queue_url"),
            ingest_dead_letters_url=read("ingest_dead_letters_url"),
            tasks_dead_letters_url=read("tasks_dead_letters_url"),
            issuer=read("issuer"),
            audience=read("audience"),
            org_claim=read("org_claim") or "org",
            trusted_keys=_keys(read("trusted_keys")),
            public_url=read("public_url"),
            requests_per_minute=int(read("requests_per_minute") or 0),
            anonymous=read("anonymous") == "true",
            remote_buckets=listed("remote_buckets"),
            requester_pays=listed("requester_pays"),
            mirror_from=int(read("mirror_from") or 0),
            client_id=read("client_id"),
            sign_in_url=read("sign_in_url"),
            sign_in_scope=read("sign_in_scope") or "openid",
            sign_in_origins=listed("sign_in_origins"),
            label_tiles=read("label_tiles"),
            label_attribution=read("label_attribution"),
        )

    def need(self, name: str) -> str:
        """Return the setting of that name. Raises MisconfiguredError where it is empty."""
        value = getattr(self, name)
        if not value:
            message = f"the environment variable {_PREFIX}{name.upper()} is not set"
            raise MisconfiguredError(message)
        return str(value)


def _keys(text: str) -> dict[str, Any] | None:
    if not text.strip():
        return None
    try:
        keys = json.loads(text)
    except ValueError as error:
        message = f"{_PREFIX}TRUSTED_KEYS is not JSON: {error}"
        raise MisconfiguredError(message) from error
    if not isinstance(keys, dict) or not isinstance(keys.get("keys"), list):
        message = f'{_PREFIX}TRUSTED_KEYS is not a JSON Web Key Set ({{"keys": [...]}})'
        raise MisconfiguredError(message)
    return keys


@cache
def settings() -> Settings:
    """Return the settings of this process."""
    return Settings.from_environment()
