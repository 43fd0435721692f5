"""Two values of every attribute of every type: what is sent, and what must come back.

The flags F (filterable) and S (sortable) are those of the wire contract, section 3.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

READ_ONLY = {"id", "created", "modified", "v1_properties"}


@dataclass(frozen=True)
class Values:
    """Two values of an attribute; `back` is what comes back where that differs."""

    first: Any
    second: Any
    back: tuple[Any, Any] | None = None
    flags: str = ""
    nullable: bool = True

    @property
    def answers(self) -> tuple[Any, Any]:
        """What the first and the second value come back as."""
        return self.back or (self.first, self.second)


@dataclass(frozen=True)
class Kind:
    """A class of the client: what it needs to be made, its attributes, what it cannot change."""

    name: str
    needed: dict[str, Any]
    values: dict[str, Values]
    fixed: frozenset[str] = frozenset()
    read_only: frozenset[str] = frozenset()
    implicit: dict[str, Any] = field(default_factory=dict)


def _text(flags: str = "", **more: Any) -> Values:
    return Values("first text", "second text: \u00e9\u4e2d \U0001f6f0", flags=flags, **more)


def _number(flags: str = "FS") -> Values:
    return Values(0.25, 0.75, flags=flags)


def _moment(first: str, second: str, **more: Any) -> Values:
    back = (f"{first}T00:00:00+00:00", f"{second.removesuffix('Z')}+00:00")
    return Values(first, second, back, "FS", **more)


_RESOLUTION = Values(
    "10m",
    "1.5 deg.",
    ({"value": 10.0, "unit": "meters"}, {"value": 1.5, "unit": "degrees"}),
    "FS",
)
_TAGS = Values(["red", "green"], ["blue"], flags="F")
_EXTRA = Values({"a": 1, "b": "two", "c": 0.5}, {"d": "only"})

PRODUCT = Kind(
    "Product",
    {"name": "needed"},
    {
        "name": _text("FS", nullable=False),
        "description": _text(),
        "revisit_period_minutes_min": Values(60.0, 90.5, flags="FS"),
        "revisit_period_minutes_max": Values(600.0, 900.5, flags="FS"),
        "start_datetime": _moment("2019-01-01", "2020-06-01T12:30:00Z"),
        "end_datetime": _moment("2021-01-01", "2022-06-01T12:30:15Z"),
        "default_display_bands": Values(["red", "green", "blue"], ["pan", "alpha"]),
        "readers": Values(["org:friends"], ["email:a@b.example", "group:some"]),
        "writers": Values(["user:somebody"], ["org:friends"]),
        "tags": _TAGS,
        "extra_properties": _EXTRA,
    },
    # owners and what is privileged have tests of their own
    read_only=frozenset(
        {
            *("resolution_min", "resolution_max", "owners"),
            *("is_core", "image_index_name", "product_tier"),
        }
    ),
)

_RANGE = Values((0.0, 10000.0), (1.0, 255.0), ([0.0, 10000.0], [1.0, 255.0]), nullable=False)
_STEPS = [
    {
        "function": "scale",
        "parameter": "reflectance_scale",
        "index": 2,
        "data_type": "Float64",
        "data_range": [0.0, 1.0],
        "display_range": [0.0, 0.4],
        "physical_range": [0.0, 1.0],
        "physical_range_unit": "reflectance",
    }
]
_COMMON_BAND = {
    "description": _text(),
    "sort_order": Values(1, 2, flags="S"),
    "vendor_order": Values(3, 4, flags="S"),
    "data_type": Values("UInt16", "Int16", nullable=False),
    "nodata": Values(0, -1.5),
    "data_range": _RANGE,
    "display_range": _RANGE,
    "resolution": _RESOLUTION,
    "band_index": Values(0, 3, nullable=False),
    "file_index": Values(1, 2),
    "jpx_layer_index": Values(1, 2),
    "vendor_band_name": _text(),
    "processing_levels": Values({"default": "surface", "surface": _STEPS}, {"toa": _STEPS}),
    "derived_params": Values(
        {"function": "ndvi", "bands": ["red", "nir"], "source_type": "Float32"},
        {"function": "evi", "bands": ["blue"], "source_type": "Byte"},
    ),
    "tags": _TAGS,
    "extra_properties": _EXTRA,
}
_PHYSICAL = {
    "physical_range": Values((0.0, 1.0), (-1.0, 2.5), ([0.0, 1.0], [-1.0, 2.5])),
    "physical_range_unit": _text(),
}
_COLORS = {
    "colormap_name": Values("viridis", "cdl"),
    "colormap": Values([[0, 0, 0, 0], [255, 128, 0, 255]], [[1, 2, 3, 4]]),
}
_NEEDED_BAND = {
    "data_type": "Byte",
    "band_index": 0,
    "data_range": (0, 255),
    "display_range": (0, 255),
}
_FIXED = frozenset({"name", "product_id", "product"})


def _band(name: str, own: dict[str, Values]) -> Kind:
    return Kind(name, _NEEDED_BAND, {**_COMMON_BAND, **own}, _FIXED | {"type"})


_MASK = _band("MaskBand", {"is_alpha": Values(True, False)})
_RANGES = {"data_range", "display_range"}
BANDS = (
    _band(
        "SpectralBand",
        {
            **_PHYSICAL,
            "wavelength_nm_center": Values(450.0, 650.5, flags="FS"),
            "wavelength_nm_min": Values(440, 640, flags="FS"),
            "wavelength_nm_max": Values(460, 660, flags="FS"),
            "wavelength_nm_fwhm": Values(20, 21, flags="FS"),
        },
    ),
    _band(
        "MicrowaveBand",
        {
            **_PHYSICAL,
            "frequency": Values(5.405, 9.6, flags="FS"),
            "bandwidth": Values(56.5, 300, flags="FS"),
        },
    ),
    Kind(
        "MaskBand",
        {"data_type": "Byte", "band_index": 0},
        {name: each for name, each in _MASK.values.items() if name not in _RANGES},
        _MASK.fixed | _RANGES,
        implicit={"data_range": [0.0, 1.0], "display_range": [0.0, 1.0]},
    ),
    _band(
        "ClassBand",
        {**_COLORS, "class_labels": Values(["water", "land"], ["a", None, "c"])},
    ),
    _band("GenericBand", {**_PHYSICAL, **_COLORS}),
)


def square(west: float, south: float, size: float = 1.0) -> dict[str, Any]:
    """Return a square as GeoJSON, degrees."""
    east, north = west + size, south + size
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def _file(name: str, size: int) -> dict[str, Any]:
    return {"href": f"s3://elsewhere/{name}.tif", "size_bytes": size, "hash": "0" * 32}


_FRACTIONS = (
    *("area", "azimuth_angle", "bright_fraction", "cloud_fraction", "confidence_dlsr"),
    *("alt_cloud_fraction", "fill_fraction", "incidence_angle", "roll_angle"),
    *("solar_azimuth_angle", "solar_elevation_angle", "view_angle"),
)
_GAINS = (
    *("c6s_dlsr", "brightness_temperature_k1_k2", "radiance_gain_bias"),
    *("reflectance_gain_bias", "temperature_gain_bias"),
)
IMAGE = Kind(
    "Image",
    {"acquired": "2018-05-05"},
    {
        "geometry": Values(square(10, 45), square(-100, -30, 2)),
        "cs_code": Values("EPSG:32633", "EPSG:4326"),
        "projection": Values("+proj=utm +zone=33 +datum=WGS84", "+proj=longlat +datum=WGS84"),
        "geotrans": Values(
            (500000.0, 10.0, 0.0, 5000000.0, 0.0, -10.0),
            (-100.0, 0.5, 0.0, -28.0, 0.0, -0.5),
            ([500000.0, 10.0, 0.0, 5000000.0, 0.0, -10.0], [-100.0, 0.5, 0.0, -28.0, 0.0, -0.5]),
        ),
        "x_pixels": Values(100, 4),
        "y_pixels": Values(200, 4),
        # the end first: at no time may it lie before the beginning
        "acquired_end": _moment("2020-01-02", "2021-02-03T04:06:00Z"),
        "acquired": _moment("2020-01-01", "2021-02-03T04:05:06.789000Z", nullable=False),
        "published": _moment("2020-02-02", "2021-03-03T00:00:01Z"),
        # the files first: those of an available image are in the catalog's bucket
        "files": Values([_file("a", 1000), _file("b", 24)], []),
        "storage_state": Values("remote", "available", flags="FS", nullable=False),
        **{name: _number() for name in _FRACTIONS},
        "processing_pipeline_id": _text("FS"),
        "satellite_id": _text("FS"),
        "provider_id": _text("FS"),
        "provider_url": _text(),
        "preview_url": _text(),
        "preview_file": _text(),
        "bits_per_pixel": Values([8.0, 3.5], [1.0]),
        "reflectance_scale": Values([0.0001, 1.0], [2.0]),
        **{name: Values([[1.0, 2.0], [3.0, 4.0]], [[0.5, 0.25]]) for name in _GAINS},
        "tags": _TAGS,
        "extra_properties": _EXTRA,
    },
    _FIXED,
)

KINDS = (PRODUCT, *BANDS, IMAGE)
