"""Keys of the drop folder, read back."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

DROP = "drop/"


@dataclass(frozen=True, slots=True)
class DropKey:
    """A key of the drop folder: ``drop/ORG/PRODUCT/NAME.EXT`` or ``drop/ORG/PRODUCT/NAME/FILE``.

    ``extension`` is in lower case, without the dot; ``folder`` tells the second form.
    """

    key: str
    org: str
    product: str
    name: str
    extension: str
    folder: bool

    @property
    def product_id(self) -> str:
        """The id of the product."""
        return f"{unquote(self.org)}:{unquote(self.product)}"

    @property
    def image_id(self) -> str:
        """The id of the image."""
        return f"{self.product_id}:{self.name}"

    @property
    def prefix(self) -> str:
        """The key without its extension (or file): what sidecar and manifest share with it."""
        return f"{DROP}{self.org}/{self.product}/{self.name}"

    @property
    def document_keys(self) -> tuple[str, ...]:
        """The keys that the sidecar or manifest may have: its own, first, where this is it."""
        usual = (f"{self.prefix}.json", f"{self.prefix}.JSON")
        return tuple(dict.fromkeys((self.key, *usual))) if self.extension == "json" else usual


def parse_drop_key(key: str) -> DropKey | None:
    """Return the parts of a key of the drop folder, or None where it names no product."""
    parts = key.removeprefix(DROP).split("/")
    if not key.startswith(DROP) or len(parts) < 3 or not all(parts):  # noqa: PLR2004
        return None
    org, product, rest = parts[0], parts[1], parts[2:]
    if len(rest) > 1:
        return DropKey(key, org, product, rest[0], "", folder=True)
    name, _, extension = rest[0].rpartition(".")
    return DropKey(key, org, product, name or rest[0], extension.lower(), folder=False)
