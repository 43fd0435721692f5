"""The bands: two-dimensional slices of raster data, in five types."""

from __future__ import annotations

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
)
from ._common import (
    CREATED,
    EXTRA_PROPERTIES,
    MODIFIED,
    TAGS,
    number,
    object_name,
    product_id,
    text,
)
from ._containers import AnyOf, Field, ListOf, MapOf, OrNull, Record
from ._spatial import Resolution

BAND_TYPES = ("spectral", "microwave", "mask", "class", "generic")
NUMPY_TYPES = {
    "Byte": "uint8",
    "UInt16": "uint16",
    "Int16": "int16",
    "UInt32": "uint32",
    "Int32": "int32",
    "Float32": "float32",
    "Float64": "float64",
    # beyond the contract: GDAL's names
    "Int8": "int8",
    "Int64": "int64",
    "UInt64": "uint64",
}
"""The contract's pixel types, three more, and NumPy's names of them."""
DATA_TYPES = tuple(NUMPY_TYPES)
WARP_RESAMPLERS = (
    "near",
    "bilinear",
    "cubic",
    "cubicspline",
    "lanczos",
    "average",
    "mode",
    "max",
    "min",
    "med",
    "q1",
    "q3",
)
"""How pixels may be resampled, by GDAL's names."""
PIXEL_STATISTICS = ("mean", "median", "min", "max", "count", "std")
PIXEL_SELECTIONS = ("last", "first", "least_cloudy", *PIXEL_STATISTICS)
"""What a pixel of a mosaic is made of where several images have one: one image's
pixel (the first here is the default) or a statistic over all."""
COLORMAPS = (
    "magma",
    "inferno",
    "plasma",
    "viridis",
    "cool",
    "hot",
    "coolwarm",
    "bwr",
    "gist_earth",
    "terrain",
    "cdl",
)

PROCESSING_FUNCTIONS = {
    "gain_bias": 2,
    "scale": 1,
    "reflectance_scale": 1,
    "brightness_temperature": 2,
}
"""The functions of processing levels, and how many coefficients of an image each takes."""
MOST_ALIASES = 10
"""How many names may lead from a processing level to its steps."""

_RANGE = ListOf(Number(), 2, 2)
_STEP = Record(
    {
        "function": Field(Text(100, shortest=1), "Name of the function.", required=True),
        "parameter": Field(
            AnyOf((Number(), Text(1000), ListOf(Number(), 100))),
            "What the function takes: numbers, or the image attribute that holds them.",
            required=True,
        ),
        "index": Field(Integer(0), "Which entry of that attribute."),
        "data_type": Field(Choice(DATA_TYPES), "The type of the result."),
        "data_range": Field(_RANGE, "Smallest and largest value of the result."),
        "display_range": Field(_RANGE, "The range of the result to show."),
        "physical_range": Field(_RANGE, "What the data range stands for, in physical units."),
        "physical_range_unit": Field(Text(200), "The unit of the physical range."),
    }
)
_DERIVED = Record(
    {
        "function": Field(Text(1000, shortest=1), "Name of the function.", required=True),
        "bands": Field(
            ListOf(Text(2000, shortest=1), 100, 1), "Names of the bands it takes.", required=True
        ),
        "source_type": Field(Choice(DATA_TYPES), "The type that the bands are read as."),
    }
)


def _band(
    name: str,
    type_: AttributeType,
    description: str,
    *,
    required: bool = False,
    index: bool = False,
    default: object = None,
) -> Attribute:
    return Attribute(
        name=name,
        type=type_,
        description=description,
        required=required,
        filterable=index,
        sortable=index,
        default=default,
    )


_PHYSICAL = (
    _band("physical_range", _RANGE, "What the data range stands for, in physical units."),
    text("physical_range_unit", "The unit of the physical range.", 200),
)
_COLORMAP_NAME = _band("colormap_name", Choice(COLORMAPS), "A named colormap.")
_COLORMAP = _band(
    "colormap", ListOf(ListOf(Integer(0, 255), 4, 3), 65_536), "Colours by value: red to alpha."
)


def _common(band_type: str) -> tuple[Attribute, ...]:
    is_mask = band_type == "mask"
    implicit = [0.0, 1.0] if is_mask else None
    return (
        object_name("The band's name, unique in its product.", 255),
        product_id(),
        Attribute(
            name="type",
            type=Choice((band_type,)),
            description="The type of the band.",
            required=True,
            mutable=False,
            filterable=True,
            sortable=True,
        ),
        Attribute(
            name="description",
            type=Text(80_000),
            description="What the band shows.",
            searchable=True,
        ),
        _band("sort_order", Integer(-(2**31)), "Position among the bands.", index=True),
        _band("vendor_order", Integer(0), "Position in the vendor's files, from 1.", index=True),
        _band("data_type", Choice(DATA_TYPES), "The type of a pixel.", required=True),
        _band("nodata", Nodata(), "The value of pixels without data."),
        _band(
            "data_range",
            _RANGE,
            "Smallest and largest pixel value.",
            required=True,
            default=implicit,
        ),
        _band("display_range", _RANGE, "The range to show.", required=True, default=implicit),
        _band("resolution", Resolution(), "The size of a pixel.", index=True),
        _band("band_index", Integer(0, 65_535), "Index of the band in its file.", required=True),
        _band("file_index", Integer(0, 10_000), "Index of the file of the image.", default=0),
        _band("jpx_layer_index", Integer(0), "Index of the JPX layer.", default=0),
        text("vendor_band_name", "The vendor's name of the band."),
        _band(
            "processing_levels",
            MapOf(AnyOf((Text(200, shortest=1), ListOf(_STEP, 20))), 50, 200),
            "Named processings: an alias, or the steps.",
        ),
        _band("derived_params", _DERIVED, "How a derived band is computed."),
        CREATED,
        MODIFIED,
        TAGS,
        EXTRA_PROPERTIES,
    )


_SPECIFIC: dict[str, tuple[Attribute, ...]] = {
    "spectral": (
        *_PHYSICAL,
        number("wavelength_nm_center", "Centre of the pass band, nanometres."),
        number("wavelength_nm_min", "Lower end of the pass band, nanometres."),
        number("wavelength_nm_max", "Upper end of the pass band, nanometres."),
        number("wavelength_nm_fwhm", "Full width at half maximum, nanometres."),
    ),
    "microwave": (
        *_PHYSICAL,
        number("frequency", "Centre frequency, gigahertz."),
        number("bandwidth", "Bandwidth, megahertz."),
    ),
    "mask": (_band("is_alpha", Boolean(), "Whether rastering treats 0 as transparent."),),
    "class": (
        _COLORMAP_NAME,
        _COLORMAP,
        _band("class_labels", ListOf(OrNull(Text(1000)), 65_536), "Names of the classes by value."),
    ),
    "generic": (*_PHYSICAL, _COLORMAP_NAME, _COLORMAP),
}

BANDS: dict[str, Resource] = {
    band_type: Resource.of("band", *_common(band_type), *_SPECIFIC[band_type])
    for band_type in BAND_TYPES
}
"""The resource of each type of band."""


def _merged() -> Resource:
    union: dict[str, Attribute] = {}
    for resource in BANDS.values():
        for attribute in resource:
            union.setdefault(attribute.name, attribute)
    union["type"] = Attribute(
        name="type",
        type=Choice(BAND_TYPES),
        description="The type of the band.",
        required=True,
        mutable=False,
        filterable=True,
        sortable=True,
    )
    return Resource("band", union)


BAND = _merged()
"""Every attribute that some band has: what a search over bands of all types may name."""
