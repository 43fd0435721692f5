"""The image: georeferenced files with a footprint and a time."""

from __future__ import annotations

from ._attribute import Attribute, AttributeType, Choice, Integer, Number, Resource, Text
from ._common import (
    CREATED,
    EXTRA_PROPERTIES,
    MODIFIED,
    STAC,
    TAGS,
    moment,
    number,
    object_name,
    product_id,
    text,
)
from ._containers import Field, ListOf, Record
from ._spatial import Footprint

STORAGE_STATES = ("available", "remote")

FILE = Record(
    {
        "href": Field(Text(2000, shortest=1), "URL of the file."),
        "size_bytes": Field(Integer(0), "Size in bytes."),
        "hash": Field(Text(200), "MD5 of the content, in hexadecimal."),
        "provider_id": Field(Text(2000), "The provider's name of the file."),
        "provider_href": Field(Text(2000), "The provider's URL of the file."),
    }
)


def _image(name: str, type_: AttributeType, description: str) -> Attribute:
    return Attribute(name=name, type=type_, description=description)


def _pairs(name: str, description: str) -> Attribute:
    return _image(name, ListOf(ListOf(Number(), 100), 100), description)


IMAGE = Resource.of(
    "image",
    object_name("The image's name, unique in its product."),
    product_id(),
    _image("geometry", Footprint(), "The footprint, in WGS 84."),
    _image("cs_code", Text(100, shortest=1), "The coordinate reference system: EPSG:n."),
    _image("projection", Text(10_000, shortest=1), "The same as WKT or PROJ text."),
    _image("geotrans", ListOf(Number(), 6, 6), "The affine geotransform in GDAL's order."),
    _image("x_pixels", Integer(1, 2**31), "Columns of the raster."),
    _image("y_pixels", Integer(1, 2**31), "Rows of the raster."),
    moment("acquired", "When the image was taken.", required=True),
    moment("acquired_end", "When taking it ended."),
    moment("published", "When the provider published it."),
    moment("expires", "When the image is deleted, with the objects that the catalog holds of it."),
    Attribute(
        name="storage_state",
        type=Choice(STORAGE_STATES),
        description="Whether the catalog holds the pixels.",
        filterable=True,
        sortable=True,
        default="available",
    ),
    _image("files", ListOf(FILE, 1000), "The files that hold the pixels."),
    number("area", "Area of the footprint, square kilometres."),
    number("azimuth_angle", "Sensor azimuth, degrees."),
    number("bright_fraction", "Fraction of bright pixels."),
    number("cloud_fraction", "Fraction of cloudy pixels."),
    number("confidence_dlsr", "Confidence of the surface reflectance."),
    number("alt_cloud_fraction", "Fraction of cloudy pixels by another method."),
    number("fill_fraction", "Fraction of pixels with data."),
    number("incidence_angle", "Sensor incidence angle, degrees."),
    number("roll_angle", "Sensor roll angle, degrees."),
    number("solar_azimuth_angle", "Azimuth of the sun, degrees."),
    number("solar_elevation_angle", "Elevation of the sun, degrees."),
    number("view_angle", "Sensor view angle, degrees."),
    text("processing_pipeline_id", "Which pipeline made the image.", 500, index=True),
    text("satellite_id", "Which satellite took it.", 500, index=True),
    text("provider_id", "The provider's id of it.", 500, index=True),
    text("provider_url", "Where the provider describes it."),
    text("preview_url", "Where a preview can be seen."),
    text("preview_file", "A file with a preview."),
    _image("bits_per_pixel", ListOf(Number(0), 1000), "Stored bits per pixel of each file."),
    _image("reflectance_scale", ListOf(Number(), 1000), "Scale to reflectance of each band."),
    _pairs("c6s_dlsr", "Coefficients of the surface reflectance of each band."),
    _pairs("brightness_temperature_k1_k2", "K1 and K2 of each thermal band."),
    _pairs("radiance_gain_bias", "Gain and bias to radiance of each band."),
    _pairs("reflectance_gain_bias", "Gain and bias to reflectance of each band."),
    _pairs("temperature_gain_bias", "Gain and bias to temperature of each band."),
    CREATED,
    MODIFIED,
    TAGS,
    EXTRA_PROPERTIES,
    STAC,
)
