"""Several scenes of one area."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

from swath.arguments import public
from swath.catalog import Collection, ImageCollection
from swath.geo import GeoContext

from ._scene import Scene

if TYPE_CHECKING:
    from numpy.typing import NDArray


@public
class SceneCollection(Collection[Scene]):
    """Scenes that group, filter and sort by `properties.NAME`, and become arrays together."""

    def __init__(self, scenes: Iterable[Scene] = ()) -> None:
        super().__init__(scenes)

    @property
    def images(self) -> ImageCollection:
        """The images of the scenes."""
        return ImageCollection(scene.properties for scene in self)

    def filter_coverage(self, area: Any, minimum_coverage: float = 1.0) -> SceneCollection:
        """The scenes that cover at least this share of an area."""
        return self.filter(lambda scene: scene.coverage(area) >= minimum_coverage)

    @overload
    def mosaic(
        self, bands: str | Sequence[str], ctx: GeoContext,
        *, raster_info: Literal[False] = ..., **options: Any,
    ) -> NDArray[Any]: ...  # fmt: skip
    @overload
    def mosaic(
        self, bands: str | Sequence[str], ctx: GeoContext,
        *, raster_info: Literal[True], **options: Any,
    ) -> tuple[NDArray[Any], dict[str, Any]]: ...  # fmt: skip
    def mosaic(self, bands: str | Sequence[str], ctx: GeoContext, **options: Any) -> Any:
        """One array (bands, rows, columns), later scenes over earlier ones.

        With an alpha band last, a scene covers earlier ones only where its alpha is not 0. Options
        as of `ImageCollection.mosaic`.
        """
        return self.images.mosaic(bands, ctx, **options)

    @overload
    def stack(
        self, bands: str | Sequence[str], ctx: GeoContext,
        *, raster_info: Literal[False] = ..., **options: Any,
    ) -> NDArray[Any]: ...  # fmt: skip
    @overload
    def stack(
        self, bands: str | Sequence[str], ctx: GeoContext,
        *, raster_info: Literal[True], **options: Any,
    ) -> tuple[NDArray[Any], list[dict[str, Any]]]: ...  # fmt: skip
    def stack(
        self, bands: str | Sequence[str], ctx: GeoContext, *, flatten: Any = None, **options: Any
    ) -> Any:
        """One array (scenes, bands, rows, columns).

        `flatten`: keys as in `groupby`; scenes that share them become one mosaic. Options as of
        `ImageCollection.stack`.
        """
        if flatten is None:
            return self.images.stack(bands, ctx, **options)
        keys = [flatten] if callable(flatten) or isinstance(flatten, str) else list(flatten)
        groups = {
            scene.id: index
            for index, (_, group) in enumerate(self.groupby(*keys))
            for scene in group
        }
        return self.images.stack(bands, ctx, flatten=lambda image: groups[image.id], **options)

    def download(
        self, bands: str | Sequence[str], ctx: GeoContext, dest: Any = None, **options: Any
    ) -> list[str]:
        """Write every scene to a file; options as of `ImageCollection.download`."""
        return self.images.download(bands, ctx, dest=dest, **options)

    def download_mosaic(
        self, bands: str | Sequence[str], ctx: GeoContext, dest: Any = None, **options: Any
    ) -> str:
        """Write the mosaic to a file; options as of `ImageCollection.download_mosaic`."""
        return self.images.download_mosaic(bands, ctx, dest=dest, **options)

    def to_xarray(self, bands: str | Sequence[str], ctx: GeoContext, **options: Any) -> Any:
        """The stack as an xarray.DataArray (time, band, y, x)."""
        return self.images.to_xarray(bands, ctx, **options)

    def to_geopandas(self) -> Any:
        """A GeoDataFrame of footprints and attributes."""
        return self.images.to_geopandas()

    def to_geojson(self) -> dict[str, Any]:
        """A GeoJSON FeatureCollection of the footprints."""
        return self.images.to_geojson()

    def _facts(self) -> list[str]:
        return self.images._facts()
