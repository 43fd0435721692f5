"""Arrays, stacks, mosaics and downloads by the published clients, against independent readers."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.vrt import WarpedVRT
from tests.contract.published import Client, Raised
from tests.raster_world import Array, noise

pytestmark = [
    pytest.mark.stack,
    pytest.mark.published,
]

PIXEL = 30.0
PLACES = {"west": (500_000.0, 4_650_000.0), "east": (503_000.0, 4_649_000.0)}
SIZE = 200
BANDS = ("red", "green", "blue")
UTM = "EPSG:32615"


@dataclass
class Scenes:
    """Two overlapping scenes of one product, with an alpha band, and their source files."""

    product: str
    files: dict[str, Path]

    @property
    def ids(self) -> list[str]:
        return [f"{self.product}:{name}" for name in self.files]


def upload(client: Client, folder: Path) -> Scenes:
    """Save a product and upload its scenes with the client itself."""
    product = client.call(
        "objects", "create", kind="Product", id=f"r{secrets.token_hex(4)}", name="r"
    )["id"]
    for number, name in enumerate(BANDS):
        client.call(
            "objects", "create", kind="SpectralBand", product_id=product, name=name,
            data_type="UInt16", nodata=0, data_range=[0, 10_000], display_range=[0, 4_000],
            band_index=number, resolution="30m",
        )  # fmt: skip
    client.call(
        "objects", "create", kind="MaskBand", product_id=product, name="alpha", is_alpha=True,
        data_type="UInt16", data_range=[0, 1], display_range=[0, 1], band_index=3,
        resolution="30m",
    )  # fmt: skip
    made = Scenes(product, {})
    for number, (name, (left, top)) in enumerate(PLACES.items()):
        path = folder / f"{name}.tif"
        pixels = noise((4, SIZE, SIZE), "uint16", number) % 4_000 + 1
        pixels[3] = 1
        pixels[3, :, : 20 * (number + 1)] = 0
        with rasterio.open(
            path, "w", driver="GTiff", count=4, height=SIZE, width=SIZE, dtype="uint16", crs=UTM,
            transform=rasterio.Affine(PIXEL, 0, left, 0, -PIXEL, top),
        ) as dataset:  # fmt: skip
            dataset.write(pixels)
        done = client.call(
            "uploads", "upload_files", id=f"{product}:{name}", files=[str(path)],
            attributes={"acquired": f"2020-02-0{number + 1}T01:02:03Z"},
        )  # fmt: skip
        assert done["upload"]["status"] == "success", done["upload"]["events"]
        made.files[name] = path
    return made


@pytest.fixture(scope="module")
def new_scenes(descarteslabs: Client, tmp_path_factory: pytest.TempPathFactory) -> Scenes:
    return upload(descarteslabs, tmp_path_factory.mktemp("scenes"))


@pytest.fixture(scope="module")
def old_scenes(descarteslabs_1_12: Client, tmp_path_factory: pytest.TempPathFactory) -> Scenes:
    return upload(descarteslabs_1_12, tmp_path_factory.mktemp("scenes"))


def saved(path: Path) -> tuple[Array, Array]:
    with np.load(path) as file:
        return file["raw"], file["mask"]


def warped(path: Path, info: dict[str, Any], height: int, width: int) -> Array:
    """Return GDAL's warp of a source file to where raster_info says that the answer is."""
    with (
        rasterio.open(path) as dataset,
        WarpedVRT(
            dataset,
            crs=info["coordinateSystem"]["wkt"],
            transform=rasterio.Affine.from_gdal(*info["geoTransform"]),
            width=width,
            height=height,
            tolerance=1e-12,
        ) as vrt,
    ):
        return np.asarray(vrt.read())


def composed(files: list[Path], info: dict[str, Any], shape: tuple[int, int]) -> Array:
    """Return a mosaic by hand: later files over earlier ones where their alpha is 1."""
    whole = np.zeros((4, *shape), "uint16")
    for path in files:
        part = warped(path, info, *shape)
        whole = np.where(part[3] == 1, part, whole)
    return whole


def test_an_image_as_it_is(descarteslabs: Client, new_scenes: Scenes, tmp_path: Path) -> None:
    out = tmp_path / "a.npz"
    done = descarteslabs.call(
        "pixels", "image", id=new_scenes.ids[0], bands=list(BANDS), path=str(out)
    )
    assert done["shape"] == [3, SIZE, SIZE]
    data, mask = saved(out)
    with rasterio.open(new_scenes.files["west"]) as dataset:
        source = dataset.read()
    assert np.array_equal(mask, np.repeat(source[3:] == 0, 3, axis=0))
    assert np.array_equal(data[~mask], source[:3][~mask])
    assert done["info"]["coordinateSystem"]["epsg"] == 32615


@pytest.mark.parametrize(
    ("context", "arguments"),
    [
        ("image", {"resolution": 60}),
        ("dltile", {"lat": 41.98, "lon": -93.0, "resolution": 45.0, "tilesize": 64, "pad": 8}),
        ("xyz", {"x": 3959, "y": 6082, "z": 14}),
        ("aoi", {"bounds": [-93.0, 41.96, -92.96, 42.0], "shape": [70, 50], "crs": "EPSG:4326"}),
    ],
)
def test_contexts(
    descarteslabs: Client,
    new_scenes: Scenes,
    tmp_path: Path,
    context: str,
    arguments: dict[str, Any],
) -> None:
    out = tmp_path / "a.npz"
    done = descarteslabs.call(
        "pixels", "image", id=new_scenes.ids[0], bands=["red"], path=str(out),
        context=context, arguments=arguments,
    )  # fmt: skip
    data, mask = saved(out)
    _, height, width = data.shape
    if context == "image":
        # a grid of half the resolution is read from the file's overview
        assert (height, width) == (100, 100)
        assert 0 < mask.mean() < 1
        return
    source = warped(new_scenes.files["west"], done["info"], height, width)
    assert (source[3] == 1).mean() > 0
    assert np.array_equal(mask[0], source[3] != 1)
    assert np.array_equal(data[0][~mask[0]], source[0][~mask[0]])


@pytest.mark.parametrize("scaling", ["display", "physical", "auto", "raw"])
def test_scalings(descarteslabs: Client, new_scenes: Scenes, tmp_path: Path, scaling: str) -> None:
    out = tmp_path / "a.npz"
    descarteslabs.call(
        "pixels", "image", id=new_scenes.ids[0], bands=["red"], path=str(out), scaling=scaling
    )
    data, mask = saved(out)
    with rasterio.open(new_scenes.files["west"]) as dataset:
        source = dataset.read(1)[~mask[0]].astype(float)
    expected = {
        "display": source * 255 / 4_000,
        "physical": source,
        "auto": (source - source.min()) * 255 / (source.max() - source.min()),
        "raw": source,
    }[scaling]
    found = data[0][~mask[0]].astype(float)
    assert np.abs(found - expected).max() <= (0.5 if found.max() > 1 else 1e-9) or (
        scaling == "physical"
    )


AREA = {
    "bounds": [500_000.0, 4_643_000.0, 509_000.0, 4_650_000.0],
    "bounds_crs": UTM,
    "crs": UTM,
    "resolution": 30.0,
}


def test_mosaics_and_stacks(descarteslabs: Client, new_scenes: Scenes, tmp_path: Path) -> None:
    info = {
        "coordinateSystem": {"wkt": rasterio.CRS.from_string(UTM).to_wkt()},
        # aligned: the first multiple of 30 m at or west of the bounds
        "geoTransform": [499_980.0, 30.0, 0.0, 4_650_000.0, 0.0, -30.0],
    }
    out = tmp_path / "m.npz"
    done = descarteslabs.call(
        "pixels", "several", ids=new_scenes.ids, bands=list(BANDS), path=str(out), how="mosaic",
        context="aoi", arguments=AREA,
    )  # fmt: skip
    data, mask = saved(out)
    _, height, width = done["shape"]
    expected = composed(list(new_scenes.files.values()), info, (height, width))
    assert np.array_equal(mask[0], expected[3] == 0)
    assert np.array_equal(data[:, ~mask[0]], expected[:3][:, ~mask[0]])
    done = descarteslabs.call(
        "pixels", "several", ids=new_scenes.ids, bands=list(BANDS), path=str(out), how="stack",
        context="aoi", arguments=AREA,
    )  # fmt: skip
    stack, hidden = saved(out)
    assert stack.shape == (2, 3, height, width)
    for number, path in enumerate(new_scenes.files.values()):
        single = warped(path, info, height, width)
        assert np.array_equal(hidden[number, 0], single[3] != 1)


@pytest.mark.parametrize("format", ["tif", "png", "jpg"])
def test_downloads(descarteslabs: Client, new_scenes: Scenes, tmp_path: Path, format: str) -> None:
    scaling = "raw" if format == "tif" else "display"
    (written,) = descarteslabs.call(
        "pixels", "download", ids=new_scenes.ids[:1], bands=list(BANDS),
        dest=str(tmp_path / f"a.{format}"), scaling=scaling,
    )  # fmt: skip
    # the client writes JPEG files as .jpeg, and says that it did not
    (found,) = tmp_path.glob("a.*")
    assert written == str(tmp_path / f"a.{format}")
    with rasterio.open(found) as dataset:
        assert dataset.shape == (SIZE, SIZE)
        assert dataset.count == 3
        pixels = dataset.read()
    with rasterio.open(new_scenes.files["west"]) as dataset:
        source = dataset.read([1, 2, 3])
    if format == "tif":
        assert np.array_equal(pixels, source)
    elif format == "png":
        assert np.abs(pixels - source.astype(float) * 255 / 4_000).max() <= 0.5


def test_large_downloads_are_tiled(
    descarteslabs: Client, new_scenes: Scenes, tmp_path: Path
) -> None:
    """A result beyond a function's response comes through the results bucket."""
    (written,) = descarteslabs.call(
        "pixels", "download", ids=new_scenes.ids, bands=list(BANDS), how="download_mosaic",
        dest=str(tmp_path / "m.tif"), context="aoi",
        arguments={**AREA, "resolution": 6.0}, resampler="bilinear",
    )  # fmt: skip
    with rasterio.open(written) as dataset:
        assert dataset.shape[0] > 1_000
        assert dataset.crs.to_epsg() == 32615
        assert dataset.read(1).mean() > 500


def test_what_is_not_there(descarteslabs: Client, new_scenes: Scenes, tmp_path: Path) -> None:
    for id in ("acme:none:none", f"{new_scenes.product}:none"):
        with pytest.raises(Raised) as caught:
            descarteslabs.call("pixels", "unknown", id=id, bands=["red"])
        assert "NotFoundError" in str(caught.value)
        assert "does not exist" in str(caught.value)


def test_scenes(descarteslabs_1_12: Client, old_scenes: Scenes, tmp_path: Path) -> None:
    out = tmp_path / "s.npz"
    bands = " ".join(BANDS)
    done = descarteslabs_1_12.call(
        "pixels", "scene", id=old_scenes.ids[0], bands=bands, path=str(out), resolution=30
    )
    data, mask = saved(out)
    with rasterio.open(old_scenes.files["west"]) as dataset:
        source = dataset.read()
    assert done["shape"] == [3, SIZE, SIZE]
    visible = ~mask[0]
    # the footprint is the cutline: pixels at its very edge may fall outside
    assert (visible == (source[3] == 1)).mean() > 0.98
    assert np.array_equal(data[:, visible], source[:3][:, visible])
    for how, size in (("mosaic", 3), ("stack", 4)):
        done = descarteslabs_1_12.call(
            "pixels", "scene_collection", ids=old_scenes.ids, bands=bands, path=str(out),
            how=how, resolution=60,
        )  # fmt: skip
        assert len(done["shape"]) == size
