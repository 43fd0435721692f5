"""The product: a collection of images that share one band structure."""

from __future__ import annotations

from ._attribute import Attribute, Boolean, Resource, Text
from ._common import CREATED, EXTRA_PROPERTIES, MODIFIED, STAC, TAGS, moment, number, text
from ._containers import ListOf
from ._spatial import Resolution

_ANY_SUBJECT = r"(org|user|email|group|access-id):.+"
_OWNER_SUBJECT = r"(org|user):.+"


def _subjects(name: str, description: str, pattern: str, words: str) -> Attribute:
    return Attribute(
        name=name,
        type=ListOf(Text(500, pattern, alphabet=f" beginning with {words}"), 500),
        description=description,
        filterable=name == "owners",
    )


def _resolution(name: str, description: str) -> Attribute:
    return Attribute(
        name=name,
        type=Resolution(),
        description=description,
        read_only=True,
        filterable=True,
        sortable=True,
    )


PRODUCT = Resource.of(
    "product",
    Attribute(
        name="name",
        type=Text(2000, shortest=1),
        description="A name for display; not unique.",
        required=True,
        filterable=True,
        sortable=True,
        searchable=True,
    ),
    Attribute(
        name="description",
        type=Text(80_000),
        description="What the product holds and where it comes from.",
        searchable=True,
    ),
    Attribute(
        name="is_core",
        type=Boolean(),
        description="Whether the product is one of the platform's own.",
        filterable=True,
        sortable=True,
        default=False,
    ),
    number("revisit_period_minutes_min", "Shortest time between two images of a place, minutes."),
    number("revisit_period_minutes_max", "Longest time between two images of a place, minutes."),
    moment("start_datetime", "The earliest time that the product covers."),
    moment("end_datetime", "The latest time that the product covers."),
    _resolution("resolution_min", "The finest resolution among the bands."),
    _resolution("resolution_max", "The coarsest resolution among the bands."),
    Attribute(
        name="default_display_bands",
        type=ListOf(Text(2000, shortest=1), 4, 1),
        description="Names of the bands to show: grey, grey and alpha, RGB, or RGB and alpha.",
    ),
    text("image_index_name", "Internal name of an index; privileged.", index=True),
    text("product_tier", "Tier of the product; privileged.", index=True),
    _subjects("owners", "Who may do everything.", _OWNER_SUBJECT, "org: or user:"),
    _subjects("writers", "Who may change it.", _ANY_SUBJECT, "org:, user:, email: or group:"),
    _subjects("readers", "Who may see it.", _ANY_SUBJECT, "org:, user:, email: or group:"),
    CREATED,
    MODIFIED,
    TAGS,
    EXTRA_PROPERTIES,
    STAC,
)
