"""Keys of the data bucket: how uploads, drops and images are laid out, and read back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from urllib.parse import quote, unquote

UPLOADS = "uploads/"
DROP = "drop/"
_LONGEST_NAME = 120


def upload_prefix(upload_id: str) -> str:
    """Return the prefix of all files of an upload."""
    return f"{UPLOADS}{upload_id}/"


def upload_key(upload_id: str, index: int, name: str) -> str:
    """Return where file ``index`` of an upload is awaited: ``uploads/ID/INDEX/NAME``."""
    return f"{upload_prefix(upload_id)}{index}/{safe_name(name)}"


def parse_upload_key(key: str) -> tuple[str, int] | None:
    """Return the upload's id and the file's index of a key, or None for any other key."""
    parts = key.removeprefix(UPLOADS).split("/")
    if not key.startswith(UPLOADS) or len(parts) != 3 or not parts[1].isdecimal():  # noqa: PLR2004
        return None
    return parts[0], int(parts[1])


def base_name(path: str) -> str:
    """Return the last part of a path as any system writes it."""
    name = PureWindowsPath(path).name if "\\" in path else PurePosixPath(path).name
    return name or "file"


def safe_name(path: str) -> str:
    """Return the last part of a path as it can stand in a key, percent-encoded."""
    return quote(base_name(path), safe="-_.")[-_LONGEST_NAME:].lstrip("%") or "file"


def cog_name(name: str, index: int, count: int, image_name: str, *, is_array: bool) -> str:
    """Return the file name of a COG: what its source was called, or the image for an array."""
    stem = image_name if is_array else safe_name(name).rpartition(".")[0] or safe_name(name)
    number = f"-{index}" if is_array and count > 1 else ""
    return f"{stem[-_LONGEST_NAME:].lstrip('%')}{number}.tif"


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
    def document_key(self) -> str:
        """The key of the sidecar or manifest."""
        return f"{self.prefix}.json"


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
