"""The record of an upload: what was declared, what arrived, what happened; keys of its files.

The data bucket awaits the files of uploads under ``uploads/ID/INDEX/NAME``.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any
from urllib.parse import quote

from swath_core.documents import Document

FINAL = frozenset({"success", "failure", "canceled"})
MOST_EVENTS = 200
UPLOADS = "uploads/"
_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Event:
    """One line of an upload's log. ``component`` is the part of the service that wrote it."""

    id: str
    event_datetime: str
    component: str
    component_id: str
    event_type: str
    severity: str
    message: str

    def to_document(self) -> Document:
        """Return the event as a document of the contract."""
        values = asdict(self)
        return Document("image_upload_event", values.pop("id"), values, version=1)


@dataclass(frozen=True, slots=True)
class Part:
    """One file of an upload: where it is awaited, and which version of it arrived.

    ``name`` is what the user calls the file. ``sequencer`` orders the versions of one key;
    ``etag`` is empty until the file has arrived.
    """

    key: str
    name: str
    etag: str = ""
    size: int = 0
    sequencer: str = ""

    @property
    def arrived(self) -> bool:
        """Whether the file is there."""
        return bool(self.etag)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one attempt to work on an upload, until it stops renewing it."""

    token: str
    until: str


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload, whole. Instances never change: the state machine returns new ones.

    ``declared_by`` is the caller who declared it (:meth:`swath_core.access.Caller.to_json`), or
    None for what came by another way. ``image`` are the attributes that the image was declared
    with. ``door`` names the way by which the files come in; ``keep_failed_seconds`` is how long
    they stay after a failure. ``companions`` are further objects of the drop folder, such as the
    sidecar; ``multipart`` are the ids of uploads in parts, by key.

    ``runner`` is the component (the message of the queue) that began the last attempt.
    ``taken_over`` tells that an earlier one may be writing yet, unaware that it lost its lease.
    ``outputs`` are the prefixes below which attempts have written COGs, the last one's last.
    ``replaced`` are keys of an earlier image's files, which go once nobody can be reading them.
    ``due`` is when the sweep must look at the upload, or None. ``awaits_product`` tells of a
    failure for want of a product with bands: it is taken up once there is one, until ``due``.
    """

    id: str
    product_id: str
    image_id: str
    user: str
    status: str
    options: dict[str, Any]
    image: dict[str, Any]
    parts: tuple[Part, ...]
    created: str
    modified: str
    declared_by: dict[str, Any] | None = None
    door: str = "url"
    keep_failed_seconds: int = 0
    companions: tuple[Part, ...] = ()
    events: tuple[Event, ...] = ()
    lease: Lease | None = None
    runner: str = ""
    attempts: int = 0
    outputs: tuple[str, ...] = ()
    taken_over: bool = False
    replaced: tuple[str, ...] = ()
    due: str | None = None
    awaits_product: bool = False
    multipart: dict[str, str] = field(default_factory=dict)
    version: int = 0

    @property
    def is_final(self) -> bool:
        """Whether nothing can change the outcome any more."""
        return self.status in FINAL

    @property
    def is_complete(self) -> bool:
        """Whether every declared file has arrived."""
        return all(part.arrived for part in self.parts)

    def to_document(self, urls: list[str] | None = None) -> Document:
        """Return the upload as the contract shows it, with the URLs to PUT its files to."""
        attributes: dict[str, Any] = {
            "product_id": self.product_id,
            "image_id": self.image_id,
            "user": self.user,
            "status": self.status,
            "image_upload_options": self.options,
            "created": self.created,
            "modified": self.modified,
        }
        if urls is not None:
            attributes["resumable_urls"] = urls
        return Document("image_upload", self.id, attributes, self.version)

    def event_documents(self) -> list[Document]:
        """Return the log as documents of the contract, oldest first."""
        return [event.to_document() for event in self.events]

    def to_json(self) -> dict[str, Any]:
        """Return what is stored of the upload, beside its keys, version and lease."""
        values = asdict(replace(self, lease=None))
        for name in ("id", "product_id", "created", "version", "lease", "due"):
            del values[name]
        return values

    @classmethod
    def from_json(cls, values: dict[str, Any], **keys: Any) -> Upload:
        """Return the upload that :meth:`to_json` stored, with its keys."""
        return cls(
            **values
            | {
                "parts": tuple(Part(**part) for part in values["parts"]),
                "events": tuple(Event(**event) for event in values["events"]),
                "companions": tuple(Part(**part) for part in values["companions"]),
                "replaced": tuple(values["replaced"]),
                "outputs": _prefixes(values["outputs"]),
            },
            **keys,
        )


def _prefixes(stored: list[str] | str | None) -> tuple[str, ...]:
    """Return prefixes as they are stored; records of old hold one for all attempts, or none."""
    return (stored,) if isinstance(stored, str) else tuple(stored or ())


# ---- keys of its files


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
