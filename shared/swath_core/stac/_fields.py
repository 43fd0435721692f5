"""The fields extension: which members of an object are answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from swath_core.documents import shown
from swath_core.errors import BadRequest

ALWAYS = ("type", "stac_version", "id", "collection")
"""Members that say what and which object it is, whatever is asked for."""
_BY_DEFAULT = (
    *("type", "stac_version", "id", "collection", "geometry", "bbox", "links", "assets"),
    *("properties.datetime", "properties.start_datetime", "properties.end_datetime"),
)
"""What is answered where exclusions come with an empty list of inclusions."""
_ITEM_MEMBERS = frozenset(
    {
        *("type", "stac_version", "stac_extensions", "id", "geometry", "bbox", "links", "assets"),
        *("properties", "collection"),
    }
)
_MOST = 500

Path = tuple[str, ...]


def item_path(name: str) -> Path:
    """Return where a name leads: a member, one below it, or one of the properties."""
    first, _, rest = name.partition(".")
    if first in _ITEM_MEMBERS:
        return (first, *rest.split(".")) if rest else (first,)
    return ("properties", name)


def collection_path(name: str) -> Path:
    """Return where a name leads in a collection."""
    return tuple(name.split("."))


@dataclass(frozen=True)
class Fields:
    """What to answer of an object: the paths included, less those excluded.

    A path that is included wins over one that is excluded and not longer; nothing included is
    everything.
    """

    include: frozenset[Path] = frozenset()
    exclude: frozenset[Path] = frozenset()

    @classmethod
    def parse(cls, value: object, path_of: Callable[[str], Path] = item_path) -> Fields:
        """Return what ``fields`` asks for: a list of names, with - to exclude, or an object.

        ``path_of`` tells where a name leads. Raises BadRequest.
        """
        if value is None:
            return cls()
        if isinstance(value, Mapping):
            include, exclude = (_names(value.get(each) or []) for each in ("include", "exclude"))
            if exclude and not include and "include" in value:
                include = [each for each in _BY_DEFAULT if each not in exclude]
            return cls(frozenset(map(path_of, include)), frozenset(map(path_of, exclude)))
        names = _names(value)
        return cls(
            frozenset(path_of(each) for each in names if not each.startswith("-")),
            frozenset(path_of(each[1:]) for each in names if each.startswith("-")),
        )

    @property
    def all(self) -> bool:
        """Whether objects are answered as they are."""
        return not self.include and not self.exclude

    def of(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is asked for of an object."""
        if self.all:
            return dict(document)
        kept = self._kept(document, ())
        return {name: document[name] for name in ALWAYS if name in document} | kept

    def _kept(self, value: Mapping[str, Any], path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, member in value.items():
            here = (*path, name)
            if self._whole(here):
                found[name] = member
            elif isinstance(member, Mapping) and (inner := self._kept(member, here)):
                found[name] = inner
        return found

    def _whole(self, path: Path) -> bool:
        """Return whether all of a member is answered: nothing below it needs a look."""
        if _below(self.exclude, path):
            return False
        included = _longest(self.include, path) if self.include else 0
        excluded = _longest(self.exclude, path)
        if included is None:
            return False
        return excluded is None or included >= excluded


def _longest(paths: Iterable[Path], path: Path) -> int | None:
    """Return how long the longest of the paths is that lead to a member or above it."""
    found = [len(each) for each in paths if path[: len(each)] == each]
    return max(found) if found else None


def _below(paths: Iterable[Path], path: Path) -> bool:
    return any(len(each) > len(path) and each[: len(path)] == path for each in paths)


def _names(value: object) -> list[str]:
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
        message = (
            f"fields: {shown(value)} was sent, but names separated by commas, or an object of the "
            "lists include and exclude, are expected"
        )
        raise BadRequest(message, parameter="fields")
    if len(names) > _MOST:
        message = f"fields: {len(names)} names were sent, but at most {_MOST} are looked for"
        raise BadRequest(message, parameter="fields")
    return [name for each in names if (name := each.strip().removeprefix("+").strip())]
