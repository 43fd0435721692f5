from typing import Any

import pytest
from tests.component.catalog.images.conftest import PRODUCT, attributes

from swath_core.catalog import image_prefix, owned_keys
from swath_core.catalog._files import belongs
from swath_core.catalog._image_rules import changed_attributes, new_attributes
from swath_core.documents import Document
from swath_core.errors import Invalid
from swath_core.index import stored_bytes

OWN = "s3://data/images/acme/p/2020/02/03/a/v1/a.tif"
WHOLE = {"size_bytes": 3, "hash": "0" * 32}


def refused(match: str, **more: Any) -> Invalid:
    with pytest.raises(Invalid, match=match) as caught:
        new_attributes(attributes(**more), PRODUCT, "data")
    return caught.value


@pytest.mark.parametrize(
    "href",
    [
        "s3://data/images/acme/q/2020/02/03/a/v1/a.tif",
        "s3://data/images/acme/p/2020/02/03/b/v1/a.tif",
        "s3://data/images/acme/p/../q/2020/02/03/a/v1/a.tif",
        "s3://data/uploads/u/0/a.tif",
        "s3://data/",
    ],
)
def test_an_image_cannot_claim_the_objects_of_another(href: str) -> None:
    error = refused("not a file of this image", files=[WHOLE | {"href": href}])
    assert error.pointer == "/data/attributes/files/0"


def test_own_and_foreign_files_are_taken() -> None:
    files = [WHOLE | {"href": OWN}, WHOLE | {"href": "s3://public/b.tif"}]
    remote = attributes(storage_state="remote", files=files)
    values = new_attributes(remote, PRODUCT, "data")
    assert stored_bytes(values) == 6
    assert owned_keys(Document("image", "acme:p:a", values), "data") == {OWN[10:]}
    assert owned_keys(None, "data") == frozenset()


@pytest.mark.parametrize("href", ["s3://public/b.tif", "https://x.example/b.tif", "s3://data2/b"])
@pytest.mark.parametrize("state", [{}, {"storage_state": "available"}])
def test_available_files_are_in_the_bucket(href: str, state: dict[str, str]) -> None:
    files = [WHOLE | {"href": OWN}, WHOLE | {"href": href}]
    error = refused("must be in the catalog's bucket, s3://data/", files=files, **state)
    assert error.pointer == "/data/attributes/files/1"
    assert repr(href) in str(error)
    assert "storage_state remote" in str(error)


def test_what_was_saved_with_files_elsewhere_may_still_change() -> None:
    files = [WHOLE | {"href": "s3://public/b.tif"}]
    remote = new_attributes(attributes(storage_state="remote", files=files), PRODUCT, "data")
    old = Document("image", "acme:p:a", {**remote, "storage_state": "available"}, 1)
    changed = changed_attributes({"cloud_fraction": 0.5}, old, PRODUCT, "data")
    assert changed["cloud_fraction"] == 0.5
    for changes in ({"files": files}, {"storage_state": "available"}):
        with pytest.raises(Invalid, match="must be in the catalog's bucket"):
            changed_attributes(changes, old, PRODUCT, "data")


def test_files_are_whole_by_their_state() -> None:
    refused("available needs size_bytes and hash", files=[{"href": OWN}])
    refused("remote needs href or", storage_state="remote", files=[{"size_bytes": 1}])
    remote = attributes(storage_state="remote", files=[{"provider_href": "ftp://x"}])
    assert stored_bytes(new_attributes(remote, PRODUCT, "data")) == 0


@pytest.mark.parametrize("code", ["EPSG:32615", "epsg:4326", "ESRI:102008"])
def test_codes_of_reference_systems(code: str) -> None:
    assert new_attributes(attributes(cs_code=code), PRODUCT, "data")["cs_code"] == code


@pytest.mark.parametrize("code", ["32615", "EPSG:", "EPSG:1e9", "+proj=utm"])
def test_other_codes_are_refused(code: str) -> None:
    assert refused("EPSG:32615", cs_code=code).pointer == "/data/attributes/cs_code"


def test_the_end_is_not_before_the_beginning() -> None:
    refused("before acquired", acquired_end="2019")


def test_an_image_is_of_its_product_and_fits_an_item() -> None:
    refused("for an image of acme:p", product_id="acme:q")
    pairs = [[float(i + j) for j in range(100)] for i in range(100)]
    names = ("c6s_dlsr", "radiance_gain_bias", "reflectance_gain_bias", "temperature_gain_bias")
    large = {name: [[x + 0.123456789012 for x in row] for row in pairs] for name in names}
    error = refused("can be stored", **large)
    assert error.pointer is not None
    assert error.pointer.rsplit("/", 1)[-1] in names


def test_a_change_is_checked_against_what_stays() -> None:
    image = Document("image", "acme:p:a", new_attributes(attributes(), PRODUCT, "data"), 1)
    with pytest.raises(Invalid, match="before acquired"):
        changed_attributes({"acquired_end": "2019"}, image, PRODUCT, "data")
    assert changed_attributes({"cs_code": None}, image, PRODUCT, "data") == image.attributes


def test_prefixes_are_injective() -> None:
    ids = ["acme:p", "acme:p.q", "acme:p:q", "acme:p%3Aq", "acme", "_:acme", "acme:p_q"]
    assert len({image_prefix(each) for each in ids}) == len(ids)
    assert image_prefix("acme:p:q") == "images/acme/p%3Aq/"
    assert belongs("images/acme/p/2020/02/03/a/t/f.tif", "acme:p", "a")
    assert not belongs("images/acme/p/2020/02/03/a/f.tif", "acme:p", "a")
