"""What STAC calls the attributes of an image, and in which unit it has them.

One row an attribute: items are written by it, and filters, orders and queryables name it. An
attribute without a term of STAC's is called ``swath:`` and its own name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from swath_core.definitions import EXTRA, IMAGE, PRODUCT, Attribute, Extras, Number, undeclared
from swath_core.filters import ID

PREFIX = "swath:"
"""What the names of attributes begin with that STAC has no term for."""

EXTRA_PREFIX = f"{PREFIX}extra_"
"""What the names of extra properties begin with that STAC has a meaning for."""

Schema = dict[str, Any]


def percent(fraction: float) -> float:
    """Return a fraction in percent: its decimal digits stay as they are."""
    return _scaled(fraction, 2)


def fraction(percent: float) -> float:
    """Return a percentage as a fraction: its decimal digits stay as they are."""
    return _scaled(float(percent), -2)


def _scaled(number: float, digits: int) -> float:
    """Return a number with its decimal point moved by so many digits, correctly rounded."""
    text, _, exponent = repr(number).partition("e")
    return float(f"{text}e{int(exponent or 0) + digits}")


class Percent(Number):
    """A fraction, which STAC filters compare in percent."""

    def key(self, stored: float) -> float:
        """Return the percentage that a stored fraction is."""
        return percent(stored)


@dataclass(frozen=True)
class Property:
    """An attribute under its STAC name.

    ``attribute`` compares stored values in STAC's unit. A value outside of ``least`` and ``most``
    (in STAC's unit) is answered under the attribute's own name: STAC's does not take it.
    """

    name: str
    attribute: Attribute
    least: float | None = None
    most: float | None = None
    to_stac: Callable[[Any], Any] | None = None
    from_stac: Callable[[Any], Any] | None = None

    def shown(self, stored: Any) -> tuple[str, Any]:
        """Return the name and value that an item has for a stored value."""
        value = stored if self.to_stac is None else self.to_stac(stored)
        if self.least is None or self.least <= value <= self.most:
            return self.name, value
        return PREFIX + self.attribute.name, stored

    @cached_property
    def is_plain(self) -> bool:
        """Whether items have every stored value as it is, under this name."""
        return self.to_stac is None and self.least is None

    @cached_property
    def schema(self) -> Schema:
        """The JSON schema of the values, for queryables."""
        schema = {"description": self.attribute.description, **self.attribute.type.schema()}
        if self.least is not None:
            schema |= {"minimum": self.least, "maximum": self.most}
        return schema


def _of(name: str, attribute: str, *bounds: float) -> Property:
    least, most = bounds or (None, None)
    return Property(name, IMAGE.attribute(attribute), least, most)


_CLOUD = IMAGE.attribute("cloud_fraction")

NAMED: tuple[Property, ...] = (
    _of("id", "name"),
    _of("collection", "product_id"),
    _of("datetime", "acquired"),
    _of("start_datetime", "acquired"),
    _of("end_datetime", "acquired_end"),
    _of("created", "created"),
    _of("updated", "modified"),
    _of("published", "published"),
    _of("expires", "expires"),
    _of("platform", "satellite_id"),
    _of("keywords", "tags"),
    Property(
        "eo:cloud_cover",
        replace(_CLOUD, description="Percentage of cloudy pixels.", type=Percent()),
        0,
        100,
        percent,
        fraction,
    ),
    _of("view:off_nadir", "view_angle", 0, 90),
    _of("view:incidence_angle", "incidence_angle", 0, 90),
    _of("view:azimuth", "azimuth_angle", 0, 360),
    _of("view:sun_azimuth", "solar_azimuth_angle", 0, 360),
    _of("view:sun_elevation", "solar_elevation_angle", -90, 90),
)
"""The attributes that STAC has terms for."""

ELSEWHERE = frozenset(
    {
        *("name", "product_id", "geometry", "acquired", "acquired_end", "files", "cs_code"),
        *("projection", "geotrans", "x_pixels", "y_pixels", "extra_properties", "stac"),
    }
)
"""Attributes that an item shows in other places than by their own property."""

OTHERS: tuple[Property, ...] = tuple(
    Property(PREFIX + attribute.name, attribute)
    for attribute in IMAGE
    if attribute.name not in ELSEWHERE | {each.attribute.name for each in NAMED}
)
"""The attributes that STAC has no terms for."""

SHOWN: Mapping[str, Property] = {
    each.attribute.name: each for each in (*NAMED, *OTHERS) if each.attribute.name not in ELSEWHERE
}
"""By attribute: what an item's properties are made of."""

PLAIN: Mapping[str, str] = {name: each.name for name, each in SHOWN.items() if each.is_plain}
"""By attribute: the names of those that items have as they are stored."""

QUERYABLES: Mapping[str, Property] = {
    each.name: each for each in (*NAMED, *OTHERS) if each.attribute.filterable
}
"""By STAC name: what items are filtered by."""

COLLECTION_QUERYABLES: Mapping[str, Property] = {
    name: Property(name, attribute)
    for name, attribute in (
        ("id", ID),
        ("title", PRODUCT.attribute("name")),
        ("description", PRODUCT.attribute("description")),
        ("keywords", PRODUCT.attribute("tags")),
        ("created", PRODUCT.attribute("created")),
        ("updated", PRODUCT.attribute("modified")),
    )
}
"""By STAC name: what collections are filtered by."""

SORTABLES: Mapping[str, Property] = {
    each.name: each for each in (*NAMED, *OTHERS) if each.attribute.sortable
}
"""By STAC name: what items are sorted by."""


class ItemProperties(Mapping[str, Property]):
    """What items are filtered or sorted by: the same for all, and what collections declare.

    Collections are looked at only where a name is not the same for all.
    """

    def __init__(self, fixed: Mapping[str, Property], extras: Callable[[], Extras]) -> None:
        self._fixed = fixed
        self._load = extras

    @cached_property
    def _extras(self) -> Extras:
        return self._load()

    def __getitem__(self, name: str) -> Property:
        """Return a property; a declared one also under its name with the prefix.

        Raises KeyError, and BadRequest for one that is declared with several types.
        """
        if name in self._fixed:
            return self._fixed[name]
        found = self._extras.get(name.removeprefix(EXTRA_PREFIX))
        if found is None:
            raise KeyError(name)
        return Property(name, found)

    def __iter__(self) -> Iterator[str]:
        """Yield all names."""
        yield from self._fixed
        for name in self._extras.found:
            yield declared_name(name)

    def __len__(self) -> int:
        """Return how many properties there are."""
        return len(self._fixed) + len(self._extras.found)


def declared_name(name: str) -> str:
    """Return what a declared extra property is called in searches."""
    return EXTRA_PREFIX + name if name in QUERYABLES or name == "geometry" else name


def undeclared_property(name: str, operand: Any) -> Property | None:
    """Return an extra property that no collection declares, of the type of an operand.

    It is named with the prefix, so that a name that is misspelt is none.
    """
    bare = name.removeprefix(EXTRA_PREFIX)
    found = undeclared(EXTRA + bare, operand) if bare != name else None
    return None if found is None else Property(name, found)
