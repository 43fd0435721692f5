"""A product's retention rule: after how many days its images go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from swath_core.documents import Document, shown
from swath_core.errors import Invalid

RETENTION = "swath.retention_days"
"""The extra property of a product: days from an image's ``acquired`` until it is deleted."""

_MOST_DAYS = 36_525


def retention_days(product: Document) -> float | None:
    """Return the days that a product keeps its images, or None where it keeps them."""
    value = (product.get("extra_properties") or {}).get(RETENTION)
    return float(value) if value is not None and _is_good(value) else None


def check_retention(values: Mapping[str, Any]) -> None:
    """Raise Invalid for a rule that is no number of days."""
    properties = values.get("extra_properties") or {}
    if RETENTION in properties and not _is_good(properties[RETENTION]):
        message = (
            f"extra_properties: {RETENTION} is {shown(properties[RETENTION])}, but a number of "
            f"days over 0 and up to {_MOST_DAYS} is expected"
        )
        raise Invalid(message, pointer="/data/attributes/extra_properties")


def _is_good(value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 0 < value <= _MOST_DAYS  # type: ignore[operator]
