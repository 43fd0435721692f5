"""Collections: products as STAC has them, with what is known of where and when their images are."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from swath_core.definitions import Resolution, declared
from swath_core.documents import Document

from ._assets import COG, FileForm, file_forms
from ._extensions import RENDER, extensions_of
from ._items import STAC_VERSION
from ._links import Addresses
from ._overlay import QUERYABLES_MEMBER, overlaid_collection

Collection = dict[str, Any]
Bounds = tuple[float, float, float, float]
Moments = tuple[str | None, str | None]

WORLD: Bounds = (-180.0, -90.0, 180.0, 90.0)
_LICENCE, _PROVIDER, _PROVIDER_URL = "license", "provider", "provider_url"
_OTHER_LICENCE = "other"
_MOST_SHOWN = 3


@dataclass(frozen=True)
class Coverage:
    """Where and when a product has images: what holds them all, not what they just fill."""

    bounds: Bounds = WORLD
    moments: Moments = (None, None)

    @classmethod
    def of(cls, product: Document, base_cells: Iterable[int], months: Sequence[str]) -> Coverage:
        """Return the coverage of a product.

        ``base_cells`` are the H3 base cells that its footprints touch, ``months`` (``YYYY-MM``)
        those with images, in order. What the product says of its time goes before.
        """
        first = product.get("start_datetime") or (_begin(months[0]) if months else None)
        last = product.get("end_datetime") or (_end(months[-1]) if months else None)
        return cls(_bounds(base_cells), (first, last))

    def meets(self, moments: Moments | None) -> bool:
        """Return whether the time and an interval have a moment in common; None is any time."""
        if moments is None:
            return True
        (first, last), (start, end) = self.moments, moments
        return not (start and last and last < start) and not (end and first and first > end)


def _begin(month: str) -> str:
    return f"{month}-01T00:00:00.000000Z"


def _end(month: str) -> str:
    days = monthrange(int(month[:4]), int(month[5:]))[1]
    return f"{month}-{days:02d}T23:59:59.999999Z"


def _bounds(base_cells: Iterable[int]) -> Bounds:
    import h3.api.basic_int as h3  # noqa: PLC0415 - for descriptions of collections only

    from swath_core.index import planar_cells  # noqa: PLC0415

    wanted = set(base_cells)
    if not wanted:
        return WORLD
    cells = [cell for cell in h3.get_res0_cells() if h3.get_base_cell_number(cell) in wanted]
    parts = [tile.bounds for tile in planar_cells(cells).tiles]
    sides = list(zip(*parts, strict=True))
    return (
        max(-180.0, min(sides[0])),
        max(-90.0, min(sides[1])),
        min(180.0, max(sides[2])),
        min(90.0, max(sides[3])),
    )


def collection(
    product: Document, bands: Sequence[Document], coverage: Coverage, addresses: Addresses
) -> Collection:
    """Return the collection of a product, as it came if it came as one."""
    derived = derived_collection(product, bands, coverage, addresses)
    kept = product.get("stac")
    return derived if kept is None else overlaid_collection(derived, kept)


def derived_collection(
    product: Document, bands: Sequence[Document], coverage: Coverage, addresses: Addresses
) -> Collection:
    """Return the collection that the attributes of a product make."""
    forms = file_forms(bands)
    item_assets = {form.key: _item_asset(form) for form in forms.values()}
    renders = _renders(product, bands, forms)
    links = addresses.of_collection(product.id)
    if bands:
        links += addresses.of_pictures("products", product.id)
    extra = product.get("extra_properties") or {}
    declarations = declared(product.attributes)
    return {
        "type": "Collection",
        "stac_version": STAC_VERSION,
        "stac_extensions": [
            *extensions_of({}, item_assets.values(), links),
            *([RENDER] if renders else []),
        ],
        "id": product.id,
        "title": product.get("name"),
        "description": product.get("description") or product.get("name") or product.id,
        "keywords": product.get("tags") or [],
        "license": _text(extra, _LICENCE) or _OTHER_LICENCE,
        "providers": _providers(extra),
        "extent": {
            "spatial": {"bbox": [list(coverage.bounds)]},
            "temporal": {"interval": [list(coverage.moments)]},
        },
        "summaries": _summaries(product),
        "item_assets": item_assets,
        **({"renders": renders} if renders else {}),
        "links": links,
        **({QUERYABLES_MEMBER: dict(declarations)} if declarations else {}),
        "created": product.get("created"),
        "updated": product.get("modified"),
    }


def _item_asset(form: FileForm) -> Mapping[str, Any]:
    return {**form.alike, "bands": list(form.bands), "type": COG}


def _text(extra: Mapping[str, Any], name: str) -> str | None:
    value = extra.get(name)
    return value if isinstance(value, str) and value else None


def _providers(extra: Mapping[str, Any]) -> list[dict[str, Any]]:
    name, url = _text(extra, _PROVIDER), _text(extra, _PROVIDER_URL)
    if name is None:
        return []
    return [{"name": name, "roles": ["producer"], **({"url": url} if url else {})}]


def _summaries(product: Document) -> dict[str, Any]:
    sizes = [product.get(name) for name in ("resolution_min", "resolution_max")]
    if None in sizes:
        return {}
    least, most = (Resolution().key(each) for each in sizes)
    return {"gsd": {"minimum": least, "maximum": most}}


def _renders(
    product: Document, bands: Sequence[Document], forms: Mapping[int, FileForm]
) -> dict[str, Any]:
    """Return how the product is drawn unless asked otherwise: its display bands and their ranges.

    ``bidx`` counts the bands of each asset from 1.
    """
    by_name = {band.get("name"): band for band in bands}
    names = product.get("default_display_bands") or ()
    shown = [by_name[name] for name in names if name in by_name][:_MOST_SHOWN]
    if not shown or len(shown) < min(len(names), _MOST_SHOWN):
        return {}
    keys = [forms[int(band.get("file_index") or 0)].key for band in shown]
    ranges = [band.get("display_range") for band in shown]
    render: dict[str, Any] = {"title": "Display bands", "assets": list(dict.fromkeys(keys))}
    if all(ranges):
        render["rescale"] = ranges
    if len(set(keys)) == 1:
        render["bidx"] = [int(band.get("band_index") or 0) + 1 for band in shown]
    colormap = shown[0].get("colormap_name") if len(shown) == 1 else None
    return {"default": {**render, **({"colormap_name": colormap} if colormap else {})}}
