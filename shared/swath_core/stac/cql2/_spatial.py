"""Spatial functions, evaluated by GEOS on the plane that footprints and query areas share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from swath_core.documents import shown
from swath_core.errors import BadRequest
from swath_core.geo import footprint, query_geometry
from swath_core.stac._areas import box_area, parse_box

from ._condition import Leaf, Truth, Values
from ._scope import Scope, bad, exactly
from ._value import Kind, property_of

Relation = Callable[[BaseGeometry, BaseGeometry], Any]

_RELATIONS: dict[str, Relation] = {
    "s_intersects": shapely.intersects,
    "s_disjoint": shapely.disjoint,
    "s_equals": shapely.equals,
    "s_touches": shapely.touches,
    "s_within": shapely.within,
    "s_overlaps": shapely.overlaps,
    "s_crosses": shapely.crosses,
    "s_contains": shapely.contains,
}


@dataclass(frozen=True)
class _Operand:
    """The footprint of the image, or (``area``) the same geometry for every image."""

    area: BaseGeometry | None = None

    @property
    def names(self) -> frozenset[str]:
        return frozenset({"geometry"}) if self.area is None else frozenset()

    def of(self, values: Values) -> BaseGeometry | None:
        if self.area is not None:
            return self.area
        stored = values.get("geometry")
        return footprint(stored) if isinstance(stored, dict) else stored


def spatial(op: str, operands: list[Any], scope: Scope, depth: int) -> Leaf:  # noqa: ARG001
    """Return the condition of a spatial function. Raises BadRequest."""
    one, other = (_operand(op, each, scope) for each in exactly(2, op, operands))
    relation = _RELATIONS[op]

    def test(values: Values) -> Truth:
        first, second = one.of(values), other.of(values)
        return None if first is None or second is None else bool(relation(first, second))

    areas = [each.area for each in (one, other) if each.area is not None]
    names = one.names | other.names
    # Whatever relates them, the two have a point in common, except where they are disjoint.
    area = areas[0] if len(areas) == 1 and op != "s_disjoint" else None
    return Leaf(names, test, area=area, is_area=op == "s_intersects")


def _operand(op: str, tree: Any, scope: Scope) -> _Operand:
    if not isinstance(tree, dict):
        raise bad(f"{op} is of geometries, but {shown(tree)} is none")
    if "property" in tree:
        value = property_of(tree, scope)
        if value.kind is not Kind.GEOMETRY:
            raise bad(f"{op} is of geometries, but {shown(tree['property'])} is {value.kind}")
        return _Operand()
    try:
        area = box_area(parse_box(tree["bbox"])) if "bbox" in tree else query_geometry(tree)
    except BadRequest as error:
        raise bad(f"{op}: {error.detail.removeprefix('intersects: ')}") from error
    scope.count_positions(int(shapely.get_num_coordinates(area)))
    shapely.prepare(area)
    return _Operand(area)
