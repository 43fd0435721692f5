"""CQL2 (OGC 21-065r2), text and JSON, compiled to the catalog's filter tree.

:func:`parse_cql2` is the way in. Conditions have three truth values, as the standard asks: what
compares with null is unknown, NOT of unknown is unknown, and only what is true matches. The tree
knows two; a condition therefore compiles to one expression for "is true" and another for "is
false", and NOT changes over between them.

What the index answers becomes a comparison of the tree; everything else is a test of the image's
attributes. A spatial condition that every match has to satisfy becomes the area of the query.

To be read in this order: ``_text``, ``_condition``, ``_value``, ``_like``, ``_temporal``,
``_spatial``, ``_arrays``, ``_compile``.
"""

from ._compile import ItemFilter, parse_cql2
from ._scope import ARRAY_OPERATORS, SPATIAL_OPERATORS, TEMPORAL_OPERATORS

__all__ = [
    "ARRAY_OPERATORS",
    "SPATIAL_OPERATORS",
    "TEMPORAL_OPERATORS",
    "ItemFilter",
    "parse_cql2",
]
