"""The H3 cells that centroids lie in."""

from __future__ import annotations

import h3.api.basic_int as h3
import numpy as np
from numpy.typing import NDArray


def cells_at(centroids: NDArray[np.float64], resolution: int) -> NDArray[np.int64]:
    """Return the cell of each centroid, longitude and latitude in a row; 0 for NaN.

    The parent of a finer cell is no substitute: cells do not nest, and a point near the edge of a
    cell may lie in a child of its neighbour.
    """
    found = np.zeros(len(centroids), dtype=np.int64)
    placed = np.flatnonzero(~np.isnan(centroids[:, 0]))
    pairs = centroids[placed].tolist()
    found[placed] = [h3.latlng_to_cell(lat, lon, resolution) for lon, lat in pairs]
    return found
