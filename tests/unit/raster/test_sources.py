"""Which files may be opened, and how GDAL is told about them."""

import boto3
import pytest

from swath_core.catalog import image_prefix
from swath_core.documents import Document
from swath_core.raster._files import gdal_options, overview_level
from swath_core.raster._sources import BucketStorage, native_grid

STORAGE = BucketStorage("data", lambda: boto3.client("s3"))


def test_a_stored_file_of_the_product() -> None:
    href = "s3://data/images/acme/s%2F2/2020/01/01/i/v1/a.tif"
    expected = "/vsis3/data/images/acme/s%2F2/2020/01/01/i/v1/a.tif"
    assert STORAGE.path(href, "acme:s/2") == expected


@pytest.mark.parametrize(
    "href",
    [
        "None",
        "/etc/passwd",
        "/vsicurl/http://169.254.169.254/latest",
        "https://data/images/acme/scenes/a.tif",
        "s3://other/images/acme/scenes/a.tif",
        "s3://data/uploads/acme/scenes/a.tif",
        "s3://data/images/evil/scenes/2020/a.tif",
        "s3://data/images/acme/scenes2/a.tif",
        "s3://data/images/acme/scenes/../../evil/scenes/a.tif",
        "s3://data/images/acme/scenes//a.tif",
        "s3://data/images/acme/scenes/./a.tif",
        "s3://data/images/acme/scenes/a.tif?x=1",
        "s3://data/images/acme/scenes/a\n.tif",
    ],
)
def test_nothing_else_is_opened(href: str) -> None:
    with pytest.raises(ValueError, match="its file"):
        STORAGE.path(href, "acme:scenes")


def test_every_product_has_its_own_prefix() -> None:
    for product_id in ("acme:a/b", "acme:a", "acme:a~b", "acme:a:b", "loner"):
        href = f"s3://data/{image_prefix(product_id)}2020/01/01/i/v1/a.tif"
        assert STORAGE.path(href, product_id).endswith("/a.tif")
        for other in {"acme:a/b", "acme:a", "acme:a~b", "acme:a:b", "loner"} - {product_id}:
            with pytest.raises(ValueError, match="its file"):
                STORAGE.path(href, other)


def test_a_document_without_a_whole_georeference_has_no_grid() -> None:
    attributes = {"geotrans": [0, 1, 0, 0, 0, -1], "x_pixels": 1, "y_pixels": 1}
    assert native_grid(Document("image", "i", attributes)) is None
    assert native_grid(Document("image", "i", {**attributes, "cs_code": "bad"})) is None
    assert native_grid(Document("image", "i", {**attributes, "cs_code": "EPSG:3857"})) is not None


def test_the_local_clouds_address_in_gdals_terms() -> None:
    options = gdal_options({"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"})
    assert options["AWS_S3_ENDPOINT"] == "127.0.0.1:4566"
    assert (options["AWS_HTTPS"], options["AWS_VIRTUAL_HOSTING"]) == ("NO", "FALSE")
    assert "AWS_S3_ENDPOINT" not in gdal_options({})


@pytest.mark.parametrize(
    ("ratio", "level"), [(0.3, 0), (1.8, 0), (1.95, 1), (3.0, 1), (4.0, 2), (99, 3)]
)
def test_the_overview_is_never_coarser_than_the_target(ratio: float, level: int) -> None:
    assert overview_level((2, 4, 8), ratio) == level
