"""Processing levels: an alias must lead to steps."""

from __future__ import annotations

from swath_core.documents import Attributes
from swath_core.errors import Invalid

_POINTER = "/data/attributes/processing_levels"


def check_levels(attributes: Attributes) -> None:
    """Raise Invalid where a band's processing level is an alias of none, or of itself."""
    levels = attributes.get("processing_levels") or {}
    for name in levels:
        seen = [name]
        while isinstance(alias := levels[seen[-1]], str):
            if alias not in levels or alias in seen:
                reason = "leads back to itself" if alias in seen else "is no level of the band"
                message = (
                    f"processing_levels: {name} is an alias of {alias}, which {reason}; there are "
                    + ", ".join(sorted(levels))
                )
                raise Invalid(message, pointer=_POINTER)
            seen.append(alias)
