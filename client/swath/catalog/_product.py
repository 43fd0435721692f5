"""Products: images that share one structure of bands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from swath.catalog._attributes import Boolean, ExtraProperties, ListOf, Number, Text, Timestamp
from swath.catalog._object import CatalogObject
from swath.catalog._resolution import ResolutionAttribute
from swath.errors import NotFoundError

if TYPE_CHECKING:
    from swath.catalog._band import Band
    from swath.catalog._deletion import DeletionTask
    from swath.catalog._image import Image
    from swath.catalog._image_search import ImageSearch
    from swath.catalog._image_upload import ImageUpload
    from swath.catalog._search import Search


class Product(CatalogObject):
    """A collection of images that share the same bands.

    Only `id` and `name` are needed. The service puts the caller's organisation before the id, so
    the id is final after the first `save`.
    """

    _kind = "product"
    _collection = "products"

    name = Text(doc="For people; need not be unique.")
    description = Text(doc="What the product is; searched by `find_text`.")
    is_core = Boolean(doc="Whether the catalog's operator curates it.")
    revisit_period_minutes_min = Number(doc="Shortest time between images of a place, in minutes.")
    revisit_period_minutes_max = Number(doc="Longest time between images of a place, in minutes.")
    start_datetime = Timestamp(doc="From when the product has data.")
    end_datetime = Timestamp(doc="Until when the product has data.")
    resolution_min = ResolutionAttribute(read_only=True, doc="Finest resolution of its bands.")
    resolution_max = ResolutionAttribute(read_only=True, doc="Coarsest resolution of its bands.")
    default_display_bands: ListOf[str] = ListOf(
        Text(), doc="Bands of a picture: [grey], [grey, alpha], [r, g, b] or [r, g, b, alpha]."
    )
    image_index_name = Text(doc="Reserved for the operator.")
    product_tier = Text(doc="Reserved for the operator.")
    owners: ListOf[str] = ListOf(Text(), doc="Who may change and delete: `org:x`, `user:x`.")
    readers: ListOf[str] = ListOf(
        Text(), doc="Who may read: `org:x`, `user:x`, `email:x`, `group:x`."
    )
    writers: ListOf[str] = ListOf(Text(), doc="Who may change, but not delete.")
    tags: ListOf[str] = ListOf(Text(), doc="Up to 32 words to find it by.")
    extra_properties = ExtraProperties(doc="Up to 50 more facts: strings and numbers.")

    def bands(self) -> Search[Band]:
        """Its bands, in their order."""
        from swath.catalog._band import Band
        from swath.catalog._expressions import properties

        search = Band.search(client=self._client)
        return search.filter(properties.product_id == self._saved_id()).sort("sort_order")

    def images(self) -> ImageSearch:
        """Its images."""
        from swath.catalog._expressions import properties
        from swath.catalog._image import Image

        search = Image.search(client=self._client)
        return search.filter(properties.product_id == self._saved_id())

    def image_uploads(self) -> Search[ImageUpload]:
        """The uploads of its images."""
        from swath.catalog._expressions import properties
        from swath.catalog._image_upload import ImageUpload

        search = ImageUpload.search(client=self._client)
        return search.filter(properties.product_id == self._saved_id())

    def named_id(self, name: str) -> str:
        """The id of the band or image of this name in this product."""
        return f"{self._saved_id()}:{name}"

    def get_band(self, name: str) -> Band | None:
        """The band of this name, or None."""
        from swath.catalog._band import Band

        return Band.get(self.named_id(name), client=self._client)

    def get_image(self, name: str) -> Image | None:
        """The image of this name, or None."""
        from swath.catalog._image import Image

        return Image.get(self.named_id(name), client=self._client)

    def delete_related_objects(self) -> DeletionTask | None:
        """Delete all bands and images of the product, which stays itself.

        Returns the task that does it, to be waited for, or None when there is nothing to delete.
        Raises ConflictError when such a task is running.
        """
        from swath.catalog._deletion import DeletionTask

        with self._must_exist():
            body = self.client.catalog(
                "POST", self._deletion_path(), json={"data": {"type": "product_delete_task"}}
            )
        return DeletionTask(self, body) if isinstance(body.get("data"), dict) else None

    def get_delete_status(self) -> DeletionTask:
        """How far the deletion of related objects has come."""
        from swath.catalog._deletion import DeletionTask

        with self._must_exist():
            return DeletionTask(self, self.client.catalog("GET", self._deletion_path()))

    def _deletion_path(self) -> str:
        return f"{self._path(self._saved_id())}/delete_related_objects"

    def user_is_owner(self) -> bool:
        """Whether the token's user may change and delete the product, judged here from `owners`."""
        return bool(self._subjects(admin=True) & set(self.owners))

    def user_can_write(self) -> bool:
        """Whether the token's user may change the product, judged here from its access lists."""
        return self.user_is_owner() or bool(self._subjects() & set(self.writers))

    def user_can_read(self) -> bool:
        """Whether the token's user may read the product, judged here from its access lists."""
        return self.user_can_write() or bool(self._subjects() & set(self.readers))

    def _subjects(self, *, admin: bool = False) -> set[str]:
        from swath.auth import read_claims

        return read_claims(self.client.tokens.token()).subjects(admin=admin)

    @classmethod
    def _find(cls, id: str, **options: Any) -> Product:
        """Like `get`, for callers that cannot go on without."""
        found = cls.get(id, **options)
        if found is None:
            raise NotFoundError(f"there is no product {id!r}, or it is not yours to see")
        return found
