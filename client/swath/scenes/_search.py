"""Finding scenes of an area."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from swath.arguments import public
from swath.catalog import Expression, Image, ImageSearch, StorageState
from swath.catalog import properties as p
from swath.geo import AOI, GeoContext
from swath.http import Client
from swath.shapes import as_shape

from ._scene import Scene
from ._scene_collection import SceneCollection

Moment = datetime | date | str


@public
def search(  # noqa: PLR0913 - the known form
    aoi: Any,
    products: str | Sequence[str] | None = None,
    start_datetime: Moment | None = None,
    end_datetime: Moment | None = None,
    *,
    cloud_fraction: float | None = None,
    storage_state: StorageState | str | None = None,
    query: Expression | None = None,
    limit: int | None = 100,
    sort_field: str = "acquired",
    ascending: bool = True,
    date_field: str = "acquired",
    client: Client | None = None,
) -> tuple[SceneCollection, GeoContext]:
    """Scenes whose footprints intersect `aoi`, and the area to read them over.

    `aoi`: a GeoContext, or a place in any form that `ImageSearch.intersects` takes.
    `start_datetime` is included, `end_datetime` is not; both bound `date_field`. `cloud_fraction`:
    scenes with less; those without one are left out. `query`: another filter. Of an area that is a
    mere geometry the returned context has CRS and resolution of the first scene; of a point or a
    line it is the first scene's grid.
    """
    found = Image.search(client=client).intersects(aoi)
    found = _of_products(found, products)
    field = getattr(p, date_field)
    filters = [
        None if start_datetime is None else field >= start_datetime,
        None if end_datetime is None else field < end_datetime,
        None if cloud_fraction is None else p.cloud_fraction < cloud_fraction,
        None if storage_state is None else p.storage_state == storage_state,
        query,
    ]
    found = found.filter(*(each for each in filters if each is not None))
    found = found.sort(sort_field, ascending)
    images = list(found if limit is None else found.limit(limit))
    return SceneCollection(map(Scene, images)), _context(aoi, images)


def _of_products(found: ImageSearch, products: str | Sequence[str] | None) -> ImageSearch:
    if products is None:
        return found
    listed = [products] if isinstance(products, str) else list(products)
    return found.filter(p.product_id.in_(listed))


def _context(aoi: Any, images: list[Image]) -> GeoContext:
    """The area itself; where it leaves CRS or resolution open, those of the first image."""
    if not isinstance(aoi, GeoContext) and not as_shape(aoi).area > 0:  # a point, a line
        return Scene(images[0]).default_ctx() if images else AOI()
    context = aoi if isinstance(aoi, GeoContext) else AOI(aoi)
    if not isinstance(context, AOI) or not images:
        return context
    own = Scene(images[0]).default_ctx()
    if context.crs is None:
        context = context.assign(crs=own.crs)
    if context.resolution is None and context.shape is None and context.crs == own.crs:
        context = context.assign(resolution=own.resolution)
    return context
