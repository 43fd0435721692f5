"""Keys under which the data bucket awaits the files of uploads: ``uploads/ID/INDEX/NAME``."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath
from urllib.parse import quote

UPLOADS = "uploads/"
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
