"""Sums over images."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ._times import parse_time


@dataclass(frozen=True, slots=True, repr=False)
class SummaryResult:
    """How many images, how many bytes they store, of which products, from when on.

    `interval_start` is None in a summary over all time.
    """

    count: int = 0
    bytes: int = 0
    products: list[str] | None = field(default=None)
    interval_start: datetime | None = None

    @classmethod
    def from_wire(cls, attributes: dict[str, Any]) -> SummaryResult:
        """The attributes of the contract's summary resources."""
        start = attributes.get("interval_start")
        return cls(
            count=int(attributes.get("count") or 0),
            bytes=int(attributes.get("bytes") or 0),
            products=attributes.get("products"),
            interval_start=None if start is None else parse_time(start),
        )

    def __repr__(self) -> str:
        lines = [f"Summary for {self.count} images:", f" - Total bytes: {self.bytes:,}"]
        if self.products:
            lines.append(f" - Products: {', '.join(self.products)}")
        if self.interval_start is not None:
            lines.append(f" - Interval start: {self.interval_start}")
        return "\n".join(lines)
