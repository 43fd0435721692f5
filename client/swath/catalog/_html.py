"""How objects look in a notebook: attributes, footprint, time line and preview, without scripts."""

from __future__ import annotations

import base64
import html
import urllib.parse
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from swath.errors import SwathError

from ._enums import DocumentState
from ._resource import Resource

_WORLD = (360, 180)  # pixels of the little map, one per degree
_LINE = (360, 28)
_ROWS = 10  # objects of a collection that are shown
_COLUMNS = ("id", "name", "type", "acquired", "cloud_fraction", "cs_code", "data_type", "status")
_LONG = 300  # characters of a value that are shown
_STYLE = "border:1px solid #8884;padding:.5em 1em;display:inline-block;font-size:90%"


def object_html(item: Resource) -> str:
    """The object as a box: a heading, what there is to draw, a table of its attributes."""
    name = getattr(item, "name", None) or item.id
    head = f"<b>{_text(type(item).__name__)}: {_text(name)}</b> <i>{_text(item.state)}</i>"
    drawn = [_footprint(item), _preview(item), _time_line(item)]
    figures = "".join(f"<div style='margin:.3em'>{figure}</div>" for figure in drawn if figure)
    rows = "".join(
        f"<tr><td style='text-align:left'>{_text(key)}</td>"
        f"<td style='text-align:left'>{_text(_shorter(value))}</td></tr>"
        for key, value in item.to_dict().items()
        if value not in (None, [], {}) and key != "geometry"
    )
    return f"<div style='{_STYLE}'>{head}{figures}<table>{rows}</table></div>"


def collection_html(title: str, facts: Sequence[str], items: Sequence[Any]) -> str:
    """Several objects as a box: where they are, and the first of them in a table."""
    shapes = [shape for item in items if (shape := getattr(item, "geometry", None)) is not None]
    told = [getattr(item, "properties", item) for item in items[:_ROWS]]  # a scene tells its image
    names = [n for n in _COLUMNS if any(getattr(item, n, None) is not None for item in told)]
    head = "".join(f"<th style='text-align:left'>{_text(name)}</th>" for name in names)
    rows = "".join(
        "<tr>"
        + "".join(f"<td>{_text(_shorter(getattr(item, n, None)))}</td>" for n in names)
        + "</tr>"
        for item in told
    )
    more = f"<small>and {len(items) - _ROWS} more</small>" if len(items) > _ROWS else ""
    words = "".join(f"<br/>{_text(fact.strip(' *'))}" for fact in facts)
    table = f"<table><tr>{head}</tr>{rows}</table>" if rows else ""
    return f"<div style='{_STYLE}'><b>{_text(title)}</b>{words}{_map(shapes)}{table}{more}</div>"


def search_html(title: str, members: Mapping[str, Any], area: Any) -> str:
    """A search as a box: what it asks for, and where. Nothing is requested for it."""
    rows = "".join(
        f"<tr><td style='text-align:left'>{_text(name)}</td>"
        f"<td style='text-align:left'>{_text(_shorter(value))}</td></tr>"
        for name, value in members.items()
    )
    return f"<div style='{_STYLE}'><b>{_text(title)}</b>{_map(area)}<table>{rows}</table></div>"


def _footprint(item: Resource) -> str:
    shape = getattr(item, "geometry", None)
    return "" if shape is None else _map([shape])


def _map(shapes: Sequence[Any]) -> str:
    """Areas filled, on a graticule of 30 degrees, and their bounds in words; nothing of none."""
    if not shapes:
        return ""
    width, height = _WORLD
    lines = "".join(
        [f"<line x1='{x}' y1='0' x2='{x}' y2='{height}'/>" for x in range(0, width + 1, 30)]
        + [f"<line x1='0' y1='{y}' x2='{width}' y2='{y}'/>" for y in range(0, height + 1, 30)]
    )
    sides = list(zip(*(shape.bounds for shape in shapes), strict=True))
    west, south, east, north = min(sides[0]), min(sides[1]), max(sides[2]), max(sides[3])
    x, y = (west + east) / 2 + 180, 90 - (south + north) / 2
    parts = [part for shape in shapes for part in getattr(shape, "geoms", [shape])]
    path = "".join(_path(part) for part in parts if part.geom_type == "Polygon")
    words = f"{west:.4f}, {south:.4f} to {east:.4f}, {north:.4f}"
    return (
        f"<svg width='{width}' height='{height}' viewBox='0 0 {width} {height}'>"
        f"<g stroke='#8886' stroke-width='.5'>{lines}</g>"
        f"<path d='{path}' fill='#d33' fill-rule='evenodd' stroke='#d33'/>"
        f"<circle cx='{x:.2f}' cy='{y:.2f}' r='6' fill='none' stroke='#d33'/></svg>"
        f"<br/><small>{words}</small>"
    )


def _path(polygon: Any) -> str:
    rings = [polygon.exterior, *polygon.interiors]
    return "".join(
        "M" + "L".join(f"{x + 180:.3f} {90 - y:.3f}" for x, y, *_ in ring.coords) + "Z"
        for ring in rings
    )


def _preview(item: Resource) -> str:
    """The provider's picture where there is one, else the catalog's own, put into the page."""
    url = getattr(item, "preview_url", None)
    if not url or not str(url).startswith(("https://", "http://")):
        url = _rendered(item)
    return f"<img src='{_text(url)}' style='max-width:256px' alt='preview'/>" if url else ""


def _rendered(item: Resource) -> str | None:
    """The catalog's preview of a saved image as a data URL; None where there are no pixels.

    A box without a picture is better than an error in a notebook's display.
    """
    if not getattr(item, "x_pixels", None) or item.state != DocumentState.SAVED:
        return None
    identifier = urllib.parse.quote(str(item.id), safe="")
    client = item.client
    try:
        answer = client.http.request(
            "GET", f"{client.settings.raster_root}/images/{identifier}/preview.png?size=256"
        )
    except SwathError:
        return None
    return "data:image/png;base64," + base64.b64encode(answer.content).decode()


def _time_line(item: Resource) -> str:
    """The span of a product, or the moment of an image, between its surroundings in years."""
    first = getattr(item, "start_datetime", None) or getattr(item, "acquired", None)
    last = getattr(item, "end_datetime", None) or getattr(item, "acquired_end", None) or first
    if first is None or last is None:
        return ""
    begin, end = first.year - 1, max(last.year, datetime.now(UTC).year) + 1
    width, height = _LINE
    per_year = width / (end - begin)

    def place(moment: datetime) -> float:
        return float((moment.year - begin + moment.timetuple().tm_yday / 366) * per_year)

    bar = max(place(last) - place(first), 3.0)
    return (
        f"<svg width='{width}' height='{height}'><line x1='0' y1='8' x2='{width}' y2='8' "
        f"stroke='#8888'/><rect x='{place(first):.1f}' y='4' width='{bar:.1f}' height='8' "
        f"fill='#d33'/><g font-size='10' fill='#888'><text x='0' y='25'>{begin}</text>"
        f"<text x='{width}' y='25' text-anchor='end'>{end}</text></g></svg>"
    )


def _shorter(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _LONG else f"{text[:_LONG]}..."


def _text(value: object) -> str:
    return html.escape(str(value), quote=True)
