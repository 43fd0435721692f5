"""How long a dirty marker stands: the arithmetic that keeps summaries exact.

A writer marks a day, and only then writes. The rollup recounts a marked day and removes the
marker only if nobody marked again (the token is unchanged) and if the marker is older than any
write that may still rely on it. So at every moment a day without a marker has no write under way
that its row does not count.

One mark covers the writes that one process begins within ``COVERS_SECONDS``; a write takes at most
``LONGEST_WRITE_SECONDS`` from its last look at the clock to the moment DynamoDB can no longer apply
it; clocks of two functions differ by at most ``SKEW_SECONDS``.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass

COVERS_SECONDS = 45
LONGEST_WRITE_SECONDS = 60
SKEW_SECONDS = 15
SETTLED_SECONDS = COVERS_SECONDS + LONGEST_WRITE_SECONDS + SKEW_SECONDS
"""The age at which a marker can be removed: no write relies on it any more."""

_MOST_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class Marker:
    """That a bucket may have changed: a token of its own, and the writer's time (epoch seconds)."""

    token: str
    time: float

    @classmethod
    def fresh(cls, now: float | None = None) -> Marker:
        """Return a new marker of the present moment."""
        return cls(uuid.uuid4().hex, time.time() if now is None else now)

    @classmethod
    def from_json(cls, document: dict[str, float | str]) -> Marker:
        """Return the stored marker."""
        return cls(str(document["token"]), float(document["time"]))

    def to_json(self) -> dict[str, float | str]:
        """Return the stored form."""
        return {"token": self.token, "time": self.time}

    def settled(self, now: float, seconds: float = SETTLED_SECONDS) -> bool:
        """Whether every write that relies on the marker has ended by ``now``."""
        return now - self.time > seconds


class Memory:
    """The marks that this process made, so that it does not make them again while they cover."""

    def __init__(self, seconds: float = COVERS_SECONDS) -> None:
        self._seconds = seconds
        self._made: dict[tuple[str, str, str], float] = {}

    def uncovered(self, table: str, product_id: str, names: list[str], now: float) -> list[str]:
        """Return the names that no mark of this process covers any more."""
        return [
            name
            for name in names
            if not 0 <= now - self._made.get((table, product_id, name), -1e12) < self._seconds
        ]

    def made(self, table: str, product_id: str, names: list[str], now: float) -> None:
        """Remember marks made at ``now``."""
        if len(self._made) > _MOST_REMEMBERED:
            self._made.clear()
        for name in names:
            self._made[table, product_id, name] = now

    def forget(self) -> None:
        """Forget everything, as a new process would."""
        self._made.clear()


MEMORY = Memory()
"""The memory of this process."""
