"""Bands: one class per type, chosen by the catalog's `type` when they are read."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from swath.catalog._attributes import (
    Boolean,
    Enumerated,
    ExtraProperties,
    Integer,
    ListOf,
    Number,
    Text,
    TupleOf,
)
from swath.catalog._enums import BandType, Colormap, DataType
from swath.catalog._included import Included
from swath.catalog._named import NamedCatalogObject
from swath.catalog._processing import DerivedParams, ProcessingLevels
from swath.catalog._resolution import ResolutionAttribute
from swath.catalog._search import Search
from swath.catalog._structure import StructureAttribute
from swath.http import Client


class Band(NamedCatalogObject):
    """One layer of the pixels of every image of a product; create one of the five classes below it.

    `Band.get` and `Band.search` find bands of all types, those of a subclass its own type only.
    """

    _kind = "band"
    _collection = "bands"
    _type: ClassVar[BandType | None] = None
    _classes: ClassVar[dict[str, type[Band]]] = {}

    type = Enumerated(BandType, mutable=False, doc="What the band measures; set by its class.")
    description = Text(doc="What the band is; searched by `find_text`.")
    sort_order = Integer(doc="Place among the product's bands; by default after the last.")
    vendor_order = Integer(doc="Place among the provider's bands, from 1.")
    vendor_band_name = Text(doc="The provider's name of the band.")
    data_type = Enumerated(DataType, doc="Type of the stored pixels.")
    nodata = Number(finite=False, doc="The pixel value that means: nothing here.")
    data_range = TupleOf(2, doc="Least and greatest pixel value.")
    display_range = TupleOf(2, doc="Pixel values shown as black and as white.")
    resolution = ResolutionAttribute(doc="Size of the stored pixels.")
    band_index = Integer(doc="Which band of its file, from 0.")
    file_index = Integer(doc="Which of the image's files, from 0 (the default).")
    jpx_layer_index = Integer(doc="Layer of a JPEG 2000 file, from 0 (the default).")
    processing_levels = ProcessingLevels(doc="Named ways to compute the band from its pixels.")
    derived_params = StructureAttribute(DerivedParams, doc="How a derived band is computed.")
    tags: ListOf[str] = ListOf(Text(), doc="Up to 32 words to find it by.")
    extra_properties = ExtraProperties(doc="Up to 50 more facts: strings and numbers.")

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if cls._type is not None:
            Band._classes[str(cls._type)] = cls

    def __init__(self, **attributes: Any) -> None:
        if self._type is None:
            raise TypeError("a band is a SpectralBand, MicrowaveBand, MaskBand, ClassBand, ...")
        super().__init__(**attributes)
        self.type = self._type

    @classmethod
    def search(
        cls, *, client: Client | None = None, request_params: dict[str, Any] | None = None
    ) -> Search[Self]:
        """A search over the bands of this class; of all types when the class is Band."""
        from swath.catalog._expressions import properties

        search = super().search(client=client, request_params=request_params)
        return search if cls._type is None else search.filter(properties.type == cls._type)

    @classmethod
    def _from_resource(
        cls, resource: dict[str, Any], client: Client | None, included: Included
    ) -> Band:
        kind = Band._classes.get(resource.get("attributes", {}).get("type"), GenericBand)
        made = super(Band, kind)._from_resource(resource, client, included)
        assert isinstance(made, Band)  # noqa: S101 - for the type checker
        return made


class SpectralBand(Band):
    """A band of the visible or infrared spectrum."""

    _type = BandType.SPECTRAL

    physical_range = TupleOf(2, doc="What `data_range` stands for, for example reflectance 0 to 1.")
    physical_range_unit = Text(doc="Unit of `physical_range`.")
    wavelength_nm_center = Number(doc="Centre, in nanometres.")
    wavelength_nm_min = Number(doc="Shortest wavelength, in nanometres.")
    wavelength_nm_max = Number(doc="Longest wavelength, in nanometres.")
    wavelength_nm_fwhm = Number(doc="Full width at half maximum, in nanometres.")


class MicrowaveBand(Band):
    """A band of a radar or a passive microwave sensor."""

    _type = BandType.MICROWAVE

    physical_range = TupleOf(2, doc="What `data_range` stands for.")
    physical_range_unit = Text(doc="Unit of `physical_range`.")
    frequency = Number(doc="Centre frequency, in gigahertz.")
    bandwidth = Number(doc="Bandwidth, in megahertz.")


class MaskBand(Band):
    """A band of zeros (masked) and ones; its ranges are [0, 1] without being set."""

    _type = BandType.MASK

    is_alpha = Boolean(doc="Whether zeros are transparent when the band is read last.")


class ClassBand(Band):
    """A band whose values name categories."""

    _type = BandType.CLASS

    colormap_name = Enumerated(Colormap, doc="A named colormap.")
    colormap: ListOf[list[int]] = ListOf(ListOf(Integer()), doc="[r, g, b, a] of every value.")
    class_labels: ListOf[str | None] = ListOf(
        Text(nullable=True), doc="Name of every value; None where none."
    )


class GenericBand(Band):
    """A band of anything else, temperature or angles for example."""

    _type = BandType.GENERIC

    physical_range = TupleOf(2, doc="What `data_range` stands for.")
    physical_range_unit = Text(doc="Unit of `physical_range`.")
    colormap_name = Enumerated(Colormap, doc="A named colormap.")
    colormap: ListOf[list[int]] = ListOf(ListOf(Integer()), doc="[r, g, b, a] of every value.")
