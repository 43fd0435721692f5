"""Items: images as STAC has them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from swath_core.catalog import RemoteBuckets, remote_href
from swath_core.documents import Attributes, Document

from ._areas import bounds_of
from ._assets import Asset, FileForm, default_key, file_forms
from ._extensions import RESERVED_PREFIXES, extensions_of
from ._links import GEOJSON, Addresses, Link, link, quoted, segment
from ._overlay import overlaid_item
from ._properties import EXTRA_PREFIX, PLAIN, PREFIX, SHOWN
from ._signing import ItemSigner

STAC_VERSION = "1.1.0"

_WKT2 = re.compile(r"\s*(PROJ|GEOD|GEOG|BOUND|COMPOUND|ENG|DERIVEDPROJ)[A-Z]*CRS\[", re.IGNORECASE)
_CORE = frozenset(
    {
        *("title", "description", "keywords", "roles", "datetime", "start_datetime", "gsd"),
        *("end_datetime", "created", "updated", "published", "expires", "unpublished", "license"),
        *("providers", "platform", "instruments", "constellation", "mission", "bands", "nodata"),
        *("data_type", "statistics", "unit", "collection", "stac_extensions"),
    }
)
"""Names that the specification gives a meaning: an extra property so called may not have it."""
_OF_GRID = ("proj:transform", "proj:shape")
_ALIKE = 1e-6

Item = dict[str, Any]


class ItemForm:
    """How the images of one product become items; what is alike in all of them is made once."""

    def __init__(
        self,
        product_id: str,
        bands: Sequence[Document],
        addresses: Addresses,
        bucket: str,
        signer: ItemSigner | None = None,
        remote: RemoteBuckets | None = None,
    ) -> None:
        self.product_id = product_id
        self._remote = remote or RemoteBuckets()
        self._signer = signer
        self._addresses = addresses
        self._own = f"s3://{bucket}/" if bucket else None
        self._files = file_forms(bands)
        self._has_pictures = bool(bands)
        self._items = f"{addresses.items(product_id)}/"
        self._above = addresses.above_item(product_id)
        self._without_bands: dict[int, FileForm] = {}
        self._known: dict[object, list[str]] = {}

    def item(self, image: Document) -> Item:
        """Return the item of an image, as it came if it came as one."""
        found, kept, files = self.derived(image), image.get("stac"), image.get("files") or ()
        if kept is not None:
            hrefs = {str(remote_href(file)) for file in files}
            found = overlaid_item(found, kept, hrefs)
        if self._signer is None:
            return found
        own = {self.key(i): str(file["href"]) for i, file in enumerate(files) if self.is_own(file)}
        return self._signer.signed(found, image.id, own)

    def derived(self, image: Document) -> Item:
        """Return the item that the attributes of an image make."""
        pictured, address = self._pictured(image), self._items + quoted(image.get("name"))
        assets, grid = self._assets(image, address, pictured=pictured), _grid(image)
        properties = _properties(image)
        if self._one_grid:
            properties |= grid
        else:
            properties |= {name: each for name, each in grid.items() if name not in _OF_GRID}
            self._place(assets, grid, image)
        links = self._links(image, address, pictured=pictured)
        geometry = image.get("geometry")
        found: Item = {
            "type": "Feature",
            "stac_version": STAC_VERSION,
            "stac_extensions": self._extensions(properties, assets, links),
            "id": image.get("name"),
            "collection": self.product_id,
            "geometry": geometry,
            "properties": properties,
            "links": links,
            "assets": assets,
        }
        if geometry is not None:
            found["bbox"] = bounds_of(geometry)
        return found

    def _extensions(
        self, properties: Attributes, assets: Mapping[str, Asset], links: Sequence[Link]
    ) -> list[str]:
        """Return the extensions of an item; items of a page are mostly made of the same members.

        The bands of an asset follow from its key.
        """
        of_assets = tuple((key, *asset) for key, asset in assets.items())
        members = (tuple(properties), of_assets, len(links))
        if members not in self._known:
            self._known[members] = extensions_of(properties, assets.values(), links)
        return list(self._known[members])

    # ---- assets

    def _assets(self, image: Document, address: str, *, pictured: bool) -> dict[str, Asset]:
        made: dict[str, Asset] = {}
        for index, file in enumerate(image.get("files") or ()):
            form = self._form(index)
            own = self.is_own(file)
            href = f"{address}/assets/{segment(form.key)}" if own else str(remote_href(file))
            made[form.key] = form.asset(href, file, own=own)
        if pictured:
            href = self._addresses.picture("images", image.id, "preview.png")
            made["thumbnail"] = {"href": href, "type": "image/png", "roles": ["thumbnail"]}
        return made

    @property
    def keys(self) -> dict[int, str]:
        """The keys of the files that hold bands, by index."""
        return {index: form.key for index, form in self._files.items()}

    def key(self, index: int) -> str:
        """Return the key of the asset of a file."""
        return self._form(index).key

    def _form(self, index: int) -> FileForm:
        found = self._files.get(index) or self._without_bands.get(index)
        if found is None:
            found = self._without_bands[index] = FileForm(index, default_key(index))
        return found

    def is_own(self, file: Mapping[str, Any]) -> bool:
        """Return whether the catalog holds a file."""
        href = file.get("href")
        return bool(self._own and href and href.startswith(self._own))

    def _pictured(self, image: Document) -> bool:
        """Return whether raster can draw an image: it reads the files, and bands tell of them."""
        files = image.get("files") or ()
        is_read = self._remote.hold if image.get("storage_state") == "remote" else self.is_own
        return self._has_pictures and bool(files) and all(map(is_read, files))

    # ---- the grid of the pixels

    @cached_property
    def _one_grid(self) -> bool:
        """Whether the files of an image have pixels of one size, as far as bands say."""
        return len({form.metres for form in self._files.values()}) <= 1

    def _place(self, assets: dict[str, Asset], grid: Attributes, image: Document) -> None:
        """Add the grid to the assets whose pixels have its size."""
        size = _pixel_metres(image)
        for form in self._files.values():
            asset = assets.get(form.key)
            fits = size and form.metres and abs(form.metres - size) <= _ALIKE * size
            if asset is not None and fits:
                asset |= {name: grid[name] for name in _OF_GRID if name in grid}

    # ---- links

    def _links(self, image: Document, address: str, *, pictured: bool) -> list[Link]:
        links = [link("self", address, GEOJSON), *self._above]
        if pictured:
            preview = self._addresses.picture("images", image.id, "preview.png")
            links += self._addresses.of_pictures("images", image.id)
            links.append(link("preview", preview, "image/png"))
        return links


def _properties(image: Document) -> Attributes:
    found: Attributes = {"datetime": image.attributes["acquired"]}
    if image.get("acquired_end") is not None:
        found["start_datetime"] = image.attributes["acquired"]
        found["end_datetime"] = image.attributes["acquired_end"]
    for name, value in image.attributes.items():
        if value is None or value == []:
            continue
        if name in PLAIN:
            found[PLAIN[name]] = value
        elif name in SHOWN:
            stac_name, stac_value = SHOWN[name].shown(value)
            found[stac_name] = stac_value
    for name, value in (image.get("extra_properties") or {}).items():
        found.setdefault(extra_name(name), value)
    return found


def extra_name(name: str) -> str:
    """Return what an extra property is called in an item: as it is, unless that means something."""
    has_meaning = name in _CORE or name.startswith((*RESERVED_PREFIXES, PREFIX))
    return EXTRA_PREFIX + name if has_meaning else name


def _grid(image: Document) -> Attributes:
    """Return the members of the projection extension that say where the pixels are."""
    found: Attributes = {}
    code, projection = image.get("cs_code"), image.get("projection")
    if code is not None:
        found["proj:code"] = code.upper()
    elif projection is not None and _WKT2.match(projection):
        found["proj:wkt2"] = projection
    geotransform = image.get("geotrans")
    columns, rows = image.get("x_pixels"), image.get("y_pixels")
    if geotransform is not None:
        x, a, b, y, d, e = geotransform
        found["proj:transform"] = [a, b, x, d, e, y]
    if columns is not None and rows is not None:
        found["proj:shape"] = [rows, columns]
    if len(found) > 1 and set(_OF_GRID) <= set(found):
        found["proj:bbox"] = _grid_bounds(geotransform, columns, rows)
    return found


def _grid_bounds(geotransform: Sequence[float], columns: int, rows: int) -> list[float]:
    x, a, b, y, d, e = geotransform
    across, down = (a * columns, d * columns), (b * rows, e * rows)
    west, east = (x + of(0, across[0]) + of(0, down[0]) for of in (min, max))
    south, north = (y + of(0, across[1]) + of(0, down[1]) for of in (min, max))
    return [west, south, east, north]


def _pixel_metres(image: Document) -> float | None:
    """Return the size of the geotransform's pixels, if its unit is the metre as far as we know."""
    geotransform = image.get("geotrans")
    return None if geotransform is None else float(abs(geotransform[1]) or abs(geotransform[2]))
