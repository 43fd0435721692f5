"""One image, for analysis."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from swath.arguments import public
from swath.catalog import Image
from swath.errors import NotFoundError
from swath.geo import AOI, GeoContext
from swath.http import Client
from swath.shapes import shape_mapping

if TYPE_CHECKING:
    from numpy.typing import NDArray


@public
class Scene:
    """An image of the catalog as a source of arrays.

    `properties` is the image itself, `geometry` its footprint in longitude and latitude.
    """

    def __init__(self, image: Image) -> None:
        self.properties = image

    @classmethod
    def from_id(cls, scene_id: str, *, client: Client | None = None) -> tuple[Scene, AOI]:
        """The scene of an image id, and the area that is its own grid of pixels.

        The area has a resolution, to be changed by `assign(resolution=...)`. Raises NotFoundError.
        """
        image = Image.get(scene_id, client=client)
        if image is None:
            raise NotFoundError(f"there is no image {scene_id!r}, or it is not yours to see")
        scene = cls(image)
        return scene, scene.default_ctx()

    @property
    def id(self) -> str | None:
        """Id of the image."""
        return self.properties.id

    @property
    def geometry(self) -> Any:
        """The footprint, a shapely geometry."""
        return self.properties.geometry

    @property
    def __geo_interface__(self) -> dict[str, Any]:
        return shape_mapping(self.geometry)

    def default_ctx(self) -> AOI:
        """The image's own extent and CRS, at the resolution of its pixels."""
        context = self.properties.geocontext
        geotrans = self.properties.geotrans
        square = geotrans and context.shape and geotrans[1] == -geotrans[5]
        return context.assign(resolution=geotrans[1], align_pixels=False) if square else context  # type: ignore[index]

    def coverage(self, area: Any) -> float:
        """The share of an area that the footprint covers, 0 to 1."""
        return self.properties.coverage(area)

    @overload
    def ndarray(
        self, bands: str | Sequence[str], ctx: GeoContext,
        *, raster_info: Literal[False] = ..., **options: Any,
    ) -> NDArray[Any]: ...  # fmt: skip
    @overload
    def ndarray(
        self, bands: str | Sequence[str], ctx: GeoContext,
        *, raster_info: Literal[True], **options: Any,
    ) -> tuple[NDArray[Any], dict[str, Any]]: ...  # fmt: skip
    def ndarray(self, bands: str | Sequence[str], ctx: GeoContext, **options: Any) -> Any:
        """Pixels over `ctx` as an array (bands, rows, columns); options as of `Image.ndarray`."""
        return self.properties.ndarray(bands, ctx, **options)

    def download(
        self,
        bands: str | Sequence[str],
        ctx: GeoContext,
        dest: str | Path | None = None,
        **options: Any,
    ) -> str:
        """Write pixels over `ctx` to a file; options as of `Image.download`."""
        return self.properties.download(bands, ctx, dest=dest, **options)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scene) and self.id == other.id

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        taken = self.properties.acquired
        lines = [f'Scene "{self.id}"', f"  * Product: {self.properties.product_id}"]
        if self.properties.cs_code:
            lines.append(f"  * CRS: {self.properties.cs_code}")
        if taken:
            lines.append(f"  * Date: {taken:%c}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return self.properties._repr_html_()
