"""Objects gathered in a list that groups, filters and sorts by attributes."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Generic, Self, TypeVar, overload

from swath.arguments import public

from ._html import collection_html

T = TypeVar("T")
R = TypeVar("R")


@public
class Collection(Sequence[T], Generic[T]):
    """A list of catalog objects. Predicates are functions, or attribute names with dots."""

    def __init__(self, items: Iterable[T] = ()) -> None:
        self._items = list(items)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> T | Self:
        found = self._items[index]
        return self._like(found) if isinstance(found, list) else found

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[T]:
        return iter(self._items)

    def __add__(self, other: Iterable[T]) -> Self:
        return self._like([*self._items, *other])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Collection):
            return NotImplemented
        return self._items == other._items

    __hash__ = None  # type: ignore[assignment]  # as a list

    @property
    def each(self) -> Each:
        """Attributes and methods of all items at once: `collection.each.acquired.year`."""
        return Each(self._items)

    def filter(self, predicate: Callable[[T], object] | str) -> Self:
        """The items for which `predicate` is true."""
        judge = _getter(predicate)
        return self._like(item for item in self._items if judge(item))

    def map(self, function: Callable[[T], R] | str) -> list[R]:
        """`function` of every item."""
        return [_getter(function)(item) for item in self._items]

    def sorted(self, *keys: Callable[[T], Any] | str, reverse: bool = False) -> Self:
        """The items ordered by keys, the first counting most; None comes last."""
        getters = [_getter(key) for key in keys]
        known = lambda item: [(get(item) is None, get(item) or 0) for get in getters]  # noqa: E731
        if not reverse:
            return self._like(sorted(self._items, key=known))
        backward = lambda item: [(get(item) is not None, get(item) or 0) for get in getters]  # noqa: E731
        return self._like(sorted(self._items, key=backward, reverse=True))

    def sort(self, field: Callable[[T], Any] | str, ascending: bool = True) -> Self:  # noqa: FBT001, FBT002
        """The items ordered by one key."""
        return self.sorted(field, reverse=not ascending)

    def groupby(self, *keys: Callable[[T], Any] | str) -> Iterator[tuple[Any, Self]]:
        """`(key, items)` for every distinct key, in order of the keys where they have one.

        With several keys the key is a tuple.
        """
        getters = [_getter(key) for key in keys]
        groups: dict[Any, list[T]] = {}
        for item in self._items:
            key = tuple(get(item) for get in getters)
            groups.setdefault(key[0] if len(key) == 1 else key, []).append(item)
        try:
            order = sorted(groups)
        except TypeError:
            order = list(groups)
        for key in order:
            yield key, self._like(groups[key])

    def _like(self, items: Iterable[T]) -> Self:
        return type(self)(items)

    def __repr__(self) -> str:
        kinds = {type(item).__name__ for item in self._items}
        noun = kinds.pop() if len(kinds) == 1 else "object"
        lines = [f"{type(self).__name__} of {len(self)} {noun}{'s' * (len(self) != 1)}"]
        return "\n".join([*lines, *self._facts()])

    def _repr_html_(self) -> str:
        title, *facts = repr(self).splitlines()
        return collection_html(title, facts, self._items)

    def _facts(self) -> list[str]:
        return []


class Each:
    """Every attribute of every item: reading, calling and indexing go to the items."""

    def __init__(self, values: Iterable[Any]) -> None:
        self._values = list(values)

    def __getattr__(self, name: str) -> Each:
        if name.startswith("_"):
            raise AttributeError(name)
        return Each(getattr(value, name) for value in self._values)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *(dir(self._values[0]) if self._values else ())})

    def __call__(self, *arguments: Any, **options: Any) -> Each:
        return Each(value(*arguments, **options) for value in self._values)

    def __getitem__(self, key: Any) -> Each:
        return Each(value[key] for value in self._values)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def collect(self, into: Callable[[list[Any]], R] = list) -> R:  # type: ignore[assignment]
        """The values as a list, or as whatever `into` makes of one."""
        return into(self._values)

    def combine(self, function: Callable[[Any, Any], Any]) -> Any:
        """The values folded into one by a function of two."""
        return functools.reduce(function, self._values)

    def __repr__(self) -> str:
        return "\n".join(map(repr, self._values))


def _getter(key: Callable[[Any], Any] | str) -> Callable[[Any], Any]:
    if callable(key):
        return key
    return operator.attrgetter(key)
