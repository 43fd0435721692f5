"""Rasters as people have them: packed bits, odd nodata, doubtful overviews, tags of all kinds."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any
from zlib import compress, crc32

import imagecodecs
import numpy as np
import pytest
import rasterio
import tifffile
from rasterio.shutil import copy
from rasterio.transform import from_origin
from tests.decoding import level, run, stored
from tests.ingest_world import Values, World, band, ramp, raster

from swath_core.pixels import Georeference, Refused

ODD = Path(__file__).resolve().parents[4] / "shared/data/odd"


# -- bits per sample

BITS = [*range(1, 17), 24, 32]
_DEEPEST_JP2 = 26


def packed(dtype: str, bits: int, layout: str, compress: str, folder: Path) -> tuple[bytes, Values]:
    most = min(2**bits - 1, np.iinfo(dtype).max)
    values = (ramp(70, 90).astype("uint64") * 2654435761 % (most + 1)).astype(dtype)
    profile: dict[str, Any] = {"dtype": dtype, "compress": compress}
    if compress == "jp2":
        path = folder / "a.jp2"
        (folder / "plain.tif").write_bytes(raster(values))
        options = {"QUALITY": "100", "REVERSIBLE": "YES", "NBITS": str(bits)}
        if layout == "tile":
            options |= {"BLOCKXSIZE": "64", "BLOCKYSIZE": "64"}
        with rasterio.open(folder / "plain.tif") as dataset:
            copy(dataset, path, driver="JP2OpenJPEG", **options)
        return path.read_bytes(), values
    if layout == "tile":
        profile |= {"tiled": True, "blockxsize": 64, "blockysize": 64}
    return raster(values, NBITS=bits, **profile), values


def widths(dtype: str) -> list[int]:
    return [
        bits for bits in BITS if np.dtype(dtype).itemsize * 4 < bits <= np.iinfo(dtype).bits
    ] + ([1, 2, 3, 4] if dtype == "uint8" else [])


@pytest.mark.parametrize("layout", ["strip", "tile"])
@pytest.mark.parametrize("compress", ["none", "deflate", "lzw", "zstd", "jp2"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32"])
def test_any_number_of_bits_is_accepted_with_identical_pixels(
    dtype: str, compress: str, layout: str, tmp_path: Path
) -> None:
    # JPEG 2000 of more than 25 bits is not lossless as OpenJPEG writes it
    for bits in (bits for bits in widths(dtype) if compress != "jp2" or bits < _DEEPEST_JP2):
        body, values = packed(dtype, bits, layout, compress, tmp_path)
        for compression in ("deflate", "lzw", "zstd", "none"):
            result = run(body, tmp_path, dtype, compression=compression)
            with rasterio.open(stored(result, tmp_path)) as dataset:
                np.testing.assert_array_equal(dataset.read(), values)
                # to GDAL, one bit is black or white: names
                assert bits == 1 or "NBITS" not in dataset.tags(1, ns="IMAGE_STRUCTURE")


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_classes_stay_packed(bits: int, tmp_path: Path) -> None:
    values = ramp(700, 900, dtype="uint8") % (2**bits)
    result = run(raster(values, NBITS=bits), tmp_path, "uint8", kind="class")
    path = stored(result, tmp_path)
    with rasterio.open(path) as dataset:
        np.testing.assert_array_equal(dataset.read(), values)
        assert dataset.tags(1, ns="IMAGE_STRUCTURE")["NBITS"] == str(bits)
    np.testing.assert_array_equal(level(path, 0), values[:, ::2, ::2])
    np.testing.assert_array_equal(tifffile.imread(path), values[0])


def test_half_precision_is_read_as_gdal_reads_it(tmp_path: Path) -> None:
    values = (ramp(70, 90) / 16).astype("float16").astype("float32")
    result = run(raster(values, NBITS=16), tmp_path, "float32")
    with rasterio.open(stored(result, tmp_path)) as dataset:
        np.testing.assert_array_equal(dataset.read(), values)


@pytest.mark.parametrize("dtype", ["int8", "int64", "uint64"])
@pytest.mark.parametrize("compression", ["deflate", "zstd", "none"])
def test_types_beyond_the_contract(dtype: str, compression: str, tmp_path: Path) -> None:
    limits = np.iinfo(dtype)
    values = np.linspace(0, 1, 700 * 600).reshape(1, 700, 600) * (limits.max // 2)
    values = values.astype(dtype)
    values[0, 0, :3] = limits.min, limits.max, limits.max - 1
    nodata = 77 if dtype == "int8" else 2**40
    values[0, 0, 3] = nodata
    body = raster(values, nodata=nodata)
    result = run(body, tmp_path, dtype, nodata=nodata, compression=compression)
    assert result.valid_fraction == pytest.approx(1 - (values == nodata).mean())
    with rasterio.open(stored(result, tmp_path)) as dataset:
        np.testing.assert_array_equal(dataset.read(), values)
        assert dataset.nodata == nodata
        assert dataset.overviews(1) == [2]


# -- nodata


@pytest.mark.parametrize("nodata", [-3.4e38, 1e20, 0.1])
def test_nodata_is_compared_in_the_type_of_the_band(nodata: float, tmp_path: Path) -> None:
    values = ramp(64, 80, dtype="float32")
    values[:, :10] = np.float32(nodata)
    body = raster(values, nodata=float(np.float32(nodata)))
    result = run(body, tmp_path, "float32", nodata=nodata)
    assert result.valid_fraction == pytest.approx(54 / 64)
    without = run(raster(values), tmp_path, "float32", nodata=nodata)
    assert without.valid_fraction == pytest.approx(54 / 64)
    with pytest.raises(Refused, match="has nodata"):
        run(body, tmp_path, "float32", nodata=nodata * 1.001)


@pytest.mark.parametrize("nodata", [None, -9999.0, float("nan")])
def test_what_is_not_a_number_is_missing(nodata: float | None, tmp_path: Path) -> None:
    values = np.full((1, 1200, 1200), 100, dtype="float32")
    values.reshape(-1)[::3] = np.nan
    values[:, 500:600, 500:600] = np.nan if nodata is None else nodata
    result = run(raster(values, nodata=nodata), tmp_path, "float32", nodata=nodata)
    missing = np.isnan(values) | (values == nodata)
    assert result.valid_fraction == pytest.approx(1 - missing.mean())
    for number, factor in enumerate((2, 4)):
        small = level(stored(result, tmp_path), number)[0]
        side = 1200 // factor
        empty = missing.reshape(side, factor, side, factor).all(axis=(1, 3))
        assert (small[~empty] == 100).all()
        expected = np.nan if nodata is None else nodata
        np.testing.assert_array_equal(small[empty], np.full(np.count_nonzero(empty), expected))


# -- tags


def test_tags_of_all_namespaces_are_kept(tmp_path: Path) -> None:
    def describe(dataset: Any) -> None:
        dataset.update_tags(PLAIN="p")
        dataset.update_tags(ns="SENSOR", gain="2", note='<&> "quoted" \u00e9')
        dataset.update_tags(1, ns="SENSOR", wavelength="660")
        dataset.update_tags(1, PLAIN="b")
        dataset.update_tags(ns="COLOR_PROFILE", SOURCE_ICC_PROFILE="AAECAw==")

    result = run(raster(change=describe), tmp_path)
    with rasterio.open(stored(result, tmp_path)) as dataset:
        assert dataset.tags()["PLAIN"] == "p"
        assert dataset.tags(1) == {"PLAIN": "b"}
        assert dataset.tag_namespaces(1) == ["SENSOR"]
        assert dataset.tags(ns="SENSOR") == {"gain": "2", "note": '<&> "quoted" \u00e9'}
        assert dataset.tags(1, ns="SENSOR") == {"wavelength": "660"}
        assert dataset.tags(ns="COLOR_PROFILE")["SOURCE_ICC_PROFILE"] == "AAECAw=="
    assert result.notes == ()


def test_xmp_icc_and_exif_of_a_jpeg_are_kept(tmp_path: Path) -> None:
    values = np.stack([ramp(64, 64, dtype="uint8")[0]] * 3)
    xmp = (
        b'<?xpacket begin="" id="W5M0"?><x:xmpmeta xmlns:x="adobe:ns:meta/" x:kit="&lt;1&gt;">'
        b"<!-- a comment --><x:a>one &amp; <![CDATA[<two>]]></x:a></x:xmpmeta><?xpacket end='w'?>"
    )
    exif = b"II*\0\x08\0\0\0\x01\0\x10\x01\x02\0\x04\0\0\0cam\0\0\0\0\0"
    plain = bytes(imagecodecs.jpeg_encode(np.moveaxis(values, 0, -1).copy(), level=90))
    segments = [(0xE1, b"Exif\0\0" + exif), (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp)]
    segments += [(0xE2, b"ICC_PROFILE\0\x01\x01" + bytes(range(200)))]
    extra = b"".join(
        bytes([0xFF, code]) + (len(data) + 2).to_bytes(2, "big") + data for code, data in segments
    )
    given = {"crs": "EPSG:32755", "geotransform": (6e5, 10.0, 0.0, 6.1e6, 0.0, -10.0)}
    body = plain[:2] + extra + plain[2:]
    result = run(body, tmp_path, "uint8", count=3, given=Georeference(**given))  # type: ignore[arg-type]
    with tifffile.TiffFile(stored(result, tmp_path)) as file:
        tags = file.pages.first.tags
        assert b'<x:xmpmeta xmlns:x="adobe:ns:meta/" x:kit="&lt;1&gt;">' in bytes(tags["XMP"].value)
        assert b"<x:a>one &amp; &lt;two&gt;</x:a>" in bytes(tags["XMP"].value)
        assert bytes(tags["InterColorProfile"].value) == bytes(range(200))
    with rasterio.open(stored(result, tmp_path)) as dataset:
        everything = dataset.tags() | dataset.tags(ns="EXIF")
        assert everything["EXIF_Model"].strip() == "cam"


def test_what_cannot_be_kept_is_named(tmp_path: Path) -> None:
    def describe(dataset: Any) -> None:
        dataset.update_tags(ns="HUGE", text="x" * 1_100_000)

    result = run(raster(change=describe), tmp_path)
    assert result.notes == ("a.tif: HUGE of the file (1100004 characters) is not kept",)
    world = World()
    assert "HUGE of the file" in world.ingest(raster(change=describe)).events[-2].message


def test_further_images_of_a_file_are_named(tmp_path: Path) -> None:
    (tmp_path / "second.tif").write_bytes(raster(ramp(30, 50)))
    path = tmp_path / "first.tif"
    path.write_bytes(raster(ramp(40, 60)))
    copy(tmp_path / "second.tif", path, driver="GTiff", APPEND_SUBDATASET="YES")
    result = run(path.read_bytes(), tmp_path)
    assert result.notes == ("a.tif: what follows the first of its 2 images is not kept",)
    with rasterio.open(stored(result, tmp_path)) as dataset:
        np.testing.assert_array_equal(dataset.read(), ramp(40, 60))


@pytest.mark.parametrize(("transparent", "named"), [(b"\xff\x00", False), (b"\x00\x80", True)])
def test_transparent_colours_of_a_palette_are_named(
    transparent: bytes, named: bool, tmp_path: Path
) -> None:
    values = ramp(40, 60, dtype="uint8") % 4

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60, 40, 8, 3, 0, 0, 0)
    rows = compress(b"".join(b"\0" + row.tobytes() for row in values[0]))
    chunks = {
        b"IHDR": header,
        b"PLTE": bytes(12),
        b"tRNS": transparent,
        b"IDAT": rows,
        b"IEND": b"",
    }
    body = b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in chunks.items())
    given = Georeference("EPSG:32755", (6e5, 10.0, 0.0, 6.1e6, 0.0, -10.0))
    result = run(body, tmp_path, "uint8", given=given)
    lost = ("a.tif: the transparency of its palette's colours is not kept",) if named else ()
    assert result.notes == lost
    # the one colour that is not seen at all is nodata
    assert result.valid_fraction == 0.75


@pytest.mark.parametrize("big", ["YES", "NO"])
@pytest.mark.parametrize("order", ["BIG", "LITTLE"])
@pytest.mark.parametrize(("written", "code"), [("PREMULTIPLIED", 1), ("NON-PREMULTIPLIED", 2)])
def test_associated_alpha_stays_associated(
    written: str, code: int, order: str, big: str, tmp_path: Path
) -> None:
    values = ramp(600, 700, 4, dtype="uint8")
    values[3] = 255
    body = raster(values, photometric="RGB", alpha=written, ENDIANNESS=order, BIGTIFF=big)
    with tifffile.TiffFile(io.BytesIO(body)) as file:
        assert [int(each) for each in file.pages.first.extrasamples] == [code]
    result = run(body, tmp_path, "uint8", count=3)
    with tifffile.TiffFile(stored(result, tmp_path)) as file:
        for page in file.pages:
            assert [int(each) for each in page.aspage().extrasamples] == [code]
    with rasterio.open(stored(result, tmp_path)) as dataset:
        np.testing.assert_array_equal(dataset.read(), values)


# -- footprints, from upload to image


def test_a_footprint_of_valid_pixels_works_as_deployed() -> None:
    world = World()
    world.define(band("one", nodata=0), footprint="valid")
    values = np.zeros((1, 64, 80), "uint16")
    values[:, 7:47, 15:65] = 7
    world.ingest(raster(values, nodata=0))
    image = world.images.items["acme:scenes:a"]
    assert image.get("area") == pytest.approx(40 * 50 * 1e-4, rel=0.01)


def test_a_declared_geometry_is_the_way_out() -> None:
    far = from_origin(600_000, 6_100_000, 10, 10)
    body = raster(crs="+proj=geos +lon_0=0 +h=35785831 +ellps=WGS84", transform=far * far)
    world = World()
    refused = world.ingest(body)
    assert "geometry among the image's attributes" in world.why(refused)
    square = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]}
    image = {"acquired": "2020-05-01T10:20:30.000000Z", "geometry": square}
    assert world.ingest(body, name="b", image=image).status == "success"
    stored_image = world.images.items["acme:scenes:b"]
    assert stored_image.get("geometry") == square
    assert stored_image.get("area") == pytest.approx(12_309, rel=0.01)


# -- files of a developer's machine

ODD_BANDS: dict[str, tuple[str, str, float | None]] = {
    "class_averaged_overviews.tif": ("class", "uint8", 0),
    "float32_nodata_1e20.tif": ("spectral", "float32", 1e20),
    "float32_nodata_m3.4e38.tif": ("spectral", "float32", -3.4e38),
    "geos_full_disk.tif": ("spectral", "uint8", 0),
    "nan_no_nodata.tif": ("spectral", "float32", None),
    "nan_nodata_-9999.tif": ("spectral", "float32", -9999),
}
ODD_FILES = sorted(path.name for path in ODD.glob("*.[tj]*")) if ODD.is_dir() else []


@pytest.mark.skipif(not ODD_FILES, reason="the files are not here")
@pytest.mark.parametrize("name", ODD_FILES or ["-"])
def test_odd_files_of_a_developers_machine(name: str, tmp_path: Path) -> None:
    kind, dtype, nodata = ODD_BANDS.get(name, ("spectral", "uint16", None))
    outline = name == "footprint_valid.tif"
    body = (ODD / name).read_bytes()
    result = run(body, tmp_path, dtype, kind=kind, nodata=nodata, outline=outline)
    path = stored(result, tmp_path)
    with rasterio.open(path) as dataset, rasterio.open(ODD / name) as source:
        values = source.read()
        np.testing.assert_array_equal(dataset.read(), values)
        spaces = set(source.tag_namespaces()) - {"xml:gml.root-instance"}
        assert spaces - {"IMAGE_STRUCTURE"} <= set(dataset.tag_namespaces())
        for number in range(len(dataset.overviews(1))):
            missing = np.isnan(level(path, number)) if dtype == "float32" else False
            assert not np.any(missing)
            assert set(np.unique(level(path, number))) <= set(np.unique(values))
    if name.startswith("pole_corner"):
        assert result.area == pytest.approx(2537, rel=0.01)
    if outline:
        assert result.area == pytest.approx(0.2, rel=0.01)
