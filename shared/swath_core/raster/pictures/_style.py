"""How pixels become colours: ranges and colormaps, from the query and from the bands.

The named maps are matplotlib's, at 17 evenly spaced places; between them colours are interpolated.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np

from swath_core.definitions import WARP_RESAMPLERS, common_name
from swath_core.documents import Document, shown
from swath_core.errors import BadRequest
from swath_core.raster import Product, Scale, find_band
from swath_core.raster.expressions import Expression, parse_expression, parse_mask

Colours = np.ndarray[Any, np.dtype[np.uint8]]

RGB = 3


@dataclass(frozen=True, slots=True)
class Style:
    """How pixels become colours: one band through a table, or three as red, green and blue.

    ``expressions`` are those of the bands that are computed; ``mask`` hides pixels.
    """

    bands: tuple[str, ...]
    scales: tuple[Scale | None, ...]
    resampling: str
    table: Colours | None = None
    expressions: Mapping[str, Expression] = field(default_factory=dict)
    mask: Expression | None = None


def style_of(product: Product, query: Mapping[str, str]) -> Style:
    """Return the style that a query asks for, completed from the product's bands.

    ``bands`` (one or three, separated by commas) or ``expression`` (one or three, separated by
    semicolons), ``range`` (low,high for all of them), ``colormap``, ``resampling`` and ``mask``
    may be given. Raises BadRequest.
    """
    mask = parse_mask(query["mask"], "mask") if "mask" in query else None
    _check_names(product, [] if mask is None else [mask])
    if "expression" in query:
        return replace(_computed(product, query), mask=mask)
    return replace(_of_bands(product, query), mask=mask)


def _of_bands(product: Product, query: Mapping[str, str]) -> Style:
    names = _band_names(product, query)
    bands = [find_band(product, name) for name in names]
    resampling = _resampling(query)
    table = _table(bands[0], query) if len(bands) == 1 else None
    picks = table is not None and bool(bands[0].get("colormap")) and "colormap" not in query
    if picks:  # a class: its value is its place in the table
        return Style(tuple(names), (None,), "near", table)
    scales = tuple((*_range(band, query), 0.0, 255.0) for band in bands)
    return Style(tuple(names), scales, resampling, table)


def _computed(product: Product, query: Mapping[str, str]) -> Style:
    """Return the style of expressions, which have no range of their own."""
    if query.get("bands"):
        raise BadRequest("give expression or bands, not both", parameter="bands")
    if "range" not in query:
        raise BadRequest(
            "range is missing: an expression has no display_range; give low,high, as -1,1",
            parameter="range",
        )
    texts = [text.strip() for text in query["expression"].split(";")]
    if len(texts) not in {1, RGB}:
        raise BadRequest(
            f"a picture takes one expression or three (red; green; blue), not {len(texts)}",
            parameter="expression",
        )
    parsed = [parse_expression(text, "expression") for text in texts]
    _check_names(product, parsed)
    taken = {str(band.get("name")) for band in product[1]}
    # a band of its own name, whatever the product's bands are called
    names = [text if text not in taken else f"({text})" for text in texts]
    low, high = _numbers(query["range"])
    table = colormap(query["colormap"]) if "colormap" in query and len(texts) == 1 else None
    return Style(
        bands=tuple(names),
        scales=((low, high, 0.0, 255.0),) * len(names),
        resampling=_resampling(query),
        table=table,
        expressions=dict(zip(names, parsed, strict=True)),
    )


def _check_names(product: Product, expressions: Sequence[Expression]) -> None:
    for expression in expressions:
        for name in expression.bands:
            find_band(product, name, expression.parameter)


def _resampling(query: Mapping[str, str]) -> str:
    resampling = query.get("resampling", "near")
    if resampling not in WARP_RESAMPLERS:
        raise BadRequest(
            f"resampling is {shown(resampling)}; it must be one of {', '.join(WARP_RESAMPLERS)}",
            parameter="resampling",
        )
    return resampling


def _band_names(product: Product, query: Mapping[str, str]) -> list[str]:
    document, bands = product
    asked = [name for name in query.get("bands", "").split(",") if name]
    ordered = sorted(bands, key=lambda band: band.get("sort_order") or 0)
    visible = [str(band.get("name")) for band in ordered if band.get("type") != "mask"]
    display = [name for name in document.get("default_display_bands") or () if name in visible]
    names = asked or _drawable(display) or _colours(ordered) or _drawable(visible)
    if len(names) not in {1, RGB}:
        raise BadRequest(
            f"a picture takes one band or three (red, green, blue), not {len(names)}",
            parameter="bands",
        )
    return names


def _drawable(names: list[str]) -> list[str]:
    return names[:RGB] if len(names) >= RGB else names[:1]


def _colours(bands: Sequence[Document]) -> list[str]:
    """Return the names of the red, the green and the blue band; of nothing if one is missing."""
    found = {common_name(band.attributes): str(band.get("name")) for band in reversed(bands)}
    names = [found[each] for each in ("red", "green", "blue") if each in found]
    return names if len(names) == RGB else []


def _table(band: Document, query: Mapping[str, str]) -> Colours | None:
    name = query.get("colormap")
    if name is not None:
        return colormap(name)
    if band.get("colormap"):
        return class_colours(band.get("colormap"))
    named = band.get("colormap_name")
    return colormap(str(named)) if named else None


def _range(band: Document, query: Mapping[str, str]) -> tuple[float, float]:
    if "range" in query:
        return _numbers(query["range"])
    low, high = band.get("display_range") or band.get("data_range") or (0.0, 255.0)
    return float(low), float(high)


def _numbers(text: str) -> tuple[float, float]:
    try:
        low, high = map(float, text.split(","))
    except ValueError:
        low = high = math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise BadRequest(
            f"range is {shown(text)}; it must be two numbers, low,high", parameter="range"
        )
    return low, high


def coloured(data: np.ndarray[Any, Any], mask: np.ndarray[Any, Any], style: Style) -> Colours:
    """Return (4, rows, columns) red, green, blue and opacity of 8-bit data."""
    visible = ~mask.any(axis=0)
    if style.table is not None:
        picture: Colours = style.table[data[0]].transpose(2, 0, 1).copy()
        picture[3] = np.where(visible, picture[3], 0)
        return picture
    colours = data if data.shape[0] == RGB else np.repeat(data[:1], RGB, axis=0)
    opacity = np.where(visible, 255, 0).astype(np.uint8)
    return np.concatenate([colours, opacity[None]])


_ANCHORS = {
    "magma": (
        "000004 0a0822 1d1147 36106b 51127c 6a1c81 832681 9c2e7f b73779 "
        "d0416f e75263 f56b5c fc8961 fea772 fec488 fde2a3 fcfdbf"
    ),
    "inferno": (
        "000004 0b0724 210c4a 3d0965 57106e 71196e 8a226a a32c61 bc3754 "
        "d24644 e45a31 f1731d f98e09 fcac11 f9cb35 f2ea69 fcffa4"
    ),
    "plasma": (
        "0d0887 310597 4c02a1 6600a7 7e03a8 9511a1 aa2395 bc3587 cc4778 "
        "da5a6a e66c5c f0804e f89540 fdac33 fdc527 f8df25 f0f921"
    ),
    "viridis": (
        "440154 48186a 472d7b 424086 3b528b 33638d 2c728e 26828e 21918c "
        "1fa088 28ae80 3fbc73 5ec962 84d44b addc30 d8e219 fde725"
    ),
    "cool": (
        "00ffff 10efff 20dfff 30cfff 40bfff 50afff 609fff 708fff 807fff "
        "906fff a05fff b04fff c03fff d02fff e01fff f00fff ff00ff"
    ),
    "hot": (
        "0b0000 350000 5f0000 890000 b30000 dd0000 ff0800 ff3200 ff5c00 "
        "ff8600 ffb000 ffda00 ffff07 ffff46 ffff85 ffffc4 ffffff"
    ),
    "coolwarm": (
        "3b4cc0 4e68d8 6282ea 779af7 8db0fe a3c2fe b9d0f9 ccd9ed dddcdc "
        "ecd3c5 f5c4ac f7b093 f4987a eb7d62 dd5f4b ca3b37 b40426"
    ),
    "bwr": (
        "0000ff 2020ff 4040ff 6060ff 8080ff a0a0ff c0c0ff e0e0ff fffefe "
        "ffdede ffbebe ff9e9e ff7e7e ff5e5e ff3e3e ff1e1e ff0000"
    ),
    "gist_earth": (
        "000000 0b1575 153978 20597b 2b737e 348576 3b8e62 43974f 5ea04b "
        "7fa853 99af58 b4b65d bdab62 c8a779 dab7a0 ecd3ce fdfbfb"
    ),
    "terrain": (
        "333399 1e5ec4 0888ee 00acc4 01cc66 41d973 81e680 c1f38d fefe98 "
        "ded587 beac76 9e8365 815e56 a18781 c1b0ac e1d9d7 ffffff"
    ),
}
NAMES = tuple(_ANCHORS)


@lru_cache(maxsize=len(_ANCHORS))
def colormap(name: str) -> Colours:
    """Return the 256 colours of a named map, (256, 4) red, green, blue, opacity.

    Raises BadRequest for a name that is none of NAMES.
    """
    if name not in _ANCHORS:
        raise BadRequest(
            f"there is no colormap {shown(name)}; there are: {', '.join(NAMES)}",
            parameter="colormap",
        )
    anchors = np.array([list(bytes.fromhex(text)) for text in _ANCHORS[name].split()], float)
    at = np.linspace(0, len(anchors) - 1, 256)
    places = np.arange(len(anchors))
    channels = [np.interp(at, places, anchors[:, channel]) for channel in range(3)]
    opaque = np.full(256, 255.0)
    table: Colours = np.rint(np.column_stack([*channels, opaque])).astype(np.uint8)
    return table


def class_colours(entries: list[list[int]]) -> Colours:
    """Return the colours of a class band's own colormap: entry n is the colour of value n.

    Entries are [red, green, blue] or [red, green, blue, opacity]; values beyond them are invisible.
    """
    table = np.zeros((256, 4), np.uint8)
    for value, entry in enumerate(entries[:256]):
        table[value] = [*entry[:3], entry[3] if len(entry) > 3 else 255]  # noqa: PLR2004
    return table
