"""The body of ``POST /npz``: parsed and validated into one immutable request."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from swath_core.definitions import DATA_TYPES, WARP_RESAMPLERS
from swath_core.errors import BadRequest

Bounds = tuple[float, float, float, float]
"""Left, bottom, right, top in the units of a CRS."""
Scale = tuple[float, ...]
"""Empty (automatic), (in low, in high) or (in low, in high, out low, out high)."""

MAX_IMAGES = 1_000
MAX_BANDS = 256
MAX_CUTLINE_CHARACTERS = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RasterRequest:
    """What to compute: which images and bands, on which grid, scaled and masked how.

    ``crs``, ``bounds_crs`` and ``cutline`` are the caller's texts; ``scales`` has one member per
    band. ``mask_alpha`` None means: where the last band is an alpha band.
    """

    ids: tuple[str, ...]
    bands: tuple[str, ...]
    scales: tuple[Scale | None, ...] = ()
    data_type: str | None = None
    crs: str | None = None
    resolution: float | None = None
    size: tuple[int, int] | None = None
    bounds: Bounds | None = None
    bounds_crs: str | None = None
    cutline: str | None = None
    align: bool = False
    resampling: str = "near"
    processing_level: str | None = None
    mask_nodata: bool = True
    mask_alpha: bool | None = None
    drop_alpha: bool = False
    all_touched: bool = False

    @property
    def is_native(self) -> bool:
        """Whether the grid is left to the images altogether, but for the CRS."""
        return self.bounds is None and self.size is None and self.resolution is None


def parse_request(body: Mapping[str, Any]) -> RasterRequest:
    """Return the request of a decoded body; members that are not of the contract are ignored.

    Raises BadRequest with the member at fault, what it is and what would be right.
    """
    bands = _names(body, "bands", MAX_BANDS)
    resolution, size = _resolution(body), _size(body)
    if resolution is not None and size is not None:
        raise BadRequest("give resolution or outsize, not both", parameter="outsize")
    align = _flag(body, "targetAlignedPixels", default=False)
    if align and size is not None:
        raise BadRequest(
            "targetAlignedPixels needs resolution; it has no meaning with outsize",
            parameter="targetAlignedPixels",
        )
    _refuse_unoffered(body)
    mask_alpha = body.get("mask_alpha")
    return RasterRequest(
        ids=_names(body, "ids", MAX_IMAGES),
        bands=bands,
        scales=_scales(body, len(bands)),
        data_type=_choice(body, "ot", DATA_TYPES),
        crs=_text(body, "srs"),
        resolution=resolution,
        size=size,
        bounds=_bounds(body),
        bounds_crs=_text(body, "outputBoundsSRS"),
        cutline=_cutline(body),
        align=align,
        resampling=_choice(body, "resampleAlg", WARP_RESAMPLERS) or "near",
        processing_level=_text(body, "processing_level"),
        mask_nodata=_flag(body, "mask_nodata", default=True),
        mask_alpha=None if mask_alpha is None else _flag(body, "mask_alpha", default=False),
        drop_alpha=_flag(body, "drop_alpha", default=False),
        all_touched=_flag(body, "cutline_all_touched", default=False),
    )


def _refuse_unoffered(body: Mapping[str, Any]) -> None:
    if body.get("output_window") is not None:
        raise BadRequest(
            "output_window is not offered; give the area as outputBounds",
            parameter="output_window",
        )
    if body.get("of") not in {None, "blosc"}:
        raise BadRequest(
            f"of is {body.get('of')!r}; the only output format is 'blosc'", parameter="of"
        )


def _names(body: Mapping[str, Any], key: str, most: int) -> tuple[str, ...]:
    value = body.get(key)
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list) or not value:
        raise BadRequest(f"{key} must be a list of at least one string", parameter=key)
    if len(value) > most:
        raise BadRequest(f"{key} has {len(value)} members; at most {most} are read", parameter=key)
    for name in value:
        if not isinstance(name, str) or not name:
            raise BadRequest(f"{key} holds {name!r}; its members must be strings", parameter=key)
    return tuple(value)


def _text(body: Mapping[str, Any], key: str) -> str | None:
    value = body.get(key)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise BadRequest(f"{key} is {value!r}; it must be a string or null", parameter=key)
    return value


def _choice(body: Mapping[str, Any], key: str, choices: tuple[str, ...]) -> str | None:
    value = body.get(key)
    if value is None:
        return None
    if value not in choices:
        raise BadRequest(
            f"{key} is {value!r}; it must be one of {', '.join(choices)} or null", parameter=key
        )
    return str(value)


def _flag(body: Mapping[str, Any], key: str, *, default: bool) -> bool:
    value = body.get(key)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise BadRequest(f"{key} is {value!r}; it must be true or false", parameter=key)
    return value


def is_number(value: object) -> bool:
    """Return whether a JSON value is a finite number (a boolean is not)."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _resolution(body: Mapping[str, Any]) -> float | None:
    value = body.get("resolution")
    if value is None:
        return None
    if not is_number(value) or value <= 0:
        raise BadRequest(
            f"resolution is {value!r}; it must be a positive number in the units of srs",
            parameter="resolution",
        )
    return float(value)


def _size(body: Mapping[str, Any]) -> tuple[int, int] | None:
    value = body.get("outsize")
    if value is None:
        return None
    whole = isinstance(value, list) and all(is_number(n) and n == int(n) and n > 0 for n in value)
    if not whole or len(value) != 2:  # noqa: PLR2004 - a pair
        raise BadRequest(
            f"outsize is {value!r}; it must be [width, height], two positive whole numbers",
            parameter="outsize",
        )
    return int(value[0]), int(value[1])


def _bounds(body: Mapping[str, Any]) -> Bounds | None:
    value = body.get("outputBounds")
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 4 or not all(map(is_number, value)):  # noqa: PLR2004
        raise BadRequest(
            f"outputBounds is {value!r}; it must be [min x, min y, max x, max y], four numbers",
            parameter="outputBounds",
        )
    left, bottom, right, top = map(float, value)
    return left, bottom, right, top


def _scales(body: Mapping[str, Any], count: int) -> tuple[Scale | None, ...]:
    value = body.get("scales")
    if value is None:
        return (None,) * count
    if not isinstance(value, list) or len(value) > count:
        raise BadRequest(
            f"scales must be null or a list with a member for each of the {count} bands",
            parameter="scales",
        )
    # the published client appends the alpha band to the bands and not to the scales
    return tuple(_scale(member) for member in value) + (None,) * (count - len(value))


def _scale(member: object) -> Scale | None:
    if member is None:
        return None
    if (
        not isinstance(member, list)
        or len(member) not in {0, 2, 4}
        or not all(map(is_number, member))
    ):
        raise BadRequest(
            f"scales holds {member!r}; a member must be null, [], [in low, in high] or "
            "[in low, in high, out low, out high]",
            parameter="scales",
        )
    return tuple(map(float, member))


def _cutline(body: Mapping[str, Any]) -> str | None:
    value = body.get("shape")
    if value is None or value == "":
        return None
    if isinstance(value, dict):
        value = json.dumps(value)
    if not isinstance(value, str):
        raise BadRequest("shape must be GeoJSON or WKT, as a string", parameter="shape")
    if len(value) > MAX_CUTLINE_CHARACTERS:
        raise BadRequest(
            f"shape has {len(value)} characters; at most {MAX_CUTLINE_CHARACTERS} are read",
            parameter="shape",
        )
    return value
