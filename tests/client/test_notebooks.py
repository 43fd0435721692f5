"""What people see and complete in a notebook."""

from __future__ import annotations

import inspect

import pytest
import shapely
from tests.client.fake import FakeCatalog

import swath
from swath.catalog import Band, Image, ImageUploadOptions, Product, SpectralBand
from swath.catalog import properties as p
from swath.scenes import Scene, SceneCollection


@pytest.fixture
def images(client: swath.Client) -> swath.catalog.ImageCollection:
    product = Product(id="p", name="P")
    product.save()
    for n in range(12):
        Image(
            name=f"i{n:02}", product=product, acquired="2021", cloud_fraction=n / 100,
            geometry=shapely.box(n, 0, n + 1, 1),
        ).save()  # fmt: skip
    return Image.search().sort("name").collect()


def test_properties_complete_to_every_attribute() -> None:
    names = dir(p)
    for kind in (Product, Image, SpectralBand):
        assert set(kind._attributes) <= set(names)
    assert "events" not in names  # no attribute that a search could name
    assert set(Band._searchable()) <= set(names)


@pytest.mark.parametrize("kind", [Product, Image, SpectralBand, ImageUploadOptions])
def test_constructors_have_signatures(kind: type[Product]) -> None:
    parameters = inspect.signature(kind).parameters
    settable = {name for name, a in kind._attributes.items() if not a.read_only}
    assert settable <= set(parameters)
    assert not [x for x in parameters.values() if x.kind is inspect.Parameter.VAR_KEYWORD]
    assert "created" not in parameters


def test_each_completes_to_what_the_items_have(images: swath.catalog.ImageCollection) -> None:
    assert {"acquired", "cloud_fraction", "collect"} <= set(dir(images.each))


def test_a_collection_is_a_table_with_a_map(images: swath.catalog.ImageCollection) -> None:
    html = images._repr_html_()
    assert "ImageCollection of 12 Images" in html
    assert "Dates: Jan 01, 2021" in html
    assert html.count("<tr>") == 11  # a head and ten rows
    assert "and 2 more" in html
    assert html.count("Z") >= 12  # closed rings of the footprints
    assert "acme:p:i00" in SceneCollection(map(Scene, images))._repr_html_()
    assert "ImageCollection of 0" in images[:0]._repr_html_()


def test_a_search_shows_what_it_asks_for_and_requests_nothing(
    client: swath.Client, fake: FakeCatalog
) -> None:
    search = Image.search().intersects(shapely.box(8, 46, 9, 47)).filter(p.name == "<b>").limit(3)
    html = search._repr_html_()
    assert not fake.seen
    assert "ImageSearch of Image" in html
    assert "8.0000, 46.0000 to 9.0000, 47.0000" in html
    assert "&lt;b&gt;" in html
    assert "<b>&quot;" not in html
    assert "limit" in Product.search().limit(3)._repr_html_()
