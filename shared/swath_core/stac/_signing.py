"""Addresses that open without a token, for a while: made on request, never stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from swath_core import times

from ._extensions import bare, extensions_of
from ._links import Addresses

if TYPE_CHECKING:
    from collections.abc import Callable

    from swath_core.access import Caller
    from swath_core.store.objects import Objects

SECONDS = 3_600
"""How long such addresses are good for: those of files, if the credentials that sign them last so
long."""
SCHEME = "signed"
TOKEN = "token"  # noqa: S105 - a parameter's name
MEMBERS = ("expires", "auth:refs")
"""What an asset with such an address has besides."""


class Signer:
    """Signs the addresses of the files of one answer."""

    def __init__(self, objects: Objects, bucket: str) -> None:
        from swath_core.store.s3 import signed_for  # noqa: PLC0415 - boto3, only to sign

        self._objects = objects
        self._own = f"s3://{bucket}/"
        self.expires = _until(signed_for(SECONDS))

    def url(self, href: str, method: str = "GET") -> str:
        """Return where a file of the catalog's can be read with a method, GET or HEAD."""
        return self._objects.get_url(href.removeprefix(self._own), SECONDS, method)


@dataclass(frozen=True)
class ItemSigner:
    """Lays over items what opens without a token: their own files, and what raster draws of them.

    ``key`` returns the catalog's, which seals the tickets with which pictures are drawn.
    """

    signer: Signer
    caller: Caller
    key: Callable[[], bytes]
    addresses: Addresses

    def signed(self, item: dict[str, Any], image_id: str, own: Mapping[str, str]) -> dict[str, Any]:
        """Return the item of an image; ``own`` are the catalog's files by their assets' keys."""
        ticket, pictures = self._ticket(image_id), self.addresses.pictures("images", image_id)
        assets = dict(item["assets"])
        for key, asset in assets.items():
            if key in own:
                expires, href = self.signer.expires, self.signer.url(own[key])
            elif asset["href"].startswith(pictures):
                expires, href = self._expires, _with(asset["href"], ticket)
            else:
                continue
            assets[key] = {**asset, "href": href, "expires": expires, "auth:refs": [SCHEME]}
        links = [
            {**each, "href": _with(each["href"], ticket), "auth:refs": [SCHEME]}
            if each["href"].startswith(pictures)
            else each
            for each in item["links"]
        ]
        schemes = item["properties"].get("auth:schemes")
        others = schemes if isinstance(schemes, dict) else {}
        properties = {
            **item["properties"],
            "auth:schemes": {**others, SCHEME: _scheme(item["links"][0]["href"])},
        }
        listed = item["stac_extensions"]
        named = set(map(bare, listed))
        used = extensions_of(properties, assets.values(), links)
        return {
            **item,
            "properties": properties,
            "assets": assets,
            "links": links,
            "stac_extensions": listed + [each for each in used if bare(each) not in named],
        }

    @cached_property
    def _expires(self) -> str:
        return _until(SECONDS)

    def _ticket(self, image_id: str) -> str:
        from swath_core.access.tickets import issue_ticket  # noqa: PLC0415 - only to sign

        return issue_ticket(self.caller, f"image:{image_id}", self.key(), seconds=SECONDS)


def _until(seconds: int) -> str:
    return times.format_timestamp(datetime.now(UTC) + timedelta(seconds=seconds))


def _with(address: str, ticket: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}{TOKEN}={ticket}"


def _scheme(item: str) -> dict[str, Any]:
    """Return how to get such addresses anew."""
    flow = {"method": "GET", "authorizationApi": f"{item}?sign=true"}
    return {
        "type": "signedUrl",
        "description": "Addresses that expire; ask for the item again to get new ones.",
        "flows": {"authorizationCode": flow},
    }
