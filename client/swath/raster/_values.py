"""Requests for numbers instead of arrays: values at a point, statistics of an area."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from swath.http import Client

_JSON = {"Accept": "application/json", "Content-Type": "application/json"}


def values_query(
    bands: Sequence[str] | None,
    expression: str | None,
    mask: str | None,
    processing_level: str | None,
) -> dict[str, Any]:
    """The parameters that say which values, without those that say nothing."""
    query = {
        "bands": ",".join(bands) if bands else None,
        "expression": expression,
        "mask": mask,
        "processing_level": processing_level,
    }
    return {name: value for name, value in query.items() if value is not None}


def point_values(
    client: Client, image_id: str, query: dict[str, Any]
) -> dict[str, float | int | None]:
    """The values of an image's bands at a point, None where they are masked."""
    url = f"{client.settings.raster_root}/images/{quote(image_id, safe='')}/point"
    params = {name: str(value) for name, value in query.items()}
    answer = client.http.json("GET", url, headers=_JSON, params=params)
    values: dict[str, float | int | None] = answer["values"]
    return values


def area_statistics(client: Client, request: dict[str, Any]) -> list[dict[str, Any]]:
    """The statistics of several images in an area: `id`, `acquired` and `statistics` of each."""
    answer = client.http.json(
        "POST",
        f"{client.settings.raster_root}/statistics",
        headers=_JSON,
        json=request,
        read_timeout=client.settings.raster_timeout,
    )
    found: list[dict[str, Any]] = answer["data"]
    return found
