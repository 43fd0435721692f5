"""A misspelt argument names the nearest one, and nothing that users do not know."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import shapely
from tests.client.fake import FakeCatalog, stream

import swath
from swath import catalog, geo, scenes
from swath.catalog import Image, Product, SpectralBand

META = {"geoTransform": [500000.0, 10, 0, 5100000.0, 0, -10], "coordinateSystem": {}}


def public_functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    for module in (swath, catalog, scenes, geo):
        for name in module.__all__:
            thing = getattr(module, name)
            if inspect.isfunction(thing):
                yield name, thing
            if not inspect.isclass(thing) or not thing.__module__.startswith("swath"):
                continue
            for member in sorted(vars(thing).keys() | {n for n in dir(thing) if n[0] != "_"}):
                found = inspect.getattr_static(thing, member)
                function = getattr(found, "__func__", found)
                if inspect.isfunction(function) and (member[0] != "_" or member == "__init__"):
                    yield f"{name}.{member}", function


def keywords(function: Callable[..., Any]) -> list[str] | None:
    """The arguments that have names of their own; None where any name is taken."""
    parameters = inspect.signature(function).parameters.values()
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return None
    named = {inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY}
    return [p.name for p in parameters if p.kind in named and p.name not in {"self", "cls"}]


FUNCTIONS = dict(public_functions())
OWN = ("SummaryResult", "Expression", "ApiError")  # made by the client, not by its users
ALL = {name for module in (swath, catalog, scenes, geo) for name in module.__all__}
CASES = [
    (name, argument)
    for name, function in FUNCTIONS.items()
    if "swath" in str(function.__module__) and not name.startswith(OWN)
    for argument in (keywords(function) or [])[-1:]
    if len(argument) > 2
]


@pytest.mark.parametrize(("name", "argument"), CASES, ids=[name for name, _ in CASES])
def test_a_misspelt_argument_names_the_nearest(name: str, argument: str) -> None:
    misspelt = argument[:-1] + argument[-1] * 2
    with pytest.raises(TypeError) as raised:
        FUNCTIONS[name](**{misspelt: None})
    said = str(raised.value)
    assert f"argument {misspelt!r}; did you mean {argument!r}?" in said
    called = said.partition("(")[0]
    assert called in {*name.split("."), *ALL}


def test_most_functions_are_covered() -> None:
    assert len(CASES) > 60


@pytest.fixture
def image(client: swath.Client, fake: FakeCatalog) -> Image:
    data = np.full((1, 5, 4), 7, np.uint16)
    fake.raster = lambda _: stream(data, np.zeros(data.shape, bool), META)
    product = Product(id="p", name="P")
    product.save()
    SpectralBand(name="blue", product=product, data_type="UInt16").save()
    made = Image(
        name="i1", product=product, acquired="2021", cs_code="EPSG:32632", x_pixels=4,
        y_pixels=5, geotrans=META["geoTransform"], geometry=shapely.box(8, 46, 9, 47),
    )  # fmt: skip
    made.save()
    return made


def test_reads_name_the_argument_wherever_it_came_from(image: Image) -> None:
    scene = scenes.Scene(image)
    images = catalog.ImageCollection([image])
    for read in (image.ndarray, images.stack, images.mosaic, image.to_xarray):
        with pytest.raises(TypeError, match="'resampling'; did you mean 'resampler'"):
            read("blue", resampling="near")  # type: ignore[call-overload, call-arg]
    with pytest.raises(TypeError, match=r"ndarray\(\) takes no argument 'scalling'"):
        scene.ndarray("blue", image.geocontext, scalling="display")
    with pytest.raises(TypeError, match=r"delete\(\) takes no argument 'clinet'"):
        Image.delete("x", clinet=None)
    with pytest.raises(ValueError, match=r"'bilinaer' is none of .*; did you mean 'bilinear'"):
        image.ndarray("blue", resampler="bilinaer")
    with pytest.raises(ValueError, match="did you mean 'month'"):
        Image.search().summary_interval(interval="mnth")
    with pytest.raises(ValueError, match=r"must be one of .* did you mean 'spectral'"):
        SpectralBand(name="x").type = "spectrl"


def test_reads_show_their_progress(
    image: Image, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    shown = []

    class Recorder:
        def __init__(self, total: float | None, description: str, *_: Any) -> None:
            self.total, self.done, self.name = total, 0.0, description
            shown.append(self)

        def update(self, n: float = 1) -> None:
            self.done += n

        def close(self) -> None:
            pass

    monkeypatch.setitem(__import__("sys").modules, "tqdm.auto", None)
    monkeypatch.setattr("swath.progress.TextBar", Recorder)
    image.ndarray("blue", progress=True)
    images = catalog.ImageCollection([image, image])
    images.mosaic("blue", image.geocontext, progress=True)
    images.stack("blue", image.geocontext, progress=True)
    assert [(bar.name, bar.done, bar.total) for bar in shown] == [
        ("read", 40.0, 40), ("read", 40.0, 40), ("stack", 2.0, 2),
    ]  # fmt: skip
    shown.clear()
    image.ndarray("blue")
    image.ndarray("blue", progress=False)
    assert not shown
    pytest.importorskip("rasterio")
    image.download("blue", dest=tmp_path / "x.tif", progress=True)
    assert [(bar.name, bar.done) for bar in shown] == [("x.tif", 20.0)]
