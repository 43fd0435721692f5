"""The spatial summary: images by the H3 cell that their footprint's centroid lies in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import h3
import numpy as np
from numpy.typing import NDArray

from swath_core.errors import BadRequest
from swath_core.geo import centroids_of

FINEST = 15
MOST_CELLS = 20_000
"""Cells of one answer: as GeoJSON each takes about 300 bytes, and a response has 6 MB."""

_HALF_TURN = 180.0


def parse_resolution(text: str) -> int:
    """Return the H3 resolution of a path segment. Raises BadRequest."""
    is_short = text.isascii() and text.isdecimal() and len(text) <= len(str(FINEST))
    if not is_short or int(text) > FINEST:
        message = f"{text!r:.80} is no H3 resolution: a whole number from 0 to {FINEST} is expected"
        raise BadRequest(message)
    return int(text)


def cells_of(footprints: Sequence[bytes], resolution: int) -> list[str]:
    """Return the cell of the centroid of each footprint, given as WKB on the plane."""
    return cells_at(*centroids_of(footprints), resolution)


def cells_at(
    longitudes: NDArray[np.float64], latitudes: NDArray[np.float64], resolution: int
) -> list[str]:
    """Return the cell of each place."""
    return [
        h3.latlng_to_cell(latitude, longitude, resolution)
        for latitude, longitude in zip(latitudes.tolist(), longitudes.tolist(), strict=True)
    ]


def cell_polygon(cell: str) -> dict[str, Any]:
    """Return a cell's boundary as a GeoJSON Polygon; across the antimeridian it goes beyond 180."""
    ring = [(longitude, latitude) for latitude, longitude in h3.cell_to_boundary(cell)]
    if max(ring)[0] - min(ring)[0] > _HALF_TURN:
        ring = [(x + 2 * _HALF_TURN if x < 0 else x, y) for x, y in ring]
    closed = [[x, y] for x, y in (*ring, ring[0])]
    return {"type": "Polygon", "coordinates": [closed]}
