"""What every area has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from swath.arguments import public
from swath.shapes import shape_mapping


@public
class GeoContext(ABC):
    """Where, in which CRS and how finely pixels are read. Immutable; `assign` makes another."""

    def __init__(self, *, all_touched: bool = False) -> None:
        self._all_touched = bool(all_touched)

    @property
    def all_touched(self) -> bool:
        """Whether pixels count as inside a cutline when it only touches them."""
        return self._all_touched

    @property
    @abstractmethod
    def geometry(self) -> Any:
        """The area in longitude and latitude, a shapely geometry; None when there is none."""

    @property
    @abstractmethod
    def raster_params(self) -> dict[str, Any]:
        """The members of a raster request that describe the area. Raises ValueError if unclear."""

    @abstractmethod
    def _facts(self) -> dict[str, Any]:
        """What is shown of it, by name."""

    @property
    def __geo_interface__(self) -> dict[str, Any]:
        place = self._place()
        if place is None:
            raise ValueError(f"this {type(self).__name__} has neither geometry nor bounds")
        return shape_mapping(place)

    def _place(self) -> Any:
        """The area in longitude and latitude, for searches; None when there is none."""
        return self.geometry

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return self._facts() == other._facts()

    def __hash__(self) -> int:
        return hash((type(self), repr(self)))

    def __repr__(self) -> str:
        indent = ",\n" + " " * (len(type(self).__name__) + 1)
        facts = indent.join(f"{name}={_short(value)}" for name, value in self._facts().items())
        return f"{type(self).__name__}({facts})"


def request_params(  # noqa: PLR0913 - one keyword per member of the contract
    *,
    bounds: tuple[float, float, float, float] | None,
    bounds_crs: str | None,
    crs: str | None,
    resolution: float | None,
    size: tuple[int, int] | None = None,
    cutline: str | None = None,
    aligned: bool = False,
    all_touched: bool = False,
) -> dict[str, Any]:
    """The area as members of a raster request (contract, 5.2); `size` is (width, height)."""
    params: dict[str, Any] = {
        "srs": crs,
        "resolution": resolution,
        "outsize": None if size is None else list(size),
        "outputBounds": None if bounds is None else list(bounds),
        "outputBoundsSRS": bounds_crs,
        "shape": cutline,
        "targetAlignedPixels": aligned,
    }
    return {**params, "cutline_all_touched": True} if all_touched else params


def _short(value: Any) -> str:
    if hasattr(value, "geom_type"):
        return f"<{value.geom_type} {', '.join(f'{c:g}' for c in value.bounds)}>"
    return repr(value)
