"""Progress bars: tqdm's where it is installed, else one line of our own on a terminal.

A bar appears after two seconds, so that short work stays quiet, and only where somebody looks:
stderr is a terminal, or a notebook runs. SWATH_PROGRESS=1 or =0 decides it for good.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Protocol, TextIO, TypeVar

_Item = TypeVar("_Item")
_DELAY = 2.0  # seconds before a bar is shown
_EVERY = 0.2  # seconds between two drawings of a bar
_WIDTH = 30
_KIBI = 1024.0


class Bar(Protocol):
    """What reports progress."""

    def update(self, n: float = 1) -> object:
        """`n` more are done; a negative number takes some back."""
        ...

    def close(self) -> None:
        """The work is over, done or not."""
        ...


class Silent:
    """A bar that shows nothing."""

    def update(self, n: float = 1) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class TextBar:
    """A bar of characters on one line of a terminal; safe to update from several threads."""

    def __init__(self, total: float | None, description: str, unit: str, out: TextIO) -> None:
        self._total, self._description, self._unit, self._out = total, description, unit, out
        self._done = 0.0
        self._began = self._drawn = time.monotonic()
        self._visible = False
        self._lock = threading.Lock()

    def update(self, n: float = 1) -> None:
        """Count, and draw when it is time."""
        with self._lock:
            self._done += n
            now = time.monotonic()
            if now - self._began >= _DELAY and now - self._drawn >= _EVERY:
                self._drawn = now
                self._draw()

    def close(self) -> None:
        """Draw the end, if anything was drawn."""
        with self._lock:
            if self._visible:
                self._draw()
                self._out.write("\n")
                self._out.flush()

    def _draw(self) -> None:
        self._visible = True
        done = self._amount(self._done)
        if self._total:
            share = min(max(self._done / self._total, 0.0), 1.0)
            bar = ("#" * round(share * _WIDTH)).ljust(_WIDTH, ".")
            text = f"{self._description} [{bar}] {share:4.0%} {done}/{self._amount(self._total)}"
        else:
            text = f"{self._description} {done}"
        self._out.write(f"\r\x1b[K{text}")
        self._out.flush()

    def _amount(self, value: float) -> str:
        if self._unit != "B":
            return f"{value:,.0f} {self._unit}"
        for unit in ("B", "KiB", "MiB"):
            if abs(value) < _KIBI:
                return f"{value:.0f} {unit}"
            value /= _KIBI
        return f"{value:.1f} GiB"


def progress_bar(
    total: float | None, description: str, unit: str = "it", *, show: bool | None = None
) -> Bar:
    """A bar for `total` units of work ("B" for bytes); `show` overrules where it would appear."""
    if not (_wanted() if show is None else show):
        return Silent()
    try:
        from tqdm.auto import tqdm  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        return TextBar(total, description, unit, sys.stderr)
    in_bytes = unit == "B"
    bar: Bar = tqdm(
        total=total, desc=description, unit=unit, delay=_DELAY,
        unit_scale=in_bytes, unit_divisor=int(_KIBI),
    )  # fmt: skip
    return bar


def track(
    items: Iterable[_Item],
    total: float | None,
    description: str,
    unit: str = "it",
    *,
    show: bool | None = None,
) -> Iterator[_Item]:
    """`items`, with a bar that counts them."""
    bar = progress_bar(total, description, unit, show=show)
    try:
        for item in items:
            yield item
            bar.update(1)
    finally:
        bar.close()


def _wanted() -> bool:
    decided = os.environ.get("SWATH_PROGRESS")
    if decided is not None:
        return decided not in {"", "0", "false", "no"}
    notebook = type(getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()).__name__
    return sys.stderr.isatty() or notebook == "ZMQInteractiveShell"
