"""The sweep: gives up uploads that nobody finishes, and deletes what is due to go.

The scheduled function calls it every minute; it reads only what is due.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import timedelta

from swath_core.store.outbox import Note
from swath_core.uploads import StaleUpload, Upload, machine

from ._attempt import clean_up
from ._awaiting import take_up_awaited
from ._context import IngestContext
from ._publication import announce_failure, is_published_by

NOTE_AGAIN = timedelta(hours=1)
"""How long objects wait that could not be deleted."""


@dataclass(frozen=True, slots=True)
class Swept:
    """How many uploads and outbox notes were due, given up, cleaned up; which could not be.

    ``awaited`` is how many products the drop folder names that are not there.
    """

    due: int
    expired: int
    cleaned: int
    problems: tuple[str, ...] = ()
    awaited: int = 0


def sweep(context: IngestContext, limit: int = 200) -> Swept:
    """Look at the uploads and outbox notes that are due; the next sweep goes on.

    At most ``limit`` of either.

    One that cannot be cleaned up is named in ``problems`` and postponed, the longer the more often
    it failed: a sweep full of such uploads does not keep the others.
    """
    expired = cleaned = 0
    problems: list[str] = []
    due = context.uploads.due(context.now(), limit)
    notes = context.images.unreachable(context.now(), limit)
    for note in notes:
        problems += _clear(context, note)
    for upload_id in due:
        try:
            was_given_up, is_cleaned = _look_at(context, upload_id)
            expired += was_given_up
            cleaned += is_cleaned
        except Exception as problem:  # noqa: BLE001 - whatever it is, the others go on
            failures = _postpone(context, upload_id)
            problems.append(f"{upload_id} ({failures}): {type(problem).__name__}: {problem}")
    awaited = _take_up(context, problems)
    return Swept(len(due) + len(notes), expired, cleaned, tuple(problems), awaited)


def _take_up(context: IngestContext, problems: list[str]) -> int:
    """Take up drops whose product is there by now; return how many products are awaited."""
    try:
        return take_up_awaited(context)
    except Exception as problem:  # noqa: BLE001 - the next sweep tries again
        problems.append(f"awaited products: {type(problem).__name__}: {problem}")
        return 0


def _clear(context: IngestContext, note: Note) -> list[str]:
    """Delete the objects of a note; where that fails, come back later and return why."""
    try:
        context.images.clear(note)
    except Exception as problem:  # noqa: BLE001 - whatever it is, the others go on
        with contextlib.suppress(Exception):  # then it is due again at the next run
            context.images.postpone(note, NOTE_AGAIN)
        return [f"objects of {note.image_id}: {type(problem).__name__}: {problem}"]
    return []


def _look_at(context: IngestContext, upload_id: str) -> tuple[bool, bool]:
    """Give an upload up if it is time, and clean up if it is final; return what was done."""
    upload = context.uploads.get(upload_id)
    if upload is None:
        return False, False
    ended = upload if upload.is_final else _give_up(context, upload)
    if ended.is_final:
        clean_up(context, ended, context.step("sweep"))
    return ended is not upload, ended.is_final


def _postpone(context: IngestContext, upload_id: str) -> str:
    """Let the sweep come back later; return how often it has failed, or why that is unknown."""
    try:
        return f"failure {context.uploads.postpone(upload_id, context.now())}"
    except Exception as problem:  # noqa: BLE001 - then it is due again at the next run
        return f"not postponed: {type(problem).__name__}"


def _give_up(context: IngestContext, upload: Upload) -> Upload:
    """Fail an overdue upload, or find that it had succeeded; a live one is left alone."""
    step = context.step("sweep")
    ended = machine.expire(upload, step)
    if ended is upload:
        return upload
    if is_published_by(context.images.get(upload.image_id), upload):
        ended = machine.succeed(upload, step, "its image was found in the catalog")
    else:
        announce_failure(context, upload, ended.events[-1].message)
    try:
        return context.uploads.save(ended, upload)
    except StaleUpload:
        return upload
