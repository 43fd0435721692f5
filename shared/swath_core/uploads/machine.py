r"""The state machine: which step an upload may take, and what it writes in the log.

    declared --PUT files--> transferring --all arrived--> pending --> running --> success
                                                                             \-> failure
    (transferring and pending may also end as canceled, and as failure when they time out; what
    failed for want of a product is pending again once there is one)

Every function takes an upload and returns the next one, or the same object where the step
changes nothing: a message that is delivered again, late or out of order is such a step. Nothing
here reads a clock or a table; the store saves a step only if nobody else took one meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from swath_core.errors import Conflict
from swath_core.times import format_timestamp, parse_timestamp

from ._record import FINAL, MOST_EVENTS, Event, Lease, Part, Upload

LEASE = timedelta(seconds=30)
"""How long an attempt may be silent before another takes its place."""

ARRIVAL_TIMEOUT = timedelta(hours=24)
"""How long declared files may take to arrive."""

STALL_TIMEOUT = timedelta(hours=6)
"""How long an upload may be pending or running with nobody at work before it is given up."""

KEEP_REPLACED = timedelta(hours=1)
"""How long files of a replaced image stay for those who are reading them."""

LONGEST_RUN = timedelta(minutes=15)
"""How long a function can run at most: what an attempt writes after losing its lease ends then."""

CLOCK_SKEW = timedelta(minutes=5)
"""How far the clocks of two functions may be apart."""

MOST_ATTEMPTS = 5


class Busy(Exception):
    """Another attempt is at work on the upload and alive; ``runner`` is who began it."""

    def __init__(self, upload: Upload) -> None:
        until = upload.lease.until if upload.lease else "now"
        super().__init__(f"upload {upload.id} is being processed until {until}")
        self.runner = upload.runner


@dataclass(frozen=True, slots=True)
class Step:
    """Who takes a step and when: ``now`` is a canonical timestamp."""

    now: str
    component: str
    component_id: str

    def after(self, span: timedelta) -> str:
        """Return the canonical timestamp of a moment later than the step."""
        return format_timestamp(parse_timestamp(self.now) + span)


def log(
    upload: Upload, step: Step, event_type: str, message: str, severity: str = "INFO"
) -> Upload:
    """Return the upload with one more line in its log; the oldest middle lines give way."""
    event = Event(
        id=f"{upload.id}-{_next_number(upload)}",
        event_datetime=step.now,
        component=step.component,
        component_id=step.component_id,
        event_type=event_type,
        severity=severity,
        message=message[:2000],
    )
    events = upload.events
    if len(events) >= MOST_EVENTS:
        events = events[:2] + events[3:]
    return replace(upload, events=(*events, event), modified=step.now)


def _next_number(upload: Upload) -> int:
    return 1 + int(upload.events[-1].id.rpartition("-")[2]) if upload.events else 1


def arrive(upload: Upload, step: Step, index: int, part: Part) -> Upload:
    """Note that a version of a file is there, unless a newer one is known already.

    What was attempted with the version before it does not count any more.
    """
    if upload.is_final or not 0 <= index < len(upload.parts):
        return upload
    known = upload.parts[index]
    if known.arrived and not _newer(part.sequencer, known.sequencer):
        return upload
    parts = list(upload.parts)
    parts[index] = replace(known, etag=part.etag, size=part.size, sequencer=part.sequencer)
    result = replace(upload, parts=tuple(parts), attempts=0, modified=step.now)
    if result.is_complete and result.status == "transferring":
        return queue(result, step, "all files have arrived")
    return result


def _newer(one: str, other: str) -> bool:
    """Return whether a sequencer is later: S3 compares them padded on the right with zeros."""
    width = max(len(one), len(other))
    return one.ljust(width, "0") > other.ljust(width, "0")


def queue(upload: Upload, step: Step, why: str) -> Upload:
    """Return the upload waiting to be processed."""
    queued = replace(upload, status="pending", due=step.after(STALL_TIMEOUT))
    return log(queued, step, "queue", f"waiting to be processed: {why}")


def submit(upload: Upload, step: Step) -> Upload:
    """Answer the client's "pending": it has sent everything. Raises Conflict if canceled.

    An upload that is further already stays as it is.
    """
    if upload.status == "canceled":
        raise Conflict(f"upload {upload.id} was canceled")
    if upload.status != "transferring":
        return upload
    return replace(queue(upload, step, "the client asked for it"), due=step.after(ARRIVAL_TIMEOUT))


def cancel(upload: Upload, step: Step) -> Upload:
    """Cancel an upload that is not being processed. Raises Conflict otherwise."""
    if upload.status == "canceled":
        return upload
    if upload.status not in {"transferring", "pending"}:
        raise Conflict(f"upload {upload.id} cannot be canceled: its status is {upload.status}")
    canceled = replace(upload, status="canceled", due=step.now)
    return log(canceled, step, "cancel", "canceled by the user")


def start(upload: Upload, step: Step, token: str) -> Upload:
    """Begin an attempt, or take over from one that has died.

    Returns the same object where there is nothing to start. Raises Busy where an attempt is
    alive.
    """
    if upload.is_final or not upload.is_complete:
        return upload
    takeover = upload.status == "running"
    if takeover and upload.lease is not None and upload.lease.until > step.now:
        raise Busy(upload)
    if upload.status == "transferring":
        upload = queue(upload, step, "all files have arrived")
    attempt = upload.attempts + 1
    running = replace(
        upload,
        status="running",
        attempts=attempt,
        runner=step.component_id,
        taken_over=upload.taken_over or takeover,
        lease=Lease(token, step.after(LEASE)),
        due=step.after(STALL_TIMEOUT),
    )
    again = " (the one before ended without a word)" if takeover else ""
    return log(running, step, "run", f"attempt {attempt} of {MOST_ATTEMPTS}{again}")


def prepare(upload: Upload, step: Step, prefix: str, replaced: tuple[str, ...]) -> Upload:
    """Note below which prefix COGs will be written, and what they replace, before the first is."""
    others = tuple(each for each in upload.outputs if each != prefix)
    return replace(upload, outputs=(*others, prefix), replaced=replaced, modified=step.now)


def succeed(upload: Upload, step: Step, usage: str) -> Upload:
    """End an attempt whose image is in the catalog; what it leaves behind is to be cleared."""
    due = step.after(KEEP_REPLACED if upload.replaced else _late_writes(upload))
    done = replace(upload, status="success", lease=None, due=due)
    used = log(done, step, "usage", usage)
    return log(used, step, "complete", f"image {upload.image_id} is available")


def fail(upload: Upload, step: Step, message: str) -> Upload:
    """End an upload that cannot succeed; ``message`` says why, for the user to read."""
    if upload.is_final:
        return upload
    kept = timedelta(seconds=upload.keep_failed_seconds)
    due = step.after(max(kept, _late_writes(upload)))
    failed = replace(upload, status="failure", lease=None, replaced=(), due=due)
    return log(failed, step, "complete", message, "ERROR")


def await_product(upload: Upload, step: Step, message: str) -> Upload:
    """End an upload for want of its product: it is taken up if that appears while files stay."""
    return replace(fail(upload, step, message), awaits_product=True)


def take_up(upload: Upload, waiting: Upload) -> Upload:
    """Return an upload, as it is recorded now, in the place of the one that awaited its product."""
    return replace(upload, created=waiting.created, events=waiting.events, version=waiting.version)


def _late_writes(upload: Upload) -> timedelta:
    """Return how long an attempt that was taken over can still write COGs of the upload."""
    return LONGEST_RUN + CLOCK_SKEW if upload.taken_over else timedelta(0)


def release(upload: Upload, step: Step, message: str) -> Upload:
    """End an attempt that another may follow; after the last, the upload has failed."""
    if upload.status != "running":
        return upload
    if upload.attempts >= MOST_ATTEMPTS:
        noted = log(upload, step, "error", message, "ERROR")
        return fail(noted, step, f"gave up after {upload.attempts} attempts: {message}")
    freed = replace(upload, status="pending", lease=None, due=step.after(STALL_TIMEOUT))
    return log(freed, step, "error", f"{message}; it will be tried again", "WARNING")


def expire(upload: Upload, step: Step) -> Upload:
    """Fail an upload that is overdue. A live attempt is left alone."""
    alive = upload.lease is not None and upload.lease.until > step.now
    overdue = upload.due is not None and upload.due <= step.now
    if upload.status in FINAL or alive or not overdue:
        return upload
    missing = [part.name for part in upload.parts if not part.arrived]
    why = (
        f"{len(missing)} of {len(upload.parts)} files never arrived: {', '.join(missing[:5])}"
        if missing
        else "nobody finished processing it"
    )
    noted = log(upload, step, "timeout", why, "ERROR")
    return fail(noted, step, f"timed out: {why}")


def settle(upload: Upload) -> Upload:
    """Note that nothing of a final upload is left to clear away."""
    return replace(upload, due=None, replaced=())
