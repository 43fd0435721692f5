"""An object of the catalog as this process holds it: attributes, state, and the wire's form."""

from __future__ import annotations

import urllib.parse
from typing import Any, ClassVar, Self

from swath.arguments import public
from swath.http import Client, default_client

from ._attributes import Text
from ._enums import DocumentState
from ._generated import ObjectAttributes
from ._included import Included


@public
class Resource(ObjectAttributes):
    """A JSON:API resource: its class says where the service keeps it, its attributes what it is."""

    _kind: ClassVar[str] = ""
    _collection: ClassVar[str] = ""
    _include: ClassVar[str | None] = None
    _client: Client | None
    _state: DocumentState

    id = Text(mutable=False, doc="Unique in the catalog; cannot change once set.")

    def __init__(self, *, client: Client | None = None, **attributes: Any) -> None:
        self._start()
        self.__dict__.update(_client=client, _state=DocumentState.UNSAVED)
        self._assign(attributes)

    @property
    def state(self) -> DocumentState:
        """Saved, modified since, not saved yet, or deleted."""
        if self._state is DocumentState.SAVED and self._changed():
            return DocumentState.MODIFIED
        return self._state

    @property
    def is_modified(self) -> bool:
        """Whether `save` would send something."""
        return self.state in {DocumentState.MODIFIED, DocumentState.UNSAVED}

    @property
    def client(self) -> Client:
        """The client that this object talks through."""
        return self._client or default_client()

    def to_dict(self) -> dict[str, Any]:
        """The attributes that are set, as the wire's JSON, with the id."""
        dumped = self._dump()
        return {"id": self.id, **{k: v for k, v in dumped.items() if k != "id"}}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Resource):
            return NotImplemented
        return type(self) is type(other) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash((self._kind, self.id))

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__}: {getattr(self, 'name', None) or self.id}"]
        lines += [f"  {label}: {value}" for label, value in self._shown() if value is not None]
        if self.state in {DocumentState.MODIFIED, DocumentState.UNSAVED}:
            lines.append("* has changes that are not in the catalog yet; save() sends them")
        if self.state is DocumentState.DELETED:
            lines.append("* deleted from the catalog")
        return "\n".join(lines)

    def _shown(self) -> list[tuple[str, object]]:
        made = self.created
        return [("id", self.id), ("created", made and made.strftime("%Y-%m-%d %H:%M:%S UTC"))]

    @classmethod
    def _searchable(cls) -> set[str]:
        """The attributes that a filter may name: those of the class and of its subclasses."""
        found = set(cls._attributes)
        return found.union(*(kind._searchable() for kind in cls.__subclasses__()))

    @classmethod
    def _path(cls, id: str) -> str:
        return f"/{cls._collection}/{urllib.parse.quote(id, safe='')}"

    @classmethod
    def _including(cls) -> dict[str, str]:
        return {"include": cls._include} if cls._include else {}

    @classmethod
    def _class_of(cls, resource: dict[str, Any]) -> type[Self]:  # noqa: ARG003 - bands look
        """The class of a JSON:API resource: this one, or the one below that its type names."""
        return cls

    @classmethod
    def _from_resource(
        cls, resource: dict[str, Any], client: Client | None, included: Included
    ) -> Self:
        """The object of a JSON:API resource."""
        kind = cls._class_of(resource)
        made = kind.__new__(kind)
        made._start()
        made.__dict__.update(_client=client, _state=DocumentState.SAVED)
        made._take(resource, included)
        return made

    def _take(self, resource: dict[str, Any], included: Included) -> None:  # noqa: ARG002
        """Become what the service sent."""
        self._start({**resource.get("attributes", {}), "id": resource["id"]})
        self.__dict__["_state"] = DocumentState.SAVED
