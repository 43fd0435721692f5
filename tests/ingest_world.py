"""A world for ingest tests: bucket, tables, catalog, bus in memory, strict as the real ones."""

from __future__ import annotations

import atexit
import hashlib
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.enums import ColorInterp
from rasterio.transform import from_origin

from swath_core.catalog import ImageWriter, SavedImage, owned_keys
from swath_core.catalog._image_rules import new_attributes
from swath_core.documents import Document, StoredImage, StoredProduct
from swath_core.errors import Conflict
from swath_core.ingest import IngestContext, ObjectCreated, ingest
from swath_core.pixels import DecoderProcess, FileResult, FileTask
from swath_core.store.awaited import Awaited, AwaitedProducts
from swath_core.store.bus import Bus
from swath_core.store.catalog import CatalogStore
from swath_core.store.objects import Found, ObjectGone, Objects
from swath_core.store.outbox import Note
from swath_core.store.requests import Changes, ConditionError
from swath_core.times import format_timestamp, parse_timestamp
from swath_core.uploads import Lease, Part, StaleUpload, Upload, UploadStore, upload_key
from swath_core.uploads._record import base_name
from swath_core.uploads._store import sweep_delay

if TYPE_CHECKING:
    from pynamodb.transactions import TransactWrite

BUCKET = "data"
PRODUCT = "acme:scenes"
ACQUIRED = "2020-05-01T10:20:30.000000Z"


class Clock:
    """A clock that only the test moves."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> str:
        return format_timestamp(self.moment)

    def pass_(self, **span: float) -> None:
        self.moment += timedelta(**span)


class MemoryUploads(UploadStore):
    """The upload store: the same conditions, under one lock."""

    def __init__(self) -> None:
        self.items: dict[str, Upload] = {}
        self.sweep_failures: dict[str, tuple[int, int]] = {}
        self.lock = threading.RLock()

    def get(self, upload_id: str) -> Upload | None:
        with self.lock:
            return self.items.get(upload_id)

    def create(self, upload: Upload) -> Upload:
        with self.lock:
            if upload.id in self.items:
                raise StaleUpload(upload.id)
            self.items[upload.id] = replace(upload, version=1)
            return self.items[upload.id]

    def save(self, upload: Upload, previous: Upload, holder: str | None = None) -> Upload:
        with self.lock:
            stored = self.items.get(upload.id)
            if stored is None or stored.version != previous.version:
                raise StaleUpload(upload.id)
            foreign = previous.lease is not None and previous.lease.token != holder
            if foreign and stored.lease != previous.lease:
                raise StaleUpload(upload.id)
            self.items[upload.id] = replace(upload, version=previous.version + 1)
            return self.items[upload.id]

    def renew(self, upload: Upload, lease: Lease) -> bool:
        with self.lock:
            stored = self.items.get(upload.id)
            if stored is None or stored.lease is None or stored.lease.token != lease.token:
                return False
            self.items[upload.id] = replace(stored, lease=lease)
            return True

    def lease_check(self, upload_id: str, token: str) -> Changes:
        def check(_: object) -> None:
            lease = self.items[upload_id].lease
            if lease is None or lease.token != token:
                raise ConditionError

        return check

    def postpone(self, upload_id: str, now: str) -> int:
        with self.lock:
            stored = self.items[upload_id]
            failures = self.sweep_failures.get(upload_id, (0, 0))[1] if self._failed(stored) else 0
            later = format_timestamp(parse_timestamp(now) + sweep_delay(failures + 1))
            self.items[upload_id] = replace(stored, due=later)
            self.sweep_failures[upload_id] = (stored.version, failures + 1)
            return failures + 1

    def _failed(self, stored: Upload) -> bool:
        return self.sweep_failures.get(stored.id, (0, 0))[0] == stored.version

    def of_product(self, product_id: str) -> Iterator[Upload]:
        with self.lock:
            found = [upload for upload in self.items.values() if upload.product_id == product_id]
        return iter(sorted(found, key=lambda each: each.created, reverse=True))

    def due(self, now: str, limit: int = 200) -> list[str]:
        with self.lock:
            found = [upload for upload in self.items.values() if upload.due and upload.due <= now]
            return [upload.id for upload in sorted(found, key=lambda each: str(each.due))][:limit]


class MemoryObjects(Objects):
    """The bucket: whole objects by key, ETags as S3 makes them for single PUTs."""

    bucket = BUCKET

    def __init__(self, clock: Clock) -> None:
        self.content: dict[str, bytes] = {}
        self.modified: dict[str, str] = {}
        self.lock = threading.RLock()
        self.clock = clock

    def put(self, key: str, body: bytes) -> Found:
        with self.lock:
            self.content[key] = body
            self.modified[key] = self.clock()[:19] + "Z"
            found = self.head(key)
            assert found is not None
            return found

    def href(self, key: str) -> str:
        return f"s3://{self.bucket}/{key}"

    def head(self, key: str) -> Found | None:
        with self.lock:
            body = self.content.get(key)
            if body is None:
                return None
            etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
            return Found(key, etag, len(body), self.modified[key])

    def _version(self, key: str, etag: str) -> bytes:
        with self.lock:
            found = self.head(key)
            if found is None or found.etag != etag:
                raise ObjectGone(key)
            return self.content[key]

    def read(self, key: str, most: int) -> bytes:
        with self.lock:
            if key not in self.content:
                raise ObjectGone(key)
            return self.content[key][: most + 1]

    def download(self, key: str, etag: str, size: int, target: Path) -> None:
        target.write_bytes(self._version(key, etag))

    def upload(self, source: Path, key: str) -> None:
        self.put(key, source.read_bytes())

    def copy(self, source: str, etag: str, target: str) -> None:
        self.put(target, self._version(source, etag))

    def delete(self, keys: Sequence[str]) -> None:
        with self.lock:
            for key in keys:
                self.content.pop(key, None)

    def delete_version(self, key: str, etag: str) -> None:
        with self.lock:
            found = self.head(key)
            if found is not None and found.etag == etag:
                del self.content[key]

    def under(self, prefix: str) -> Iterator[Found]:
        with self.lock:
            keys = sorted(key for key in self.content if key.startswith(prefix))
        for key in keys:
            found = self.head(key)
            if found is not None:
                yield found

    def abort_parts(self, key: str, upload: str) -> None:
        return


class MemoryImages(ImageWriter):
    """The image catalog: one document per id, replays told by their request."""

    def __init__(self) -> None:
        self.items: dict[str, Document] = {}
        self.notes: list[Note] = []
        self.closings: dict[str, int] = {}
        self.clock = Clock()
        self.objects: MemoryObjects | None = None
        self.writes = 0
        self.lock = threading.RLock()

    def get(self, image_id: str) -> StoredImage | None:
        with self.lock:
            found = self.items.get(image_id)
        if found is None:
            return None
        values = found.attributes, found.version, found.request
        return StoredImage("image", found.id, *values, indexed=found.version)

    def replace(
        self,
        attributes: Mapping[str, Any],
        product: Document,
        *,
        request: str | None = None,
        expected_version: int | None = None,
        guard: Changes | None = None,
        keep: timedelta = timedelta(0),
    ) -> SavedImage:
        values = new_attributes(attributes, product, BUCKET)
        image_id = f"{values['product_id']}:{values['name']}"
        with self.lock:
            stored = self.items.get(image_id)
            if stored is not None and stored.request == request:
                return SavedImage.of(stored)
            if expected_version is not None and expected_version != (stored or _NONE).version:
                raise Conflict(image_id)
            if guard is not None:
                _check(guard, image_id)
            self._dropped(stored, values, keep)
            version = (stored or _NONE).version + 1
            self.items[image_id] = Document("image", image_id, values, version, request)
            self.writes += 1
            return SavedImage.of(self.items[image_id])

    def _dropped(self, stored: Document | None, values: dict[str, Any], keep: timedelta) -> None:
        """Note what the image has no more, as the transaction does."""
        after = Document("image", "", values)
        dropped = owned_keys(stored, BUCKET) - owned_keys(after, BUCKET)
        if stored is not None and dropped:
            due = format_timestamp(self.clock.moment + keep)
            self.notes.append(Note(stored.id, tuple(sorted(dropped)), due, "", str(self.writes)))

    def permit(self, product_id: str) -> Changes:
        """Return the condition that nobody has closed the product since."""
        known = self.closings.get(product_id, 0)

        def check(_: object) -> None:
            if self.closings.get(product_id, 0) != known:
                raise ConditionError

        return check

    def clear(self, note: Note | None) -> None:
        with self.lock:
            if note is not None and self.objects is not None:
                kept = owned_keys(self.items.get(note.image_id), BUCKET)
                self.objects.delete(sorted(set(note.keys) - kept))
                self.notes.remove(note)

    def postpone(self, note: Note, span: timedelta) -> None:
        with self.lock:
            self.notes.remove(note)
            due = format_timestamp(self.clock.moment + span)
            self.notes.append(replace(note, due=due))

    def unreachable(self, moment: str, limit: int) -> list[Note]:
        with self.lock:
            return [note for note in self.notes if note.due <= moment][:limit]


_NONE = Document("image", "", {}, 0)


def _check(guard: Changes, image_id: str) -> None:
    """Try the condition that a transaction would have. Raises Conflict."""
    try:
        guard(cast("TransactWrite", None))
    except ConditionError as error:
        raise Conflict(image_id) from error


class MemoryProducts(CatalogStore):
    """Products and bands."""

    def __init__(self) -> None:
        self.items: dict[str, tuple[Document, list[Document]]] = {}

    def product_with_bands(self, product_id: str) -> tuple[StoredProduct, list[Document]] | None:
        product = self.product(product_id)
        return None if product is None else (product, self.items[product_id][1])

    def product(self, product_id: str) -> StoredProduct | None:
        entry = self.items.get(product_id)
        if entry is None:
            return None
        product = entry[0]
        return StoredProduct(product.kind, product.id, product.attributes, product.version)


class MemoryBus(Bus):
    """What was announced."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []

    def announce(self, kind: str, detail: dict[str, Any]) -> None:
        self.events.append((kind, detail))

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.events]


class MemoryAwaited(AwaitedProducts):
    """The products that drops wait for."""

    def __init__(self) -> None:
        self.items: dict[str, Awaited] = {}

    def put(self, awaited: Awaited) -> None:
        self.items[awaited.product_id] = awaited

    def listed(self, prefix: str = "") -> Iterator[Awaited]:
        listed = [self.items[key] for key in sorted(self.items) if key.startswith(prefix)]
        return iter(listed)

    def remove(self, awaited: Awaited) -> None:
        if self.items.get(awaited.product_id) == awaited:
            del self.items[awaited.product_id]


class SharedDecoder(DecoderProcess):
    """The decoder as it is deployed, in one process for all tests of a session.

    The drivers, the environment and the memory of that process are the function's: what GDAL does
    there and what it does in a test's own process are two things.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        atexit.register(self.close)

    def process(self, task: FileTask) -> FileResult:
        with self._lock:
            return super().process(task)


DECODER = SharedDecoder()


def band(
    name: str, index: int = 0, file: int = 0, data_type: str = "UInt16", **more: Any
) -> Document:
    attributes = {
        "name": name,
        "type": "spectral",
        "data_type": data_type,
        "band_index": index,
        "file_index": file,
        **more,
    }
    return Document("band", f"{PRODUCT}:{name}", attributes, 1)


@dataclass
class World:
    """Everything in memory, one product of one UInt16 band unless told otherwise."""

    clock: Clock = field(default_factory=Clock)
    uploads: MemoryUploads = field(default_factory=MemoryUploads)
    products: MemoryProducts = field(default_factory=MemoryProducts)
    images: MemoryImages = field(default_factory=MemoryImages)
    bus: MemoryBus = field(default_factory=MemoryBus)
    awaited: MemoryAwaited = field(default_factory=MemoryAwaited)

    def __post_init__(self) -> None:
        self.objects = MemoryObjects(self.clock)
        self.images.clock, self.images.objects = self.clock, self.objects
        self.sequence = 0
        self.queue: list[ObjectCreated] = []
        self.define(band("one"))

    def define(self, *bands: Document, **properties: Any) -> None:
        attributes: dict[str, Any] = {"name": "Scenes"}
        if properties:
            attributes["extra_properties"] = {
                f"swath.{name}": value for name, value in properties.items()
            }
        self.products.items[PRODUCT] = (
            Document("product", PRODUCT, attributes, 1),
            list(bands),
        )

    @property
    def context(self) -> IngestContext:
        return IngestContext(
            uploads=self.uploads,
            products=self.products,
            images=self.images,
            objects=self.objects,
            bus=self.bus,
            decoder=DECODER,
            now=self.clock,
            awaited=self.awaited,
            announce_again=self.announce_again,
            component_id="test",
            heartbeat_seconds=3600,
        )

    def announce_again(self, parts: Sequence[Part]) -> None:
        """Put objects on the queue, as the schedule does."""
        self.queue += [ObjectCreated(p.key, p.size, p.etag, p.sequencer) for p in parts]

    def declare(
        self,
        name: str = "a",
        files: Sequence[str] = ("one.tif",),
        *,
        image: dict[str, Any] | None = None,
        upload_id: str | None = None,
        **options: Any,
    ) -> Upload:
        """Record what the API records for a declared upload."""
        self.sequence += 1
        upload_id = upload_id or f"u{self.sequence:04d}"
        names = [base_name(path) for path in files]
        now = self.clock()
        upload = Upload(
            id=upload_id,
            product_id=PRODUCT,
            image_id=f"{PRODUCT}:{name}",
            user="someone",
            status="transferring",
            options={"upload_type": "file", "image_files": list(files), **options},
            image={"acquired": ACQUIRED} if image is None else image,
            parts=tuple(Part(upload_key(upload_id, i, n), n) for i, n in enumerate(names)),
            created=now,
            modified=now,
            due=format_timestamp(self.clock.moment + timedelta(hours=24)),
        )
        return self.uploads.create(upload)

    def put(self, key: str, body: bytes) -> ObjectCreated:
        """Put an object and return the event that S3 would send."""
        self.sequence += 1
        found = self.objects.put(key, body)
        return ObjectCreated(key, found.size, found.etag, f"{self.sequence:016X}")

    def send(self, upload: Upload, *bodies: bytes) -> list[ObjectCreated]:
        return [self.put(part.key, body) for part, body in zip(upload.parts, bodies, strict=False)]

    def deliver(self, *arrivals: ObjectCreated) -> None:
        for arrival in arrivals:
            ingest(self.context, arrival)

    def ingest(self, body: bytes, *, file: str = "one.tif", **declared: Any) -> Upload:
        """Declare, send and process one file; return the upload as it ended."""
        upload = self.declare(files=(file,), **declared)
        self.deliver(*self.send(upload, body))
        return self.now(upload)

    def now(self, upload: Upload) -> Upload:
        stored = self.uploads.get(upload.id)
        assert stored is not None
        return stored

    def why(self, upload: Upload) -> str:
        return self.now(upload).events[-1].message

    def cog(self, name: str = "a", index: int = 0) -> bytes:
        image = self.images.items[f"{PRODUCT}:{name}"]
        key = image.get("files")[index]["href"].removeprefix(f"s3://{BUCKET}/")
        return self.objects.content[key]

    def orphans(self) -> list[str]:
        """Return the keys that no image refers to."""
        kept = {
            file["href"].removeprefix(f"s3://{BUCKET}/")
            for image in self.images.items.values()
            for file in image.get("files")
        }
        return sorted(set(self.objects.content) - kept)


Values = npt.NDArray[Any]


def ramp(height: int = 40, width: int = 60, bands: int = 1, dtype: str = "uint16") -> Values:
    """Return pixels that are all told apart by their place."""
    count = bands * height * width
    return (np.arange(count, dtype="int64") % 20011).astype(dtype).reshape(bands, height, width)


def raster(
    values: Values | None = None,
    *,
    driver: str = "GTiff",
    change: Callable[[Any], None] | None = None,
    meaning: Sequence[ColorInterp] | None = None,
    **profile: Any,
) -> bytes:
    """Return the bytes of a raster of these values, in UTM 55S at 10 m unless told otherwise.

    ``meaning`` is what bands are (grey, alpha): a TIFF takes it before its pixels only.
    """
    values = ramp() if values is None else values
    settings: dict[str, Any] = {
        "driver": driver,
        "count": values.shape[0],
        "height": values.shape[1],
        "width": values.shape[2],
        "dtype": values.dtype,
        "crs": "EPSG:32755",
        "transform": from_origin(600_000, 6_100_000, 10, 10),
        **profile,
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "raster"
        given = {key: value for key, value in settings.items() if value is not None}
        with (
            rasterio.Env(GDAL_PAM_ENABLED="NO", GDAL_TIFF_INTERNAL_MASK="YES"),
            rasterio.open(path, "w", **given) as dataset,
        ):
            if meaning is not None:
                dataset.colorinterp = meaning
            dataset.write(values)
            if change is not None:
                change(dataset)
        return path.read_bytes()
