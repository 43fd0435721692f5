"""Finding objects in the catalog, and keeping them in step with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Self, overload

from swath.arguments import public
from swath.errors import DeletedObjectError, NotFoundError, ServerError, UnsavedObjectError
from swath.http import Client, default_client

from ._enums import DocumentState
from ._html import object_html
from ._included import Included
from ._resource import Resource
from ._search import Search

_BATCH = 100  # ids per request of get_many


class Delete:
    """A method of the class and, without the id, of its objects: `Image.delete(id)`, `i.delete()`.

    On the class it returns whether there was something to delete; on an object None, and it raises
    DeletedObjectError when it was gone already.
    """

    @overload
    def __get__(self, owner: None, kind: type[CatalogObject]) -> Callable[..., bool]: ...
    @overload
    def __get__(self, owner: CatalogObject, kind: type[CatalogObject]) -> Callable[[], None]: ...
    def __get__(
        self, owner: CatalogObject | None, kind: type[CatalogObject]
    ) -> Callable[..., bool] | Callable[[], None]:
        return kind._delete_by_id if owner is None else owner._delete


@public
class CatalogObject(Resource):
    """An object of the catalog: attributes, and the requests that keep them in step with it.

    Attribute values given to the constructor are assigned; nothing is sent before `save`.
    """

    delete = Delete()

    def _repr_html_(self) -> str:
        return object_html(self)

    # -- finding ------------------------------------------------------------------------------

    @classmethod
    def get(
        cls,
        id: str,
        *,
        client: Client | None = None,
        request_params: dict[str, Any] | None = None,
    ) -> Self | None:
        """The object of this id, or None when there is none (or none that the caller may see)."""
        client = client or default_client()
        params = {name: str(value) for name, value in (request_params or {}).items()}
        try:
            body = client.catalog("GET", cls._path(id), params={**params, **cls._including()})
        except NotFoundError:
            return None
        found = cls._from_resource(_resource(body), client, Included(body))
        return found if isinstance(found, cls) else None

    @classmethod
    def get_or_create(cls, id: str, *, client: Client | None = None, **attributes: Any) -> Self:
        """The object of this id with `attributes` assigned, or a new one; nothing is saved."""
        found = cls.get(id, client=client)
        if found is None:
            return cls(id=id, client=client, **attributes)
        found._assign(attributes)
        return found

    @classmethod
    def get_many(
        cls, ids: Iterable[str], *, ignore_missing: bool = False, client: Client | None = None
    ) -> list[Self]:
        """The objects of these ids, in this order.

        Raises NotFoundError naming the missing ones, unless `ignore_missing`.
        """
        wanted = list(dict.fromkeys(ids))
        found: dict[str | None, Self] = {}
        for start in range(0, len(wanted), _BATCH):
            batch = cls._batch(wanted[start : start + _BATCH], client or default_client())
            found.update((item.id, item) for item in batch)
        missing = [id for id in wanted if id not in found]
        if missing and not ignore_missing:
            raise NotFoundError(f"not found: {', '.join(missing)}")
        return [found[id] for id in wanted if id in found]

    @classmethod
    def exists(cls, id: str, *, client: Client | None = None) -> bool:
        """Whether there is an object of this id that the caller may see."""
        client = client or default_client()
        try:
            client.http.request("HEAD", client.settings.catalog_root + cls._path(id))
        except NotFoundError:
            return False
        return True

    @classmethod
    def search(
        cls, *, client: Client | None = None, request_params: dict[str, Any] | None = None
    ) -> Search[Self]:
        """A search over all objects of this class; nothing is requested until it is used."""
        return Search(cls, client=client, request_params=request_params)

    # -- keeping in step ----------------------------------------------------------------------

    def save(self, *, request_params: dict[str, Any] | None = None) -> None:
        """Create the object in the catalog, or send what changed since it was last read.

        Without changes nothing is sent. Afterwards every attribute is what the catalog now holds.
        """
        self._not_deleted()
        if self._state is DocumentState.UNSAVED:
            self._before_create()
            self._send("POST", f"/{self._collection}", self._attributes_to_create(), request_params)
            return
        names = set(self._changed())
        if names or request_params:
            with self._must_exist():
                self._send("PATCH", self._path(self._saved_id()), self._dump(names), request_params)

    def update(self, **attributes: Any) -> None:
        """Assign `attributes` and save; when one is not valid, none is changed."""
        before = (dict(self._values), set(self._assigned))
        try:
            self._assign(attributes)
        except (AttributeError, ValueError):
            self.__dict__.update(_values=before[0], _assigned=before[1])
            raise
        self.save()

    def reload(self) -> None:
        """Read the object again; changes that were not saved are lost."""
        with self._must_exist():
            body = self.client.catalog(
                "GET", self._path(self._saved_id()), params=self._including()
            )
        self._take(_resource(body), Included(body))

    def _delete(self) -> None:
        with self._must_exist():
            self.client.http.request(
                "DELETE", self.client.settings.catalog_root + self._path(self._saved_id())
            )
        self.__dict__["_state"] = DocumentState.DELETED

    @classmethod
    @partial(public, name="delete")
    def _delete_by_id(cls, id: str, *, client: Client | None = None) -> bool:
        """Delete the object of this id; on an object, without the id, the object itself.

        Returns whether there was one. Raises ConflictError while other objects belong to it.
        """
        client = client or default_client()
        try:
            client.http.request("DELETE", client.settings.catalog_root + cls._path(id))
        except NotFoundError:
            return False
        return True

    # -- for the classes below ----------------------------------------------------------------

    @classmethod
    def _batch(cls, ids: list[str], client: Client) -> list[Self]:
        text = json.dumps([{"name": "id", "op": "eq", "val": ids}], separators=(",", ":"))
        body = client.catalog(
            "PUT", f"/{cls._collection}", json={"filter": text}, params=cls._including()
        )
        included = Included(body)
        found = [cls._from_resource(item, client, included) for item in body.get("data") or []]
        return [item for item in found if isinstance(item, cls)]

    def _before_create(self) -> None:
        """Raise what must be right before anything is sent."""

    def _attributes_to_create(self) -> dict[str, Any]:
        return self._dump()

    def _send(
        self,
        method: str,
        path: str,
        attributes: dict[str, Any],
        extra: dict[str, Any] | None = None,
    ) -> None:
        sent = {name: value for name, value in attributes.items() if name != "id"}
        data: dict[str, Any] = {"type": self._kind, "attributes": {**sent, **(extra or {})}}
        if self.id is not None:
            data["id"] = self.id
        body = self.client.catalog(method, path, json={"data": data}, params=self._including())
        self._take(_resource(body), Included(body))

    def _saved_id(self) -> str:
        self._not_deleted()
        if self._state is DocumentState.UNSAVED or self.id is None:
            raise UnsavedObjectError(f"save this {self._kind} first: {self.id or 'it has no id'}")
        return self.id

    def _not_deleted(self) -> None:
        if self._state is DocumentState.DELETED:
            raise DeletedObjectError(f"{self._kind} {self.id!r} was deleted")

    def _must_exist(self) -> _MustExist:
        return _MustExist(self)


class _MustExist:
    """Turns the service's "not found" about an object that was there into DeletedObjectError."""

    def __init__(self, owner: CatalogObject) -> None:
        self._owner = owner

    def __enter__(self) -> None:
        self._owner._saved_id()

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        if isinstance(error, NotFoundError):
            self._owner.__dict__["_state"] = DocumentState.DELETED
            raise DeletedObjectError(
                f"{self._owner._kind} {self._owner.id!r} is not in the catalog any more"
            ) from error


def _resource(body: dict[str, Any]) -> dict[str, Any]:
    data = body.get("data")
    if not isinstance(data, dict) or "id" not in data:
        raise ServerError("the answer has no `data` with an `id`")
    return data
