"""`swath products`, `bands` and `images`."""

from __future__ import annotations

import re
from argparse import Namespace
from pathlib import Path
from typing import Any

from swath.catalog import Band, Expression, Image, ImageSearch, Product, SummaryResult
from swath.catalog import properties as p
from swath.errors import NotFoundError

from ._output import client_of, emit, emit_json, emit_object, pairs

_WHERE = re.compile(r"(\w+)\s*(<=|>=|!=|=|<|>)\s*(.*)")


def products(options: Namespace) -> None:
    """A table of products, or one in full."""
    client = client_of(options)
    if options.id:
        emit_object(options, Product._find(options.id, client=client).to_dict())
        return
    search = Product.search(client=client).sort("name")
    search = search.find_text(options.text) if options.text else search
    search = search if options.limit is None else search.limit(options.limit)
    rows = ([x.id, x.name, x.start_datetime, x.end_datetime, x.created] for x in search)
    emit(options, ("id", "name", "start", "end", "created"), rows)


def bands(options: Namespace) -> None:
    """A table of a product's bands."""
    product = Product._find(options.product, client=client_of(options))
    emit(
        options,
        ("name", "type", "data_type", "file", "band", "resolution", "nodata", "data_range"),
        (_band(band) for band in product.bands()),
    )


def search(options: Namespace) -> None:
    """A table of images, a FeatureCollection or the plan."""
    found = search_of(options).sort(options.sort).limit(options.limit)
    if options.explain:
        emit_json(found.explain())
    elif options.geojson:
        emit_json(found.to_geojson())
    else:
        rows = ([x.id, x.acquired, x.cloud_fraction, x.cs_code, _bytes(x)] for x in found)
        emit(options, ("id", "acquired", "cloud_fraction", "crs", "bytes"), rows)


def count(options: Namespace) -> None:
    """A number."""
    number = search_of(options).count()
    emit_json({"count": number}) if options.json else print(number)


def summary(options: Namespace) -> None:
    """Sums over all matches, or per interval."""
    found = search_of(options)
    if options.interval:
        rows = (
            [bucket.interval_start, *_sums(bucket)]
            for bucket in found.summary_interval(interval=options.interval)
        )
        emit(options, ("from", "images", "bytes"), rows)
        return
    whole = found.summary()
    images, size = _sums(whole)
    emit_object(options, {"images": images, "bytes": size, "products": whole.products or []})


def show(options: Namespace) -> None:
    """One image in full."""
    image = Image.get(options.id, client=client_of(options))
    if image is None:
        raise NotFoundError(f"there is no image {options.id!r}, or it is not yours to see")
    emit_object(options, image.to_dict())


def search_of(options: Namespace) -> ImageSearch:
    """The search that the search options describe."""
    found = Image.search(client=client_of(options))
    products = [*(options.product or []), *getattr(options, "products", [])]
    if products:
        found = found.filter(p.product_id.in_(products))
    if options.intersects:
        found = found.intersects(area_of(options.intersects))
    if options.after:
        found = found.filter(p.acquired >= options.after)
    if options.before:
        found = found.filter(p.acquired < options.before)
    if options.cloud is not None:
        found = found.filter(p.cloud_fraction < options.cloud)
    return found.filter(*map(_condition, options.where))


def area_of(text: str) -> Any:
    """An area: `W,S,E,N`, the path of a file that holds one, GeoJSON or WKT."""
    numbers = text.split(",")
    if len(numbers) == 4 and not text.lstrip().startswith(("{", "P", "M")):  # noqa: PLR2004 - W,S,E,N
        return tuple(map(float, numbers))
    if not text.lstrip().startswith("{") and "(" not in text:
        return Path(text).read_text("utf-8")
    return text


def _condition(text: str) -> Expression:
    match = _WHERE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no condition: NAME=VALUE, or with != < > <= >=")
    name, operator, value = match.groups()
    wanted = pairs([f"{name}={value}"])[name]
    prop = getattr(p, name)
    compared: dict[str, Any] = {
        "=": prop.__eq__, "!=": prop.__ne__, "<": prop.__lt__, ">": prop.__gt__,
        "<=": prop.__le__, ">=": prop.__ge__,
    }  # fmt: skip
    expression: Expression = compared[operator](wanted)
    return expression


def _band(band: Band) -> list[Any]:
    resolution = None if band.resolution is None else str(band.resolution)
    data_range = None if band.data_range is None else list(band.data_range)
    index = (band.file_index or 0, band.band_index)
    return [band.name, band.type, band.data_type, *index, resolution, band.nodata, data_range]


def _sums(result: SummaryResult) -> tuple[int, int]:
    return result.count, result.bytes


def _bytes(image: Image) -> int | None:
    sizes = [file.size_bytes for file in image.files if file.size_bytes is not None]
    return sum(sizes) if sizes else None
