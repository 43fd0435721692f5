"""Files that lie elsewhere: those in buckets that the operator listed may be read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from swath_core.settings import Settings

_ENDPOINT = r"s3(?:[.-](?:dualstack\.)?[a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?"
_FORMS = (
    re.compile(r"(?P<scheme>s3)://(?P<bucket>[^/]+)/(?P<key>.+)", re.DOTALL),
    re.compile(rf"https://(?P<bucket>[a-z0-9.-]+)\.{_ENDPOINT}/(?P<key>.+)", re.DOTALL),
    re.compile(rf"https://{_ENDPOINT}/(?P<bucket>[^/]+)/(?P<key>.+)", re.DOTALL),
)
"""An object's address: S3's own, and both styles of its HTTPS endpoints (Amazon S3 user guide,
"Methods for accessing a bucket")."""
_UNSAFE = re.compile(r"[\x00-\x1f\x7f?#\\]")
_GEOTIFF = (".tif", ".tiff")


@dataclass(frozen=True, slots=True)
class RemoteBuckets:
    """Buckets of others whose GeoTIFFs may be read for whoever may write an image; none at first.

    Never the catalog's own: there, files are read for those only who may read their images.
    ``paid`` are those whose readers pay.
    """

    names: frozenset[str] = frozenset()
    paid: frozenset[str] = frozenset()

    @classmethod
    def of(cls, where: Settings) -> RemoteBuckets:
        """Return those that the settings list."""
        own = {where.data_bucket, where.results_bucket}
        names = frozenset(where.remote_buckets) - own
        return cls(names, names & frozenset(where.requester_pays))

    def place(self, href: Any) -> tuple[str, str] | None:
        """Return the bucket and the key that an address means, None where it may not be read."""
        if not isinstance(href, str):
            return None
        found = next((match for form in _FORMS if (match := form.fullmatch(href))), None)
        if found is None or found["bucket"] not in self.names:
            return None
        is_url = "scheme" not in found.re.groupindex
        if is_url and _UNSAFE.search(found["key"]):
            return None
        key = unquote(found["key"]) if is_url else found["key"]
        is_plain = not _UNSAFE.search(key) and {".", "..", ""}.isdisjoint(key.split("/"))
        return (found["bucket"], key) if is_plain and key.lower().endswith(_GEOTIFF) else None

    def hold(self, file: dict[str, Any]) -> bool:
        """Return whether a file of an image may be read where it lies."""
        return self.place(remote_href(file)) is not None


def remote_href(file: dict[str, Any]) -> Any:
    """Return the address of a file that lies elsewhere."""
    return file.get("href") or file.get("provider_href")
