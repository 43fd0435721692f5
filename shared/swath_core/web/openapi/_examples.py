"""Bodies of requests as pages offer them: each is answered as it stands, by a caller of acme.

Those that make something make it in the order of the table: a product, its bands, its images, an
upload. The others are about what these made, or find something in any catalog.
"""

from __future__ import annotations

import json
from typing import Any

from swath_core.web.routes import Route

Example = Any

_PRODUCT, _IMAGE = "acme:hills", "acme:hills:first"
_AREA: Example = {
    "type": "Polygon",
    "coordinates": [
        [[8.0, 46.0], [8.2, 46.0], [8.2, 46.1], [8.0, 46.1], [8.0, 46.0]],
    ],
}
_ACQUIRED = "2024-05-01T10:00:00Z"
_SINCE = {"name": "created", "op": "gte", "val": "2020-01-01"}
_PIXELS: Example = {"ids": [_IMAGE], "bands": ["red"]}


def example(route: Route) -> Example:
    """Return a body of a route that takes one: its own, or that of all routes with its schema."""
    found = _OF_ROUTES.get(route.name)
    return _OF_SCHEMAS[str(route.request)] if found is None else found


def _data(kind: str, attributes: Example, **more: str) -> Example:
    return {"data": {"type": kind, **more, "attributes": attributes}}


def _search(sort: str, **more: Example) -> Example:
    return {"filter": json.dumps([_SINCE]), "sort": sort, "limit": 10, **more}


def _image(name: str) -> Example:
    attributes = {
        "name": name,
        "product_id": _PRODUCT,
        "acquired": _ACQUIRED,
        "geometry": _AREA,
        "storage_state": "remote",
    }
    return {"type": "image", "id": f"{_PRODUCT}:{name}", "attributes": attributes}


def _item(name: str) -> Example:
    return {
        "type": "Feature",
        "id": name,
        "geometry": _AREA,
        "properties": {"datetime": _ACQUIRED},
        "assets": {},
    }


def _upload() -> Example:
    to_be = {"name": "second", "product_id": _PRODUCT, "acquired": _ACQUIRED}
    image = {"data": {"type": "image", "id": f"{_PRODUCT}:second", "attributes": to_be}}
    return {
        "image_id": f"{_PRODUCT}:second",
        "image": image,
        "image_upload_options": {"upload_type": "file", "image_files": ["red.tif"]},
    }


_RED: Example = {
    "name": "red",
    "product_id": _PRODUCT,
    "type": "spectral",
    "data_type": "UInt16",
    "data_range": [0, 10000],
    "display_range": [0, 3000],
    "resolution": "30m",
    "band_index": 0,
}
_OF_SCHEMAS: dict[str, Example] = {
    "NewProduct": _data("product", {"name": "Hills from above"}, id=_PRODUCT),
    "ProductChange": _data("product", {"description": "The hills, seen in summer."}),
    "ProductSearch": _search("name"),
    "NewBand": _data("band", _RED, id=f"{_PRODUCT}:red"),
    "BandChange": _data("band", {"display_range": [0, 2500]}),
    "BandSearch": _search("id"),
    "NewImage": {"data": _image("first")},
    "NewImages": {"data": [_image("third"), _image("fourth")]},
    "ImageChange": _data("image", {"cloud_fraction": 0.2}),
    "ImageSearch": _search("-acquired", intersects=json.dumps(_AREA)),
    "IntervalSearch": {"filter": json.dumps([_SINCE])},
    "NewUpload": _data("image_upload", _upload()),
    "UploadChange": _data("image_upload", {"status": "canceled"}),
    "UploadSearch": _search("id"),
    "NewDeleteTask": _data("product_delete_task", {}),
    "NewUpdateTask": _data("product_update_acls", {}),
    "AnySearch": {},
    "NewStacCollection": {
        "type": "Collection",
        "id": _PRODUCT,
        "title": "Hills from above",
        "description": "The hills, seen in summer.",
    },
    "NewStacItem": _item("first"),
    "NewStacItems": _item("fifth"),
    "StacSearch": {
        "bbox": [-180, -90, 180, 90],
        "datetime": "2020-01-01T00:00:00Z/..",
        "sortby": [{"field": "properties.datetime", "direction": "desc"}],
        "limit": 10,
    },
    "StacAggregation": {
        "aggregations": ["total_count", "datetime_frequency"],
        "datetime_frequency_interval": "year",
    },
    "RasterRequest": {**_PIXELS, "outsize": [64, 64]},
    "StatisticsRequest": _PIXELS,
}
_OF_ROUTES: dict[str, Example] = {
    "changeStacCollection": {"title": "Hills from far above"},
    "changeStacItem": {"properties": {"eo:cloud_cover": 20}},
}
"""Of routes whose schema does not say what they are about."""
