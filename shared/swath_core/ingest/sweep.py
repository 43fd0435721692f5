"""The sweep: gives up uploads that nobody finishes, and clears away what is due to go.

The scheduled function calls it every minute; it reads only what is due.
"""

from __future__ import annotations

from dataclasses import dataclass

from swath_core.store.uploads import StaleUpload
from swath_core.uploads import Upload, machine

from .attempt import Workshop, announce_failure
from .clearing import clear


@dataclass(frozen=True, slots=True)
class Swept:
    """How many uploads were due, given up, cleared away, and which ones could not be."""

    due: int
    expired: int
    cleared: int
    problems: tuple[str, ...] = ()


def sweep(workshop: Workshop, limit: int = 200) -> Swept:
    """Look at the uploads that are due, at most ``limit``; the next sweep goes on.

    One that cannot be cleared away does not keep the others: it is named in ``problems``.
    """
    expired = cleared = 0
    problems: list[str] = []
    due = workshop.uploads.due(workshop.now(), limit)
    for upload_id in due:
        upload = workshop.uploads.get(upload_id)
        if upload is None:
            continue
        try:
            ended = upload if upload.is_final else _give_up(workshop, upload)
            expired += ended is not upload
            if ended.is_final:
                step = workshop.step("sweep")
                clear(workshop.uploads, workshop.objects, workshop.images, ended, step)
                cleared += 1
        except Exception as problem:  # noqa: BLE001 - whatever it is, the others go on
            problems.append(f"{upload_id}: {type(problem).__name__}: {problem}")
    return Swept(len(due), expired, cleared, tuple(problems))


def _give_up(workshop: Workshop, upload: Upload) -> Upload:
    """Fail an overdue upload, or find that it had succeeded; a live one is left alone."""
    step = workshop.step("sweep")
    ended = machine.expire(upload, step)
    if ended is upload:
        return upload
    image = workshop.images.get(upload.image_id)
    if image is not None and (image.request or "").startswith(f"{upload.id}/"):
        ended = machine.succeed(upload, step, "its image was found in the catalog")
    else:
        announce_failure(workshop.bus, upload, ended.events[-1].message)
    try:
        return workshop.uploads.save(ended, upload)
    except StaleUpload:
        return upload
