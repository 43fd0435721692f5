"""Searches for images: by place, and summed up."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any, Self

from swath.arguments import public
from swath.shapes import as_geojson, as_shape

from ._enums import AggregateDateField, Interval
from ._search import Search, T
from ._summary import SummaryResult
from ._times import format_time, parse_time


@public
class AreaSearch(Search[T]):
    """The part of ImageSearch that knows places and sums."""

    _area: Any = None
    _no_area_too = False

    def intersects(self, geometry: Any, *, match_null_geometry: bool = False) -> Self:
        """Only images whose footprints intersect `geometry`, in longitude and latitude.

        GeoJSON (a geometry, Feature or FeatureCollection), WKT, (west, south, east, north), a
        shapely geometry, any area of `swath.geo`, an image, a row of a GeoDataFrame or anything
        else with `__geo_interface__`. `match_null_geometry`: images without a footprint too. Raises
        ValueError for anything else.
        """
        return self._with(
            _area=geometry, _geojson=as_geojson(geometry), _no_area_too=match_null_geometry
        )

    def summary(self) -> SummaryResult:
        """Count, bytes and products of all matching images; limit and order play no part."""
        body = self._request(self._summary_body(), "/summary/all")
        return SummaryResult.from_wire(body["data"]["attributes"])

    def summary_interval(
        self,
        aggregate_date_field: AggregateDateField | str = AggregateDateField.ACQUIRED,
        interval: Interval | str = Interval.YEAR,
        start_datetime: datetime | date | str | int | None = None,
        end_datetime: datetime | date | str | int | None = None,
    ) -> list[SummaryResult]:
        """A summary of every `interval` in which there are matching images.

        `start_datetime` and `end_datetime` bound `aggregate_date_field`, both inclusive; left out,
        its extremes among the matches do.
        """
        field = AggregateDateField(aggregate_date_field)
        suffix = f"/summary/{field}/{Interval(interval)}"
        body = self._summary_body()
        for name, value in (("_start", start_datetime), ("_end", end_datetime)):
            if value is not None:
                body[name] = _bound(value)
        found = self._request(body, suffix)["data"]
        return [SummaryResult.from_wire(bucket["attributes"]) for bucket in found]

    _geojson: dict[str, Any] | None = None

    def _body(self) -> dict[str, Any]:
        body = super()._body()
        if self._geojson is not None:
            body["intersects"] = json.dumps(self._geojson, separators=(",", ":"))
        if self._no_area_too:
            body["intersects_none"] = True
        return body

    def _places(self) -> list[Any]:
        return [] if self._geojson is None else [as_shape(self._geojson)]

    def _summary_body(self) -> dict[str, Any]:
        body = self._body()
        return {name: value for name, value in body.items() if name not in {"sort", "limit"}}


def _bound(value: datetime | date | str | int) -> str:
    if not value:
        return ""  # unbounded, in the contract
    if isinstance(value, int):
        raise TypeError(f"a bound is a time, not {value!r}")
    return value.isoformat() if type(value) is date else format_time(parse_time(value))
