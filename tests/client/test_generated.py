"""The attributes that are checked in are those that the service's definitions make."""

from __future__ import annotations

import pytest

from swath import catalog
from swath_core.definitions import BANDS, IMAGE, PRODUCT, UPLOAD, Resource
from swath_dev.client_attributes import TARGET, generated


def test_the_generated_module_is_up_to_date() -> None:
    assert TARGET.read_text("utf-8") == generated()


@pytest.mark.parametrize(
    ("kind", "resource"),
    [
        (catalog.Product, PRODUCT),
        (catalog.Image, IMAGE),
        (catalog.ImageUpload, UPLOAD),
        (catalog.SpectralBand, BANDS["spectral"]),
        (catalog.MicrowaveBand, BANDS["microwave"]),
        (catalog.MaskBand, BANDS["mask"]),
        (catalog.ClassBand, BANDS["class"]),
        (catalog.GenericBand, BANDS["generic"]),
    ],
)
def test_every_class_has_the_attributes_of_its_resource(
    kind: type[catalog.CatalogObject], resource: Resource
) -> None:
    ours = {
        "id",
        "events",
        "part_urls",
        "part_bytes",
        "resumable_urls_expire",
    }  # of the envelope and of uploads' files
    assert set(kind._attributes) - ours == set(resource.attributes)
    for attribute in resource:
        assert kind._attributes[attribute.name].read_only == attribute.read_only
