"""Attributes of the catalog's objects, generated from the service's definitions.

`python -m swath_dev client-attributes` writes this module; a test compares it with what it writes.
"""

from __future__ import annotations

from typing import Any

from ._attribute import Attribute, AttributeOwner
from ._attributes import (
    Boolean,
    Enumerated,
    ExtraProperties,
    Integer,
    ListOf,
    Number,
    Text,
    Timestamp,
    TupleOf,
)
from ._enums import Choices, UploadState
from ._geometry import GeometryAttribute
from ._processing import ProcessingLevels
from ._resolution import ResolutionAttribute
from ._structure import Structure, StructureAttribute


class BandType(Choices):
    """What a band measures; decides the class of a band object."""

    SPECTRAL = "spectral"
    MICROWAVE = "microwave"
    MASK = "mask"
    CLASS = "class"
    GENERIC = "generic"


class DataType(Choices):
    """The type of a pixel."""

    BYTE = "Byte"
    UINT16 = "UInt16"
    INT16 = "Int16"
    UINT32 = "UInt32"
    INT32 = "Int32"
    FLOAT32 = "Float32"
    FLOAT64 = "Float64"
    INT8 = "Int8"
    INT64 = "Int64"
    UINT64 = "UInt64"


class Colormap(Choices):
    """Named colormaps for bands of one value per pixel."""

    MAGMA = "magma"
    INFERNO = "inferno"
    PLASMA = "plasma"
    VIRIDIS = "viridis"
    COOL = "cool"
    HOT = "hot"
    COOLWARM = "coolwarm"
    BWR = "bwr"
    GIST_EARTH = "gist_earth"
    TERRAIN = "terrain"
    CDL = "cdl"


class StorageState(Choices):
    """Whether the catalog holds an image's files itself."""

    AVAILABLE = "available"
    REMOTE = "remote"


class OverviewResampler(Choices):
    """How overviews are computed from full-resolution pixels."""

    NEAREST = "nearest"
    AVERAGE = "average"
    GAUSS = "gauss"
    CUBIC = "cubic"
    CUBICSPLINE = "cubicspline"
    LANCZOS = "lanczos"
    AVERAGE_MP = "average_mp"
    AVERAGE_MAGPHASE = "average_magphase"
    MODE = "mode"


class ImageUploadType(Choices):
    """What is uploaded."""

    FILE = "file"
    NDARRAY = "ndarray"


class ImageUploadStatus(UploadState):
    """How far an upload has come."""

    TRANSFERRING = "transferring"
    PENDING = "pending"
    RUNNING = "running"
    SUCCESS = "success"
    FAILURE = "failure"
    CANCELED = "canceled"


class ImageUploadEventType(Choices):
    """What happened to an upload."""

    QUEUE = "queue"
    CANCEL = "cancel"
    RUN = "run"
    COMPLETE = "complete"
    ERROR = "error"
    TIMEOUT = "timeout"
    LOG = "log"
    USAGE = "usage"


class ImageUploadEventSeverity(Choices):
    """How bad an event of an upload is."""

    CRITICAL = "CRITICAL"
    ERROR = "ERROR"
    WARNING = "WARNING"
    INFO = "INFO"
    DEBUG = "DEBUG"


class File(Structure):
    """Where pixels of an image are stored: a remote one needs `href` or `provider_href`."""

    href = Text(doc="URL of the file.")
    size_bytes = Integer(doc="Size in bytes.")
    hash = Text(doc="MD5 of the content, in hexadecimal.")
    provider_id = Text(doc="The provider's name of the file.")
    provider_href = Text(doc="The provider's URL of the file.")


class ProcessingStep(Structure):
    """One step of a processing level."""

    function = Text(doc="Name of the function.")
    parameter: Attribute[Any, Any] = Attribute(
        doc="What the function takes: numbers, or the image attribute that holds them."
    )
    index = Integer(doc="Which entry of that attribute.")
    data_type = Enumerated(DataType, doc="The type of the result.")
    data_range = TupleOf(2, doc="Smallest and largest value of the result.")
    display_range = TupleOf(2, doc="The range of the result to show.")
    physical_range = TupleOf(2, doc="What the data range stands for, in physical units.")
    physical_range_unit = Text(doc="The unit of the physical range.")


class DerivedParams(Structure):
    """What a derived band is made of."""

    function = Text(doc="Name of the function.")
    bands: ListOf[str] = ListOf(Text(), doc="Names of the bands it takes.")
    source_type = Enumerated(DataType, doc="The type that the bands are read as.")


class ImageUploadOptions(Structure):
    """How an upload becomes an image."""

    upload_type = Enumerated(ImageUploadType, doc="Arrays or files.")
    image_files: ListOf[str] = ListOf(Text(), doc="Names of the files, in order.")
    overviews: ListOf[int] = ListOf(Integer(), doc="Factors of the overviews.")
    overview_resampler = Enumerated(OverviewResampler, doc="How overviews are computed.")
    upload_size = Integer(doc="Bytes of all files.")
    worker_tag = Text(doc="Reserved for the operator.")


class UploadEventAttributes(Structure):
    """What an event of an upload says."""

    event_datetime = Timestamp(doc="When it happened.")
    component = Text(doc="The part of the service that says so.")
    component_id = Text(doc="Which instance of it.")
    event_type = Enumerated(ImageUploadEventType, doc="What kind of event.")
    severity = Enumerated(ImageUploadEventSeverity, doc="How bad it is.")
    message = Text(doc="What happened, in words.")


class ObjectAttributes(AttributeOwner):
    """Of every object."""

    created = Timestamp(read_only=True, doc="When the object was first saved.")
    modified = Timestamp(read_only=True, doc="When the object was last saved.")


class NamedAttributes(AttributeOwner):
    """Of bands and images."""

    name = Text(mutable=False, doc="Unique in its product.")
    product_id = Text(mutable=False, doc="The id of the product that the object belongs to.")


class ProductAttributes(AttributeOwner):
    """Of products."""

    name = Text(doc="A name for display; not unique.")
    description = Text(doc="What the product holds and where it comes from.")
    is_core = Boolean(doc="Whether the product is one of the platform's own.")
    revisit_period_minutes_min = Number(doc="Shortest time between two images of a place, minutes.")
    revisit_period_minutes_max = Number(doc="Longest time between two images of a place, minutes.")
    start_datetime = Timestamp(doc="The earliest time that the product covers.")
    end_datetime = Timestamp(doc="The latest time that the product covers.")
    resolution_min = ResolutionAttribute(
        read_only=True, doc="The finest resolution among the bands."
    )
    resolution_max = ResolutionAttribute(
        read_only=True, doc="The coarsest resolution among the bands."
    )
    default_display_bands: ListOf[str] = ListOf(
        Text(), doc="Names of the bands to show: grey, grey and alpha, RGB, or RGB and alpha."
    )
    image_index_name = Text(doc="Internal name of an index; privileged.")
    product_tier = Text(doc="Tier of the product; privileged.")
    owners: ListOf[str] = ListOf(Text(), doc="Who may do everything.")
    writers: ListOf[str] = ListOf(Text(), doc="Who may change it.")
    readers: ListOf[str] = ListOf(Text(), doc="Who may see it.")
    tags: ListOf[str] = ListOf(Text(), doc="Free words to find the object by.")
    extra_properties = ExtraProperties(
        doc="Further properties: names to strings, numbers or booleans."
    )
    stac: Attribute[Any, Any] = Attribute(
        doc="What its STAC form has beyond the other attributes; kept by the STAC face."
    )


class BandAttributes(AttributeOwner):
    """Of bands of all types."""

    type = Enumerated(BandType, mutable=False, doc="The type of the band.")
    description = Text(doc="What the band shows.")
    sort_order = Integer(doc="Position among the bands.")
    vendor_order = Integer(doc="Position in the vendor's files, from 1.")
    data_type = Enumerated(DataType, doc="The type of a pixel.")
    nodata = Number(finite=False, doc="The value of pixels without data.")
    data_range = TupleOf(2, doc="Smallest and largest pixel value.")
    display_range = TupleOf(2, doc="The range to show.")
    resolution = ResolutionAttribute(doc="The size of a pixel.")
    band_index = Integer(doc="Index of the band in its file.")
    file_index = Integer(doc="Index of the file of the image.")
    jpx_layer_index = Integer(doc="Index of the JPX layer.")
    vendor_band_name = Text(doc="The vendor's name of the band.")
    processing_levels = ProcessingLevels(
        ProcessingStep, doc="Named processings: an alias, or the steps."
    )
    derived_params = StructureAttribute(DerivedParams, doc="How a derived band is computed.")
    tags: ListOf[str] = ListOf(Text(), doc="Free words to find the object by.")
    extra_properties = ExtraProperties(
        doc="Further properties: names to strings, numbers or booleans."
    )


class SpectralBandAttributes(AttributeOwner):
    """Of spectral bands."""

    physical_range = TupleOf(2, doc="What the data range stands for, in physical units.")
    physical_range_unit = Text(doc="The unit of the physical range.")
    wavelength_nm_center = Number(doc="Centre of the pass band, nanometres.")
    wavelength_nm_min = Number(doc="Lower end of the pass band, nanometres.")
    wavelength_nm_max = Number(doc="Upper end of the pass band, nanometres.")
    wavelength_nm_fwhm = Number(doc="Full width at half maximum, nanometres.")


class MicrowaveBandAttributes(AttributeOwner):
    """Of microwave bands."""

    physical_range = TupleOf(2, doc="What the data range stands for, in physical units.")
    physical_range_unit = Text(doc="The unit of the physical range.")
    frequency = Number(doc="Centre frequency, gigahertz.")
    bandwidth = Number(doc="Bandwidth, megahertz.")


class MaskBandAttributes(AttributeOwner):
    """Of mask bands."""

    is_alpha = Boolean(doc="Whether rastering treats 0 as transparent.")


class ClassBandAttributes(AttributeOwner):
    """Of class bands."""

    colormap_name = Enumerated(Colormap, doc="A named colormap.")
    colormap: ListOf[list[int]] = ListOf(ListOf(Integer()), doc="Colours by value: red to alpha.")
    class_labels: ListOf[str | None] = ListOf(
        Text(nullable=True), doc="Names of the classes by value."
    )


class GenericBandAttributes(AttributeOwner):
    """Of generic bands."""

    physical_range = TupleOf(2, doc="What the data range stands for, in physical units.")
    physical_range_unit = Text(doc="The unit of the physical range.")
    colormap_name = Enumerated(Colormap, doc="A named colormap.")
    colormap: ListOf[list[int]] = ListOf(ListOf(Integer()), doc="Colours by value: red to alpha.")


class ImageAttributes(AttributeOwner):
    """Of images."""

    geometry = GeometryAttribute(doc="The footprint, in WGS 84.")
    cs_code = Text(doc="The coordinate reference system: EPSG:n.")
    projection = Text(doc="The same as WKT or PROJ text.")
    geotrans = TupleOf(6, doc="The affine geotransform in GDAL's order.")
    x_pixels = Integer(doc="Columns of the raster.")
    y_pixels = Integer(doc="Rows of the raster.")
    acquired = Timestamp(doc="When the image was taken.")
    acquired_end = Timestamp(doc="When taking it ended.")
    published = Timestamp(doc="When the provider published it.")
    expires = Timestamp(
        doc="When the image is deleted, with the objects that the catalog holds of it."
    )
    storage_state = Enumerated(StorageState, doc="Whether the catalog holds the pixels.")
    files: ListOf[File] = ListOf(StructureAttribute(File), doc="The files that hold the pixels.")
    area = Number(doc="Area of the footprint, square kilometres.")
    azimuth_angle = Number(doc="Sensor azimuth, degrees.")
    bright_fraction = Number(doc="Fraction of bright pixels.")
    cloud_fraction = Number(doc="Fraction of cloudy pixels.")
    confidence_dlsr = Number(doc="Confidence of the surface reflectance.")
    alt_cloud_fraction = Number(doc="Fraction of cloudy pixels by another method.")
    fill_fraction = Number(doc="Fraction of pixels with data.")
    incidence_angle = Number(doc="Sensor incidence angle, degrees.")
    roll_angle = Number(doc="Sensor roll angle, degrees.")
    solar_azimuth_angle = Number(doc="Azimuth of the sun, degrees.")
    solar_elevation_angle = Number(doc="Elevation of the sun, degrees.")
    view_angle = Number(doc="Sensor view angle, degrees.")
    processing_pipeline_id = Text(doc="Which pipeline made the image.")
    satellite_id = Text(doc="Which satellite took it.")
    provider_id = Text(doc="The provider's id of it.")
    provider_url = Text(doc="Where the provider describes it.")
    preview_url = Text(doc="Where a preview can be seen.")
    preview_file = Text(doc="A file with a preview.")
    bits_per_pixel: ListOf[float] = ListOf(Number(), doc="Stored bits per pixel of each file.")
    reflectance_scale: ListOf[float] = ListOf(Number(), doc="Scale to reflectance of each band.")
    c6s_dlsr: ListOf[list[float]] = ListOf(
        ListOf(Number()), doc="Coefficients of the surface reflectance of each band."
    )
    brightness_temperature_k1_k2: ListOf[list[float]] = ListOf(
        ListOf(Number()), doc="K1 and K2 of each thermal band."
    )
    radiance_gain_bias: ListOf[list[float]] = ListOf(
        ListOf(Number()), doc="Gain and bias to radiance of each band."
    )
    reflectance_gain_bias: ListOf[list[float]] = ListOf(
        ListOf(Number()), doc="Gain and bias to reflectance of each band."
    )
    temperature_gain_bias: ListOf[list[float]] = ListOf(
        ListOf(Number()), doc="Gain and bias to temperature of each band."
    )
    tags: ListOf[str] = ListOf(Text(), doc="Free words to find the object by.")
    extra_properties = ExtraProperties(
        doc="Further properties: names to strings, numbers or booleans."
    )
    stac: Attribute[Any, Any] = Attribute(
        doc="What its STAC form has beyond the other attributes; kept by the STAC face."
    )


class UploadAttributes(AttributeOwner):
    """Of uploads."""

    product_id = Text(read_only=True, doc="The product of the image.")
    image_id = Text(mutable=False, doc="The id that the image will have.")
    image_upload_options = StructureAttribute(
        ImageUploadOptions, mutable=False, doc="The files and how to treat them."
    )
    user = Text(read_only=True, doc="Who declared the upload.")
    resumable_urls: ListOf[str] = ListOf(Text(), read_only=True, doc="Where to PUT the files.")
    status = Enumerated(ImageUploadStatus, doc="The state of the upload.")
