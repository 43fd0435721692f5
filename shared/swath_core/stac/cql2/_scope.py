"""What a filter is compiled against: the properties there are, and how much it may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from swath_core.definitions import HOW_TO_DECLARE, IMAGE, Attribute
from swath_core.documents import nearest, shown
from swath_core.errors import BadRequest
from swath_core.filters import MOST_CONDITIONS
from swath_core.geo import LONGEST_QUERY
from swath_core.stac._properties import Property, undeclared_property

DEEPEST = 16
"""Operations within operations, as deep as conditions of the catalog's own filters."""
MOST_COMPARISONS = 200
"""Comparisons of one filter: each is made with every candidate."""

SPATIAL_OPERATORS = (
    *("s_intersects", "s_disjoint", "s_equals", "s_touches", "s_within", "s_overlaps"),
    *("s_crosses", "s_contains"),
)
TEMPORAL_OPERATORS = (
    *("t_after", "t_before", "t_contains", "t_disjoint", "t_during", "t_equals", "t_finishedBy"),
    *("t_finishes", "t_intersects", "t_meets", "t_metBy", "t_overlappedBy", "t_overlaps"),
    *("t_startedBy", "t_starts"),
)
ARRAY_OPERATORS = ("a_contains", "a_containedBy", "a_equals", "a_overlaps")
ARITHMETIC = ("+", "-", "*", "/", "%", "div", "^")
COMPARISONS = ("=", "<>", "<", "<=", ">", ">=")
OPERATORS = (
    *("and", "or", "not", *COMPARISONS, "between", "in", "like", "isNull", "casei", "accenti"),
    *ARITHMETIC,
    *SPATIAL_OPERATORS,
    *TEMPORAL_OPERATORS,
    *ARRAY_OPERATORS,
)


def bad(message: str) -> BadRequest:
    """Return the error of a filter."""
    return BadRequest(f"filter: {message}", parameter="filter")


@dataclass(frozen=True)
class Queryable:
    """A property that a filter names: ``attribute`` gives what STAC shows of a stored value.

    An item has it only where the image has ``required`` as well.
    """

    attribute: Attribute
    required: Attribute | None = None

    @property
    def names(self) -> frozenset[str]:
        """The attributes of an image that the property is made of."""
        others = set() if self.required is None else {self.required.name}
        return frozenset({self.attribute.name, *others})

    def of(self, values: Mapping[str, Any]) -> Any:
        """Return the property of an image with these attribute values; None where it has none."""
        stored = self.attribute.of(values)
        if stored is None or stored == []:
            return None
        if self.required is not None and values.get(self.required.name) is None:
            return None
        return self.attribute.type.key(stored)


GEOMETRY = Queryable(IMAGE.attribute("geometry"))
_REQUIRED = {"start_datetime": IMAGE.attribute("acquired_end")}
"""Images that were taken in one moment have ``datetime`` alone."""


@dataclass(slots=True)
class Scope:
    """The properties by name, and what has been counted of the filter so far.

    With ``places`` there are footprints, too. ``tree`` is the whole filter, as JSON.
    """

    queryables: Mapping[str, Property]
    places: bool = True
    tree: Any = None
    comparisons: int = 0
    values: int = 0
    positions: int = 0

    def queryable(self, name: object) -> Queryable:
        """Return a property by its name; that of an item's may begin with ``properties.``.

        Raises BadRequest with the names there are.
        """
        if name == "geometry" and self.places:
            return GEOMETRY
        found = self.queryables.get(name) if isinstance(name, str) else None
        if found is None and self.places and isinstance(name, str):
            bare = name.removeprefix("properties.")
            found = self.queryables.get(bare)
            found = found or undeclared_property(bare, operand_beside(name, self.tree))
        if found is None:
            near = nearest(name, self.queryables) if isinstance(name, str) else ""
            known = ", ".join([*(["geometry"] if self.places else []), *self.queryables])
            how = f"; {HOW_TO_DECLARE}" if self.places else ""
            raise bad(f"{shown(name)} is no queryable property{near}; there are {known}{how}")
        return Queryable(found.attribute, _REQUIRED.get(found.name))

    def count_comparison(self) -> None:
        """Count a condition. Raises BadRequest for too many."""
        self.comparisons += 1
        if self.comparisons > MOST_COMPARISONS:
            raise bad(f"there are more than {MOST_COMPARISONS} comparisons; IN takes a list")

    def count_values(self, number: int) -> None:
        """Count listed values. Raises BadRequest for too many."""
        self.values += number
        if self.values > MOST_CONDITIONS:
            raise bad(f"there are more than {MOST_CONDITIONS} listed values")

    def count_positions(self, number: int) -> None:
        """Count positions of geometries. Raises BadRequest for too many."""
        self.positions += number
        if self.positions > LONGEST_QUERY:
            raise bad(f"its geometries have more than {LONGEST_QUERY} positions: simplify them")


def operand_beside(name: str, tree: Any) -> Any:
    """Return a value that a property is compared with somewhere in a filter; None: with none."""
    waiting, place = [tree], {"property": name}
    while waiting:
        node = waiting.pop()
        operands = node.get("args") if isinstance(node, dict) else node
        if not isinstance(operands, list):
            continue
        waiting += operands
        if isinstance(node, dict) and place in operands:
            if str(node.get("op")).lower() in ARITHMETIC:
                return 0
            plain = [each for one in operands for each in (one if isinstance(one, list) else [one])]
            for each in plain:
                if isinstance(each, (str, int, float)):
                    return each
    return None


_SPELLINGS = {operator.lower(): operator for operator in OPERATORS} | {"!=": "<>"}


def operation(tree: object) -> tuple[str, list[object]] | None:
    """Return the operator, in the standard's spelling, and the operands of a node; None: no such.

    Raises BadRequest for an operator that there is not, and operands that are no list.
    """
    if not isinstance(tree, dict) or "op" not in tree:
        return None
    op, operands = tree["op"], tree.get("args")
    known = _SPELLINGS.get(op.lower()) if isinstance(op, str) else None
    if known is None:
        near = nearest(op, OPERATORS) if isinstance(op, str) else ""
        raise bad(f"{shown(op)} is no operator{near}; there are {', '.join(OPERATORS)}")
    if not isinstance(operands, list):
        raise bad(f"{known}: args is {shown(operands)}, but a list is expected")
    return known, operands


def exactly(number: int, op: str, operands: list[object]) -> list[object]:
    """Return the operands of an operator that takes so many. Raises BadRequest."""
    if len(operands) != number:
        raise bad(f"{op} takes {number} operands, not {len(operands)}")
    return operands
