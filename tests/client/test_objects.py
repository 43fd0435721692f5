from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
import shapely
from tests.client.fake import FakeCatalog, Seen

import swath
from swath import catalog
from swath.catalog import (
    AttributeValidationError,
    Band,
    BandType,
    ClassBand,
    DataType,
    File,
    Image,
    MaskBand,
    Product,
    Resolution,
    SpectralBand,
    UnsavedObjectError,
)
from swath.catalog._times import parse_time
from swath.errors import ConflictError, DeletedObjectError, NotFoundError

TRIANGLE = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}


def saved(**attributes: Any) -> Product:
    product = Product(id="p", name="P", **attributes)
    product.save()
    return product


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("name", 3, "'name' must be a string, not 3"),
        ("tags", "word", "must be a list"),
        ("tags", [1], "must be a string"),
        ("created", "2020", "set by the catalog"),
        ("start_datetime", "soon", "no timestamp"),
        ("start_datetime", 5, "must be a datetime"),
        ("is_core", 1, "True or False"),
        ("revisit_period_minutes_min", "5", "a number"),
        ("revisit_period_minutes_min", math.nan, "a number"),
        ("extra_properties", {"a": None}, r"extra_properties\['a'\] must be a string or a number"),
        ("extra_properties", {"a": [1]}, "string or a number"),
    ],
)
def test_wrong_values_are_refused_and_change_nothing(name: str, value: object, says: str) -> None:
    product = Product(id="p", name="P")
    with pytest.raises(AttributeValidationError, match=says):
        setattr(product, name, value)
    assert product.to_dict() == {"id": "p", "name": "P"}


def test_unknown_attributes_name_the_nearest() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nmae'; did you mean 'name'"):
        Product(nmae="x")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2021", datetime(2021, 1, 1, tzinfo=UTC)),
        ("2021-03", datetime(2021, 3, 1, tzinfo=UTC)),
        ("2021/03/04", datetime(2021, 3, 4, tzinfo=UTC)),
        ("2021-03-04T05:06", datetime(2021, 3, 4, 5, 6, tzinfo=UTC)),
        ("2021-03-04 05:06:07+02:00", datetime(2021, 3, 4, 3, 6, 7, tzinfo=UTC)),
        ("2021-03-04T05:06:07.123456789Z", datetime(2021, 3, 4, 5, 6, 7, 123456, tzinfo=UTC)),
        ("Thu, 04 Mar 2021 05:06:07 GMT", datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)),
        ("4 Mar 2021", datetime(2021, 3, 4, tzinfo=UTC)),
        ("March 4, 2021", datetime(2021, 3, 4, tzinfo=UTC)),
        (date(2021, 3, 4), datetime(2021, 3, 4, tzinfo=UTC)),
        (datetime(2021, 3, 4, 5), datetime(2021, 3, 4, 5, tzinfo=UTC)),
        (
            datetime(2021, 3, 4, 5, tzinfo=timezone(timedelta(hours=5))),
            datetime(2021, 3, 4, tzinfo=UTC),
        ),
    ],
)
def test_times_are_read_as_people_write_them(written: str, meant: datetime) -> None:
    assert parse_time(written) == meant


def test_save_creates_then_sends_changes_only(fake: FakeCatalog, client: swath.Client) -> None:
    product = Product(id="p", name="P", tags=["a"], description=None)
    assert product.state == "unsaved"
    product.save()
    sent = fake.requests("POST", "/products")[0].body["data"]
    assert sent == {
        "type": "product",
        "id": "p",
        "attributes": {"name": "P", "tags": ["a"], "description": None},
    }
    assert (product.id, product.state) == ("acme:p", "saved")
    assert isinstance(product.created, datetime)
    product.save()
    assert not fake.requests("PATCH", "acme%3Ap")
    product.tags.append("b")
    product.start_datetime = "2012-01-01"
    assert product.is_modified
    product.save()
    patch = fake.requests("PATCH", "acme%3Ap")[0].body["data"]["attributes"]
    assert patch == {"tags": ["a", "b"], "start_datetime": "2012-01-01T00:00:00.000000Z"}
    assert product.start_datetime == datetime(2012, 1, 1, tzinfo=UTC)


def test_the_same_value_again_is_no_change(client: swath.Client, fake: FakeCatalog) -> None:
    product = saved(tags=["a"], extra_properties={"x": 1})
    product.name, product.tags = "P", ["a"]
    product.extra_properties["x"] = 1
    assert not product.is_modified
    product.extra_properties["x"] = 2
    assert product.is_modified
    product.extra_properties["x"] = 1
    assert not product.is_modified


def test_none_clears(client: swath.Client, fake: FakeCatalog) -> None:
    product = saved(description="long")
    product.description = None
    product.save()
    assert fake.requests("PATCH", "acme%3Ap")[0].body["data"]["attributes"] == {"description": None}


def test_lists_changed_in_place_are_checked_when_saved(client: swath.Client) -> None:
    product = saved(tags=["a"])
    product.tags.append(5)  # type: ignore[arg-type]
    with pytest.raises(AttributeValidationError, match="must be a string"):
        product.save()


def test_update_is_all_or_nothing(client: swath.Client) -> None:
    product = saved()
    with pytest.raises(AttributeValidationError):
        product.update(name="Q", start_datetime="soon")
    assert (product.name, product.state) == ("P", "saved")
    product.update(name="Q")
    found = Product.get("acme:p")
    assert found is not None
    assert found.name == "Q"


def test_get_exists_get_many_get_or_create(client: swath.Client, fake: FakeCatalog) -> None:
    saved()
    assert Product.get("acme:none") is None
    assert Product.exists("acme:p")
    assert not Product.exists("acme:none")
    assert [x.id for x in Product.get_many(["acme:p"])] == ["acme:p"]
    with pytest.raises(NotFoundError, match="acme:none"):
        Product.get_many(["acme:p", "acme:none"])
    assert len(Product.get_many(["acme:p", "acme:none"], ignore_missing=True)) == 1
    there = Product.get_or_create("acme:p", name="Q")
    new = Product.get_or_create("acme:q", name="Q")
    assert (there.state, new.state) == ("modified", "unsaved")


def test_deleting(client: swath.Client, fake: FakeCatalog) -> None:
    product = saved()
    product.delete()
    assert product.state == "deleted"
    with pytest.raises(DeletedObjectError):
        product.save()
    assert Product.delete("acme:p") is False
    other = saved()
    fake.objects["products"].clear()
    with pytest.raises(DeletedObjectError, match="not in the catalog any more"):
        other.reload()


def test_conflicts_are_exceptions(client: swath.Client) -> None:
    saved()
    with pytest.raises(ConflictError, match="acme:p exists"):
        saved()


def test_bands_take_ids_from_product_and_name(client: swath.Client, fake: FakeCatalog) -> None:
    product = saved()
    band = SpectralBand(name="blue", product=product, data_type="UInt16", resolution="60m")
    band.data_range = (0, 10000)
    band.band_index = np.int64(0)
    assert (band.id, band.type) == ("acme:p:blue", BandType.SPECTRAL)
    band.save()
    assert fake.requests("POST", "/bands")[0].query == {"include": "product"}
    attributes = fake.requests("POST", "/bands")[0].body["data"]["attributes"]
    assert attributes == {
        "name": "blue",
        "product_id": "acme:p",
        "type": "spectral",
        "data_type": "UInt16",
        "resolution": {"value": 60.0, "unit": "meters"},
        "data_range": [0.0, 10000.0],
        "band_index": 0,
    }
    band.resolution.value = 30  # type: ignore[union-attr]
    band.save()
    patch = fake.requests("PATCH", "acme%3Ap%3Ablue")[0].body["data"]["attributes"]
    assert patch == {"resolution": {"value": 30.0, "unit": "meters"}}
    found = Band.get("acme:p:blue")
    assert type(found) is SpectralBand
    assert MaskBand.get("acme:p:blue") is None
    assert found.product is not None
    assert found.product.name == "P"
    assert not fake.requests("GET", "/products/acme%3Ap")


def test_ids_fill_in_product_and_name() -> None:
    band = SpectralBand(id="a:b:c")
    assert (band.product_id, band.name) == ("a:b", "c")
    with pytest.raises(AttributeValidationError, match="cannot change once it is set"):
        band.name = "d"
    with pytest.raises(AttributeValidationError, match="product id and a name"):
        SpectralBand(id="plain")


def test_a_product_must_be_saved_first() -> None:
    with pytest.raises(UnsavedObjectError):
        SpectralBand(name="x", product=Product(id="p", name="P"))


def test_band_itself_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="SpectralBand"):
        Band(name="x")


def test_resolutions_as_people_write_them() -> None:
    for text, value, unit in (
        ("60m", 60, "meters"),
        ("1.2 deg.", 1.2, "degrees"),
        ("60 metres", 60, "meters"),
        ("5", 5, "meters"),
    ):
        assert Resolution.parse(text) == Resolution(value, unit)
    with pytest.raises(AttributeValidationError, match="no resolution"):
        SpectralBand(id="a:b", resolution="wide")


def test_class_bands_hold_lists_of_lists_and_gaps() -> None:
    band = ClassBand(id="a:b", colormap=[[0, 0, 0, 0], [255, 0, 0, 255]], class_labels=["x", None])
    band.colormap[1][0] = 200
    assert band.to_dict()["colormap"] == [[0, 0, 0, 0], [200, 0, 0, 255]]
    assert band.to_dict()["class_labels"] == ["x", None]


def test_nodata_may_be_nan() -> None:
    band = SpectralBand(id="a:b", nodata=math.nan)
    assert band.to_dict()["nodata"] == "NaN"
    assert SpectralBand(id="a:b", nodata=-999).to_dict()["nodata"] == -999


def test_processing_levels_are_names_or_steps() -> None:
    band = SpectralBand(
        id="a:b",
        processing_levels={"default": "toa", "toa": [{"function": "gain", "data_type": "Float64"}]},
    )
    steps = band.processing_levels["toa"]
    assert not isinstance(steps, str)
    assert steps[0].data_type is DataType.FLOAT64
    assert band.to_dict()["processing_levels"] == {
        "default": "toa",
        "toa": [{"function": "gain", "data_type": "Float64"}],
    }
    with pytest.raises(AttributeValidationError, match="no attribute 'functoin'; did you mean"):
        band.processing_levels = {"x": [{"functoin": "gain"}]}


def test_footprints_are_shapely_geometries() -> None:
    image = Image(name="i", product="a:b", geometry=TRIANGLE)
    assert image.geometry.area == 0.5
    assert image.to_dict()["geometry"]["coordinates"] == TRIANGLE["coordinates"]
    image.geometry = "POLYGON((0 0, 1 0, 1 1, 0 0))"
    image.geometry = shapely.box(0, 0, 1, 1)
    assert image.coverage(shapely.box(0.5, 0, 1.5, 1)) == 0.5
    for wrong in ({"type": "Point", "coordinates": [0, 0]}, "nonsense", 5, "LINESTRING(0 0, 1 1)"):
        with pytest.raises(AttributeValidationError, match="polygon"):
            image.geometry = wrong


def test_files_are_structures(client: swath.Client, fake: FakeCatalog) -> None:
    image = Image(name="i", product=saved(), files=[File(href="s3://x", size_bytes=3)])
    image.files.append({"href": "s3://y"})  # type: ignore[arg-type]
    image.save()
    assert fake.objects["images"]["acme:p:i"]["files"] == [
        {"href": "s3://x", "size_bytes": 3},
        {"href": "s3://y"},
    ]
    assert image.files[1] == File(href="s3://y")
    image.files[0].size_bytes = 4
    assert image.is_modified


def test_reprs(client: swath.Client) -> None:
    product = saved()
    lines = repr(product).splitlines()
    assert lines[:2] == ["Product: P", "  id: acme:p"]
    band = SpectralBand(name="blue", product=product)
    assert repr(band).splitlines()[:3] == [
        "SpectralBand: blue",
        "  id: acme:p:blue",
        "  product: acme:p",
    ]
    assert "not in the catalog yet" in repr(band)


def test_html_is_escaped_and_shows_the_footprint() -> None:
    image = Image(
        name="i",
        product="a:b",
        geometry=TRIANGLE,
        acquired="2020",
        tags=["<script>"],
        preview_url="javascript:alert(1)",
    )
    text = image._repr_html_()
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    assert "<img" not in text
    assert "<path d='M180.000 90.000" in text


def test_html_shows_the_catalogs_preview(client: swath.Client, fake: FakeCatalog) -> None:
    fake.objects["images"]["acme:p:i"] = {
        "name": "i",
        "product_id": "acme:p",
        "acquired": "2020-01-01T00:00:00Z",
        "x_pixels": 5,
        "y_pixels": 4,
    }

    def preview(seen: Seen) -> tuple[int, dict[str, str], bytes] | None:
        wanted = "/raster/v2/images/acme%3Ap%3Ai/preview.png"
        return (200, {"Content-Type": "image/png"}, b"PNG") if seen.path == wanted else None

    image = Image.get("acme:p:i")
    assert image is not None
    assert "<img" not in image._repr_html_()
    fake.faults.append(preview)
    assert "src='data:image/png;base64,UE5H'" in image._repr_html_()


def test_deletion_task(client: swath.Client) -> None:
    product = saved()
    assert product.delete_related_objects() is None
    SpectralBand(name="x", product=product).save()
    task = product.delete_related_objects()
    assert task is not None
    assert task.status == "RUNNING"
    task.wait_for_completion(timeout=5)
    assert (task.status, task.objects_deleted) == ("SUCCESS", 1)


def test_access_helpers(client: swath.Client) -> None:
    product = saved(owners=["user:nobody"], writers=[], readers=["org:acme"])
    assert product.user_can_read()
    assert not product.user_can_write()


def test_everything_public_is_documented() -> None:
    for name in catalog.__all__:
        assert getattr(catalog, name).__doc__, name
