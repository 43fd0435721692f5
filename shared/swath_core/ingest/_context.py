"""What an ingest works with: the stores, the bucket, the bus, the decoder, and the time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from swath_core.catalog import ImageWriter
from swath_core.pixels import DecoderProcess, Limits
from swath_core.settings import Settings
from swath_core.store.bus import Bus
from swath_core.store.catalog import CatalogStore
from swath_core.store.objects import Objects
from swath_core.times import now as clock
from swath_core.uploads import Step, UploadStore

from ._message import Message

HEARTBEAT_SECONDS = 8.0


def _no_message(_: float) -> None:
    """Extend the visibility timeout of no message: the schedule started this."""


@dataclass(frozen=True)
class IngestContext:
    """Everything that an ingest works with.

    ``now`` returns a canonical timestamp. ``extend_visibility_timeout`` keeps the message that
    started the ingest from being delivered again for a number of seconds. ``component_id`` is
    what the upload's log names as the writer of a line.
    """

    uploads: UploadStore
    products: CatalogStore
    images: ImageWriter
    objects: Objects
    bus: Bus
    decoder: DecoderProcess
    now: Callable[[], str] = clock
    extend_visibility_timeout: Callable[[float], None] = _no_message
    component_id: str = "local"
    limits: Limits = field(default_factory=Limits)
    heartbeat_seconds: float = HEARTBEAT_SECONDS

    def step(self, component: str = "ingest") -> Step:
        """Return a step of this component at this moment."""
        return Step(self.now(), component, self.component_id)


@contextmanager
def message_context(settings: Settings, message: Message) -> Iterator[IngestContext]:
    """Yield what the ingest of a message works with; its decoding process ends with it."""
    with DecoderProcess() as decoder:
        yield replace(
            _context(settings, decoder),
            component_id=message.id,
            extend_visibility_timeout=message.extend_visibility_timeout,
        )


def schedule_context(settings: Settings) -> IngestContext:
    """Return what the sweep works with: it decodes nothing and answers no message."""
    return replace(_context(settings, DecoderProcess()), component_id="schedule")


def _context(settings: Settings, decoder: DecoderProcess) -> IngestContext:
    return IngestContext(
        uploads=UploadStore(settings),
        products=CatalogStore(settings),
        images=ImageWriter(settings),
        objects=Objects(settings),
        bus=Bus(settings),
        decoder=decoder,
    )
