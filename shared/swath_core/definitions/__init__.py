"""Definitions of every attribute of every resource, and the types that they are made of."""

from ._attribute import (
    Attribute,
    AttributeType,
    Boolean,
    Choice,
    Integer,
    Nodata,
    Number,
    Resource,
    Text,
    Timestamp,
)
from ._bands import (
    BAND,
    BAND_TYPES,
    BANDS,
    COLORMAPS,
    DATA_TYPES,
    MOST_ALIASES,
    NUMPY_TYPES,
    PROCESSING_FUNCTIONS,
    WARP_RESAMPLERS,
)
from ._common import ID_PATTERN, LONGEST_NAME, LONGEST_PRODUCT_ID, NAME_PATTERN
from ._containers import AnyOf, ListOf, MapOf, OrNull, Record
from ._crs import CRS_FORMS, crs_form
from ._images import FILE, IMAGE, STORAGE_STATES
from ._products import PRODUCT
from ._spatial import Footprint, Resolution
from ._uploads import (
    EVENT_SEVERITIES,
    EVENT_TYPES,
    RESAMPLERS,
    UPLOAD,
    UPLOAD_EVENT,
    UPLOAD_OPTIONS,
    UPLOAD_STATUSES,
    UPLOAD_TYPES,
)

__all__ = [
    "BAND",
    "BANDS",
    "BAND_TYPES",
    "COLORMAPS",
    "CRS_FORMS",
    "DATA_TYPES",
    "EVENT_SEVERITIES",
    "EVENT_TYPES",
    "FILE",
    "ID_PATTERN",
    "IMAGE",
    "LONGEST_NAME",
    "LONGEST_PRODUCT_ID",
    "MOST_ALIASES",
    "NAME_PATTERN",
    "NUMPY_TYPES",
    "PROCESSING_FUNCTIONS",
    "PRODUCT",
    "RESAMPLERS",
    "STORAGE_STATES",
    "UPLOAD",
    "UPLOAD_EVENT",
    "UPLOAD_OPTIONS",
    "UPLOAD_STATUSES",
    "UPLOAD_TYPES",
    "WARP_RESAMPLERS",
    "AnyOf",
    "Attribute",
    "AttributeType",
    "Boolean",
    "Choice",
    "Footprint",
    "Integer",
    "ListOf",
    "MapOf",
    "Nodata",
    "Number",
    "OrNull",
    "Record",
    "Resolution",
    "Resource",
    "Text",
    "Timestamp",
    "crs_form",
]
