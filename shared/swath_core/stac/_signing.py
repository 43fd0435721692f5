"""Addresses of files that open without a token, for a while: made on request, never stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from swath_core import times

if TYPE_CHECKING:
    from swath_core.store.objects import Objects

SECONDS = 3_600
"""How long such addresses are signed for, if the credentials that sign them last so long."""
_SCHEME = "signed"


class Signer:
    """Signs the addresses of one answer."""

    def __init__(self, objects: Objects, bucket: str) -> None:
        from swath_core.store.s3 import signed_for  # noqa: PLC0415 - boto3, only to sign

        self._objects = objects
        self._own = f"s3://{bucket}/"
        hold = timedelta(seconds=signed_for(SECONDS))
        self._expires = times.format_timestamp(datetime.now(UTC) + hold)

    def url(self, href: str) -> str:
        """Return where a file of the catalog's can be read."""
        return self._objects.get_url(href.removeprefix(self._own), SECONDS)

    def members(self, href: str) -> dict[str, Any]:
        """Return the members of an asset that say where its file can be read, and until when."""
        return {"href": self.url(href), "expires": self._expires, "auth:refs": [_SCHEME]}

    @staticmethod
    def schemes(item: str) -> dict[str, Any]:
        """Return the item's property that says how to get such addresses anew."""
        flow = {"method": "GET", "authorizationApi": f"{item}?sign=true"}
        described = "Addresses that expire; ask for the item again to get new ones."
        return {
            "auth:schemes": {
                _SCHEME: {
                    "type": "signedUrl",
                    "description": described,
                    "flows": {"authorizationCode": flow},
                }
            }
        }
