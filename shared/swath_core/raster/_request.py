"""The body of ``POST /npz``: parsed and validated into one immutable request."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from swath_core.definitions import DATA_TYPES, PIXEL_SELECTIONS, WARP_RESAMPLERS
from swath_core.documents import finite, shown
from swath_core.errors import BadRequest

from .expressions import Expression, parse_expression, parse_mask

Bounds = tuple[float, float, float, float]
"""Left, bottom, right, top in the units of a CRS."""
Scale = tuple[float, ...]
"""Empty (automatic), (in low, in high) or (in low, in high, out low, out high)."""

MAX_IMAGES = 1_000
MAX_BANDS = 256
MAX_READS = 100_000
"""Images times bands."""
MAX_NAME_CHARACTERS = 1_000
MAX_TEXT_CHARACTERS = 8_192
"""Of a CRS: no more is parsed."""
MAX_COORDINATE = 1e12
"""In the units of a CRS: beyond it, and below its reciprocal, there are no pixels on Earth."""
MAX_CUTLINE_CHARACTERS = 2_000_000
_BEYOND = ("expressions", "mask", "pixel_selection")
"""Members that the contract does not have."""
_OTHERS = frozenset({"mask_nodata", "mask_alpha", "masked"})
"""Members of the contract, and an argument of its clients, that look like one of those."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RasterRequest:
    """What to compute: which images and bands, on which grid, scaled and masked how.

    ``crs``, ``bounds_crs`` and ``cutline`` are the caller's texts; ``scales`` has one member per
    band. ``mask_alpha`` None means: where the last band is an alpha band. ``expressions`` are those
    members of ``bands`` that are computed, by name; ``mask`` is true where an image's pixel does
    not count; ``selection`` is one of PIXEL_SELECTIONS.
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
    expressions: Mapping[str, Expression] = field(default_factory=dict)
    mask: Expression | None = None
    selection: str = PIXEL_SELECTIONS[0]

    @property
    def is_native(self) -> bool:
        """Whether the grid is left to the images altogether, but for the CRS."""
        return self.bounds is None and self.size is None and self.resolution is None


def parse_request(body: Mapping[str, Any]) -> RasterRequest:
    """Return the request of a decoded body; members that are not of the contract are ignored.

    Those that are nearly called like one beyond the contract are refused: they were not ignored
    on purpose.

    Raises BadRequest with the member at fault, what it is and what would be right.
    """
    ids, bands = _names(body, "ids", MAX_IMAGES), _names(body, "bands", MAX_BANDS)
    if len(ids) * len(bands) > MAX_READS:
        raise BadRequest(
            f"{len(ids)} ids times {len(bands)} bands are {len(ids) * len(bands)} reads; one "
            f"request may ask for at most {MAX_READS}",
            parameter="bands",
        )
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
        ids=ids,
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
        expressions=_expressions(body, bands),
        mask=None if body.get("mask") is None else parse_mask(body["mask"], "mask"),
        selection=_choice(body, "pixel_selection", PIXEL_SELECTIONS) or PIXEL_SELECTIONS[0],
    )


def _refuse_unoffered(body: Mapping[str, Any]) -> None:
    if body.get("output_window") is not None:
        raise BadRequest(
            "output_window is not offered; give the area as outputBounds",
            parameter="output_window",
        )
    for name in body:
        near = () if name in _BEYOND else get_close_matches(name[:100], _BEYOND, 1, 0.75)
        if near and name not in _OTHERS:
            raise BadRequest(
                f"there is no member {shown(name)}; did you mean {near[0]!r}?", parameter=near[0]
            )
    if body.get("of") not in (None, "blosc"):
        raise BadRequest(
            f"of is {shown(body.get('of'))}; the only output format is 'blosc'", parameter="of"
        )


def _expressions(body: Mapping[str, Any], bands: tuple[str, ...]) -> dict[str, Expression]:
    value = body.get("expressions")
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadRequest(
            f"expressions is {shown(value)}; it must be an object whose members name expressions, "
            'as {"ndvi": "(nir - red) / (nir + red)"}',
            parameter="expressions",
        )
    unused = [name for name in value if name not in bands]
    if unused:
        raise BadRequest(
            f"expressions has {shown(unused[0])}, which is not among bands: name it there where "
            "it shall be in the array",
            parameter="expressions",
        )
    return {name: parse_expression(text, "expressions") for name, text in value.items()}


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
            raise BadRequest(
                f"{key} holds {shown(name)}; its members must be strings", parameter=key
            )
        _check_text(key, name, MAX_NAME_CHARACTERS)
    return tuple(value)


def _text(body: Mapping[str, Any], key: str) -> str | None:
    value = body.get(key)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise BadRequest(f"{key} is {shown(value)}; it must be a string or null", parameter=key)
    _check_text(key, value, MAX_TEXT_CHARACTERS)
    return value


def _check_text(key: str, text: str, most: int) -> None:
    if len(text) > most:
        raise BadRequest(
            f"{key} has {len(text)} characters; at most {most} are read", parameter=key
        )
    if not text.isprintable() and re.search("[\0\ud800-\udfff]", text):
        raise BadRequest(
            f"{key} is {shown(text)}; it must be a text without NUL and surrogates", parameter=key
        )


def _choice(body: Mapping[str, Any], key: str, choices: tuple[str, ...]) -> str | None:
    value = body.get(key)
    if value is None:
        return None
    if value not in choices:
        raise BadRequest(
            f"{key} is {shown(value)}; it must be one of {', '.join(choices)} or null",
            parameter=key,
        )
    return str(value)


def _flag(body: Mapping[str, Any], key: str, *, default: bool) -> bool:
    value = body.get(key)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise BadRequest(f"{key} is {shown(value)}; it must be true or false", parameter=key)
    return value


def _resolution(body: Mapping[str, Any]) -> float | None:
    value = body.get("resolution")
    if value is None:
        return None
    number = finite(value)
    if number is None or not 1 / MAX_COORDINATE <= number <= MAX_COORDINATE:
        raise BadRequest(
            f"resolution is {shown(value)}; it must be a positive number in the units of srs",
            parameter="resolution",
        )
    return number


def _size(body: Mapping[str, Any]) -> tuple[int, int] | None:
    value = body.get("outsize")
    if value is None:
        return None
    sides = [finite(side) for side in value] if isinstance(value, list) else []
    whole = [int(side) for side in sides if side is not None and side > 0 and side.is_integer()]
    if len(sides) != 2 or len(whole) != 2 or max(whole) > MAX_COORDINATE:  # noqa: PLR2004 - a pair
        raise BadRequest(
            f"outsize is {shown(value)}; it must be [width, height], two positive whole numbers",
            parameter="outsize",
        )
    return whole[0], whole[1]


def _bounds(body: Mapping[str, Any]) -> Bounds | None:
    value = body.get("outputBounds")
    if value is None:
        return None
    found = [finite(side) for side in value] if isinstance(value, list) else []
    sides = [side for side in found if side is not None and abs(side) <= MAX_COORDINATE]
    if len(found) != 4 or len(sides) != 4:  # noqa: PLR2004 - sides of a box
        raise BadRequest(
            f"outputBounds is {shown(value)}; it must be [min x, min y, max x, max y], four "
            "numbers",
            parameter="outputBounds",
        )
    left, bottom, right, top = sides
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
    numbers = [finite(each) for each in member] if isinstance(member, list) else [None]
    scale = tuple(number for number in numbers if number is not None)
    if len(scale) != len(numbers) or len(scale) not in {0, 2, 4}:
        raise BadRequest(
            f"scales holds {shown(member)}; a member must be null, [], [in low, in high] or "
            "[in low, in high, out low, out high]",
            parameter="scales",
        )
    return scale


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
