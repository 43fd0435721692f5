"""From an arrival to an image, through every door, with everything in memory."""

import io
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import rasterio
from rasterio.io import MemoryFile
from rio_cogeo.cogeo import cog_validate
from tests.ingest_world import ACQUIRED, PRODUCT, MemoryObjects, Values, World, band, ramp, raster

from swath_core.definitions import NUMPY_TYPES
from swath_core.ingest import sweep
from swath_core.ingest.doors import door_of
from swath_core.uploads import Step, Upload, machine


@pytest.fixture
def world() -> World:
    return World()


def read(body: bytes, tmp_path: Path) -> Values:
    path = tmp_path / "cog.tif"
    path.write_bytes(body)
    valid, errors, warnings = cog_validate(path, strict=True, quiet=True)
    assert valid, (errors, warnings)
    with rasterio.open(path) as dataset:
        return np.asarray(dataset.read())


def npy(array: Values) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def test_one_file_becomes_an_image(world: World, tmp_path: Path) -> None:
    values = ramp(700, 900)
    upload = world.ingest(raster(values, nodata=7))
    assert upload.status == "success", world.why(upload)
    assert [event.event_type for event in upload.events] == ["queue", "run", "usage", "complete"]
    image = world.images.items[f"{PRODUCT}:a"]
    np.testing.assert_array_equal(read(world.cog(), tmp_path), values)
    assert image.get("acquired") == ACQUIRED
    assert (image.get("x_pixels"), image.get("y_pixels")) == (900, 700)
    assert image.get("geotrans") == [600_000, 10, 0, 6_100_000, 0, -10]
    assert image.get("cs_code") == "EPSG:32755"
    assert 0.99 < image.get("fill_fraction") < 1
    assert image.get("area") == pytest.approx(63, rel=1e-3)
    (file,) = image.get("files")
    assert file["size_bytes"] == len(world.cog())
    place = r"s3://data/images/acme/scenes/2020/05/01/a/u0001-[0-9a-f]{8}/one\.tif"
    assert re.fullmatch(place, file["href"])
    assert world.orphans() == []
    assert world.bus.kinds() == ["swath.image.available"]


def test_files_may_arrive_in_any_order_and_before_or_after_pending(world: World) -> None:
    world.define(band("one", file=0), band("two", file=1), band("three", file=2))
    upload = world.declare(files=("a.tif", "b.tif", "c.tif"))
    events = world.send(upload, raster(ramp()), raster(ramp() + 1), raster(ramp() + 2))
    world.deliver(events[2], events[0], events[0])
    assert world.now(upload).status == "transferring"
    world.deliver(events[1])
    assert world.now(upload).status == "success"
    files = world.images.items[f"{PRODUCT}:a"].get("files")
    assert [file["href"].rpartition("/")[2] for file in files] == ["a.tif", "b.tif", "c.tif"]
    for index in range(3):
        with MemoryFile(world.cog(index=index)) as memory, memory.open() as dataset:
            np.testing.assert_array_equal(dataset.read(), ramp() + index)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize(
    "dtype", ["u1", "<u2", ">u2", "<i2", ">i4", "<u4", "<f4", ">f8", "i1", ">i8", "<u8"]
)
@pytest.mark.parametrize("bands", [0, 3])
def test_arrays_of_every_type_and_order(
    world: World,
    tmp_path: Path,
    order: Literal["C", "F"],
    dtype: str,
    bands: int,
) -> None:
    names = {numpy: name for name, numpy in NUMPY_TYPES.items()}
    data_type = names[np.dtype(dtype).name]
    world.define(*(band(f"b{i}", i, data_type=data_type) for i in range(bands or 1)))
    shape = (30, 20, bands) if bands else (30, 20)
    array = np.asarray((np.arange(np.prod(shape)) % 121).reshape(shape).astype(dtype), order=order)
    upload = world.ingest(
        npy(array),
        file="folder/tmpq.npy",
        upload_type="ndarray",
        overviews=[2, 4],
        image={
            "acquired": ACQUIRED,
            "cs_code": "EPSG:32615",
            "geotrans": [258292.5, 60.0, 0.0, 4743307.5, 0.0, -60.0],
        },
    )
    assert upload.status == "success", world.why(upload)
    expected = np.moveaxis(array, 2, 0) if bands else array[np.newaxis]
    np.testing.assert_array_equal(read(world.cog(), tmp_path), expected)
    with MemoryFile(world.cog()) as memory, memory.open() as dataset:
        assert dataset.overviews(1) == [2, 4]
    assert world.images.items[f"{PRODUCT}:a"].get("cs_code") == "EPSG:32615"


def test_a_drop_with_a_sidecar(world: World) -> None:
    world.objects.put(
        "drop/acme/scenes/n1.json", json.dumps({"acquired": "2021", "tags": ["x"]}).encode()
    )
    world.deliver(world.put("drop/acme/scenes/n1.tif", raster()))
    image = world.images.items[f"{PRODUCT}:n1"]
    assert image.get("acquired") == "2021-01-01T00:00:00.000000Z"
    assert image.get("tags") == ["x"]
    assert world.orphans() == []


def test_a_sidecar_may_come_right_after_its_file(world: World) -> None:
    first = world.put("drop/acme/scenes/n1.tif", raster())
    second = world.put("drop/acme/scenes/n1.json", b'{"acquired": "2021"}')
    world.deliver(second, first, second, first)
    assert world.images.writes == 1
    assert world.orphans() == []


@pytest.mark.parametrize("sidecar", ["n1.json", "n1.JSON", "n1.Json"])
@pytest.mark.parametrize("raster_first", [True, False])
def test_a_sidecar_in_capitals(world: World, sidecar: str, raster_first: bool) -> None:
    events = [
        world.put("drop/acme/scenes/n1.TIF", raster()),
        world.put(f"drop/acme/scenes/{sidecar}", b'{"acquired": "2021-05-31t10:20:30z"}'),
    ]
    world.deliver(*(events if raster_first else events[::-1]))
    image = world.images.items[f"{PRODUCT}:n1"]
    assert image.get("acquired") == "2021-05-31T10:20:30.000000Z"
    assert world.orphans() == []


@pytest.mark.parametrize("name", ["S\u00e3o Paulo", "a+b", "100%", "a%20b", "\u6771\u4eac"])
def test_a_sidecar_names_the_image_of_a_file_that_no_image_may_be_called_by(
    world: World, name: str
) -> None:
    document = json.dumps({"acquired": "2021", "name": "city"}).encode()
    world.deliver(
        world.put(f"drop/acme/scenes/{name}.json", document),
        world.put(f"drop/acme/scenes/{name}.tif", raster()),
    )
    assert world.images.items[f"{PRODUCT}:city"].get("name") == "city"
    assert world.orphans() == []
    world.deliver(world.put(f"drop/acme/scenes/{name} again.tif", raster()))
    assert f"{name} again' cannot name an image" in world.bus.events[-1][1]["message"]
    assert (
        f"attribute name in drop/acme/scenes/{name} again.json"
        in (world.bus.events[-1][1]["message"])
    )


def test_a_manifest_of_several_files(world: World) -> None:
    world.define(band("one", file=0), band("two", file=1))
    manifest = {"files": ["b.tif", "a.tif"], "attributes": {"acquired": "2021-02"}}
    events = [
        world.put("drop/acme/scenes/n1/a.tif", raster(ramp() + 1)),
        world.put("drop/acme/scenes/n1.json", json.dumps(manifest).encode()),
        world.put("drop/acme/scenes/n1/b.tif", raster(ramp())),
    ]
    world.deliver(*events, *events)
    for index in range(2):
        with MemoryFile(world.cog("n1", index)) as memory, memory.open() as dataset:
            np.testing.assert_array_equal(dataset.read(), ramp() + index)
    assert world.images.writes == 1
    assert world.orphans() == []


def test_the_date_may_come_from_the_file_or_its_name(world: World) -> None:
    def tag(dataset: object) -> None:
        dataset.update_tags(TIFFTAG_DATETIME="2019:07:08 09:10:11")  # type: ignore[attr-defined]

    world.deliver(world.put("drop/acme/scenes/tagged.tif", raster(change=tag)))
    assert world.images.items[f"{PRODUCT}:tagged"].get("acquired").startswith("2019-07-08T09:10:11")
    world.define(band("one"), acquired_pattern="S2_*_%Y%m%dT%H%M%S")
    world.deliver(world.put("drop/acme/scenes/S2_T33_20180102T030405.tif", raster()))
    image = world.images.items[f"{PRODUCT}:S2_T33_20180102T030405"]
    assert image.get("acquired") == "2018-01-02T03:04:05.000000Z"


def test_a_drop_without_a_date_says_so_and_goes_with_the_sweep(world: World) -> None:
    world.deliver(world.put("drop/acme/scenes/n1.tif", raster()))
    (upload,) = world.uploads.items.values()
    assert upload.status == "failure"
    assert "acquired is unknown" in world.why(upload)
    assert world.images.items == {}
    assert world.orphans() == ["drop/acme/scenes/n1.tif"]
    world.clock.pass_(hours=25)
    sweep(world.context)
    assert world.orphans() == []
    assert world.uploads.due(world.clock()) == []


def test_overwriting_keeps_the_old_files_for_an_hour(world: World) -> None:
    world.ingest(raster(ramp()))
    first = world.images.items[f"{PRODUCT}:a"].get("files")[0]["href"]
    world.ingest(raster(ramp() + 1))
    assert len(world.orphans()) == 1
    assert first.endswith(world.orphans()[0])
    with MemoryFile(world.cog()) as memory, memory.open() as dataset:
        np.testing.assert_array_equal(dataset.read(), ramp() + 1)
    world.clock.pass_(minutes=59)
    sweep(world.context)
    assert len(world.orphans()) == 1
    world.clock.pass_(minutes=2)
    sweep(world.context)
    assert world.orphans() == []


class Unclearable(MemoryObjects):
    """A bucket that refuses to delete the files of some uploads."""

    refused = "nothing"

    def delete(self, keys: Sequence[str]) -> None:
        if any(self.refused in key for key in keys):
            raise PermissionError("AccessDenied")
        super().delete(keys)


def test_uploads_that_cannot_be_cleared_do_not_keep_the_others(world: World) -> None:
    objects = Unclearable(world.clock)
    context = replace(world.context, objects=objects)
    for number in range(6):
        upload = world.declare(f"image-{number}", files=("bad.tif" if number < 4 else "good.tif",))
        objects.put(upload.parts[0].key, b"x")
        world.clock.pass_(seconds=1)
        canceled = machine.cancel(upload, Step(world.clock(), "api", "x"))
        world.uploads.save(canceled, upload)
    objects.refused = "bad.tif"

    first = sweep(context, limit=4)
    assert len(first.problems) == 4
    assert all("(failure 1): PermissionError: AccessDenied" in each for each in first.problems)
    second = sweep(context, limit=4)
    assert (second.due, second.cleaned, second.problems) == (2, 2, ())

    tries = 0
    for _ in range(24 * 60):
        world.clock.pass_(minutes=1)
        tries += len(sweep(context, limit=4).problems)
    assert 4 * 24 <= tries <= 4 * 40
    objects.refused = "nothing"
    world.clock.pass_(minutes=50)
    assert sweep(context, limit=4).cleaned == 4
    assert objects.content == {}


def test_a_record_that_cannot_be_read_does_not_keep_the_others(world: World) -> None:
    poison, other = world.declare("a"), world.declare("b")
    read = world.uploads.get

    def get(upload_id: str) -> Upload | None:
        if upload_id == poison.id:
            raise TypeError("no such field")
        return read(upload_id)

    world.uploads.get = get  # type: ignore[method-assign]
    world.clock.pass_(hours=25)
    swept = sweep(world.context)
    assert (swept.expired, len(swept.problems)) == (1, 1)
    assert world.now(other).status == "failure"
    assert sweep(world.context).due == 0


def test_a_cog_of_the_right_shape_is_kept_byte_for_byte(world: World) -> None:
    world.ingest(raster(ramp(700, 900)))
    cog = world.cog()
    world.ingest(cog, name="b")
    assert world.cog("b") == cog


def test_uploads_that_nobody_finishes_time_out(world: World) -> None:
    world.define(band("one", file=0), band("two", file=1))
    upload = world.declare(files=("a.tif", "b.tif"))
    world.deliver(world.send(upload, raster())[0])
    world.clock.pass_(hours=23)
    assert sweep(world.context).expired == 0
    world.clock.pass_(hours=2)
    assert sweep(world.context).expired == 1
    ended = world.now(upload)
    assert ended.status == "failure"
    assert [event.event_type for event in ended.events] == ["timeout", "complete"]
    assert "b.tif" in ended.events[0].message
    assert world.orphans() == []
    assert world.bus.kinds() == ["swath.upload.failed"]


def test_a_sweep_goes_on_past_an_upload_that_it_cannot_clear(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = world.declare("a"), world.declare("b")
    world.send(first, raster())
    world.clock.pass_(hours=25)
    delete = world.objects.delete

    def refuse(keys: list[str]) -> None:
        if any(first.id in key for key in keys):
            raise RuntimeError("S3 is unwell")
        delete(keys)

    monkeypatch.setattr(world.objects, "delete", refuse)
    swept = sweep(world.context)
    assert swept.problems == (f"{first.id} (failure 1): RuntimeError: S3 is unwell",)
    assert {world.now(each).status for each in (first, second)} == {"failure"}
    monkeypatch.undo()
    world.clock.pass_(minutes=1)
    assert sweep(world.context).problems == ()
    assert world.orphans() == []


def test_a_dropped_file_whose_name_cannot_name_an_image_is_refused(world: World) -> None:
    """A colon would split the name: the image of one id, the upload of another."""
    world.deliver(world.put("drop/acme/scenes/north:n1.tif", raster()))
    (upload,) = world.uploads.items.values()
    assert upload.status == "failure"
    assert "'north:n1' cannot name an image" in world.why(upload)
    assert world.images.items == {}


def test_an_upload_through_an_unknown_door_is_named(world: World) -> None:
    upload = replace(world.declare(), door="window")
    with pytest.raises(LookupError, match="'window'"):
        door_of(upload)
