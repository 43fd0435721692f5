"""What passes between the ingest and the process that decodes pixels: plain, JSON-able values."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

GIB = 1024**3


class Refused(Exception):
    """The files cannot become the image, and trying again would not help.

    The message names the file, the band or block, what was found and what was expected: it is
    the failure event that the user reads.
    """


@dataclass(frozen=True, slots=True)
class Limits:
    """What a raster's header may claim before any pixel is decoded.

    ``side`` in pixels, ``pixel_bytes`` for all bands uncompressed, ``memory_bytes`` for the
    address space of the decoding process, ``seconds`` for one file.
    """

    side: int = 250_000
    bands: int = 256
    pixel_bytes: int = 24 * GIB
    memory_bytes: int = 5 * GIB // 2
    seconds: int = 780


@dataclass(frozen=True, slots=True)
class ExpectedBand:
    """One band of the product, as far as the pixels of one file must agree with it.

    ``kind`` is the band's type (spectral, class, mask...), ``data_type`` the contract's name of
    the pixel type, ``index`` counts the bands of the file from 0.
    """

    name: str
    kind: str
    data_type: str
    index: int
    nodata: float | int | None = None

    @property
    def is_categorical(self) -> bool:
        """Whether its values are names, which no overview may average."""
        return self.kind in {"class", "mask"}


@dataclass(frozen=True, slots=True)
class Georeference:
    """Where pixels are: a CRS (any text that PROJ knows) and a geotransform in GDAL's order."""

    crs: str | None = None
    geotransform: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class FileTask:
    """One file to validate and to make a COG of.

    ``name`` is what the user called it, ``path`` where it lies now, ``folder`` where temporary
    files and the COG may be written. ``given`` is the georeference in the image's attributes.
    ``overviews`` are decimation factors; None asks for powers of two down to one block.
    ``outline`` asks for a footprint of the valid pixels, ``warp_gcps`` for a file without a
    geotransform to be warped by what it has instead. ``geometry`` is the footprint that the image
    was declared with: it serves where none can be told from the raster.
    """

    path: str
    name: str
    folder: str
    bands: tuple[ExpectedBand, ...]
    given: Georeference = field(default_factory=Georeference)
    is_array: bool = False
    overviews: tuple[int, ...] | None = None
    resampler: str = "average"
    compression: str = "deflate"
    outline: bool = False
    warp_gcps: bool = False
    geometry: dict[str, Any] | None = None
    limits: Limits = field(default_factory=Limits)

    def to_json(self) -> dict[str, Any]:
        """Return the task as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> FileTask:
        """Return the task that :meth:`to_json` described."""
        given = values["given"]
        return cls(
            **values
            | {
                "bands": tuple(ExpectedBand(**band) for band in values["bands"]),
                "given": Georeference(given["crs"], _tuple(given["geotransform"])),
                "overviews": _tuple(values["overviews"]),
                "limits": Limits(**values["limits"]),
            }
        )


@dataclass(frozen=True, slots=True)
class FileResult:
    """What one accepted file holds.

    ``output`` is the path of the COG, or None where the file itself already is the COG to keep.
    ``size_bytes`` and ``md5`` are of the COG. ``crs`` is WKT, ``cs_code`` its EPSG code where it
    has one. ``valid_fraction`` counts pixels that hold data in at least one band. ``footprint``
    is GeoJSON in WGS 84 and ``area`` its square kilometres. ``acquired`` is the date that the
    file carries, if any. ``notes`` say what happened to it that its user should know.
    """

    output: str | None
    size_bytes: int
    md5: str
    width: int
    height: int
    bands: int
    crs: str
    cs_code: str | None
    geotransform: tuple[float, ...]
    valid_fraction: float
    footprint: dict[str, Any]
    area: float
    acquired: str | None = None
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the result as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> FileResult:
        """Return the result that :meth:`to_json` described."""
        return cls(
            **values
            | {"geotransform": tuple(values["geotransform"]), "notes": tuple(values["notes"])}
        )


def _tuple(values: list[Any] | tuple[Any, ...] | None) -> tuple[Any, ...] | None:
    return None if values is None else tuple(values)
