"""One number per image: statistics of an area, computed by the service."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, overload

from swath.arguments import nearest, public
from swath.errors import MissingExtraError
from swath.http import Client
from swath.progress import track
from swath.raster import area_statistics

from ._times import parse_time

STATISTICS = (
    "mean", "min", "max", "std", "sum", "count", "masked",
    "percentile_2", "percentile_50", "percentile_98",
)  # fmt: skip
NAMES = {"median": "percentile_50"}
_AT_ONCE = 16  # images of one request
_WORKERS = 4


@public
@dataclass(frozen=True, slots=True)
class Observation:
    """What an area is like in one image.

    `value` is the statistic that was asked for, None where no pixel is left; `statistics` holds
    all, with `count` unmasked pixels.
    """

    id: str
    acquired: datetime | None
    value: float | int | None
    statistics: dict[str, float | int | None]


@public
class TimeSeries(Sequence[Observation]):
    """Observations in the order of their times."""

    def __init__(self, observations: Iterable[Observation], name: str = "") -> None:
        known = lambda one: (one.acquired is None, one.acquired.timestamp() if one.acquired else 0)  # noqa: E731
        self._observations = sorted(observations, key=known)
        self.name = name

    @overload
    def __getitem__(self, index: int) -> Observation: ...
    @overload
    def __getitem__(self, index: slice) -> TimeSeries: ...
    def __getitem__(self, index: int | slice) -> Observation | TimeSeries:
        found = self._observations[index]
        return TimeSeries(found, self.name) if isinstance(found, list) else found

    def __len__(self) -> int:
        return len(self._observations)

    @property
    def times(self) -> list[datetime | None]:
        """When the images were acquired."""
        return [one.acquired for one in self._observations]

    @property
    def values(self) -> list[float | int | None]:
        """The statistic of each image, None where no pixel was left."""
        return [one.value for one in self._observations]

    def to_pandas(self) -> Any:
        """A DataFrame with the times as its index, `value`, `id` and all statistics.

        Needs pandas.
        """
        try:
            import pandas as pd
        except ImportError:
            raise MissingExtraError("this needs pandas: pip install pandas") from None
        rows = [{"value": one.value, "id": one.id, **one.statistics} for one in self]
        return pd.DataFrame(rows, index=pd.DatetimeIndex(self.times, name="time"))

    def __repr__(self) -> str:
        lines = [f"TimeSeries of {len(self)} observations: {self.name}"]
        shown = [f"  {one.acquired:%Y-%m-%d}: {one.value}" for one in self[:5] if one.acquired]
        return "\n".join([*lines, *shown, *(["  ..."] if len(self) > len(shown) else [])])


def statistic_name(statistic: str) -> str:
    """The service's name of a statistic. Raises ValueError for one that there is not."""
    name = NAMES.get(statistic, statistic)
    if name not in STATISTICS:
        hint = nearest(statistic, [*STATISTICS, *NAMES])
        listed = ", ".join([*STATISTICS, *NAMES])
        raise ValueError(f"{statistic!r} is no statistic; there are {listed}{hint}")
    return name


def timeseries(
    client: Client,
    ids: Sequence[str],
    request: dict[str, Any],
    statistic: str,
    *,
    progress: bool | None,
) -> TimeSeries:
    """The series of one band's statistic; its images are asked for a few at a time."""
    (band,), name = request["bands"], statistic_name(statistic)
    chunks = [ids[at : at + _AT_ONCE] for at in range(0, len(ids), _AT_ONCE)]

    def one(chunk: Sequence[str]) -> list[Observation]:
        answer = area_statistics(client, {**request, "ids": list(chunk)})
        return [_observation(each, band, name) for each in answer]

    with ThreadPoolExecutor(_WORKERS) as pool:
        done = track(pool.map(one, chunks), len(chunks), "statistics", "request", show=progress)
        return TimeSeries([each for chunk in done for each in chunk], f"{statistic} of {band}")


def _observation(answer: dict[str, Any], band: str, statistic: str) -> Observation:
    found, acquired = answer["statistics"][band], answer.get("acquired")
    taken = None if acquired is None else parse_time(acquired)
    return Observation(str(answer["id"]), taken, found[statistic], found)
