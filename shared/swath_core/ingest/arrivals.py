"""An object arrived: which upload it belongs to, and whether that one can start."""

from __future__ import annotations

from dataclasses import dataclass

from swath_core.ingest.doors.drop import on_drop
from swath_core.store.uploads import StaleUpload
from swath_core.uploads import Part, machine

from .attempt import Workshop, run
from .keys import DROP, parse_upload_key


@dataclass(frozen=True, slots=True)
class Arrival:
    """An object as S3's event describes it; events come late, repeatedly and out of order."""

    key: str
    size: int
    etag: str
    sequencer: str


def on_arrival(workshop: Workshop, arrival: Arrival) -> None:
    """Take note of an object, and process its upload if that is complete.

    Raises what :func:`swath_core.ingest.attempt.run` raises.
    """
    if arrival.key.startswith(DROP):
        upload_id = on_drop(workshop, arrival.key)
        if upload_id is not None:
            run(workshop, upload_id)
        return
    place = parse_upload_key(arrival.key)
    if place is not None:
        _note(workshop, arrival, *place)
        run(workshop, place[0])


def _note(workshop: Workshop, arrival: Arrival, upload_id: str, index: int) -> None:
    """Write an arrival down; an object that no upload awaits is deleted."""
    while True:
        upload = workshop.uploads.get(upload_id)
        if upload is None or index >= len(upload.parts) or upload.is_final:
            if upload is None or index >= len(upload.parts):
                workshop.objects.delete([arrival.key])
            return
        if upload.parts[index].key != arrival.key:
            workshop.objects.delete([arrival.key])
            return
        known = upload.parts[index]
        part = Part(known.key, known.name, arrival.etag, arrival.size, arrival.sequencer)
        noted = machine.arrive(upload, workshop.step(), index, part)
        if noted is upload:
            return
        holder = upload.lease.token if upload.lease else None
        try:
            workshop.uploads.save(noted, upload, holder)
        except StaleUpload:
            continue
        return
