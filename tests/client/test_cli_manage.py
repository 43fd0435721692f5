"""The commands of data managers."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.client.conftest import token
from tests.client.fake import FakeCatalog, Seen

import swath
from swath.catalog import Image, Product, SpectralBand
from swath.cli import _manage, main

Run = Callable[..., tuple[int, str, str]]
TOML = """
id = "hills"
name = "Hills"
tags = ["a", "b"]
start_datetime = 2024-05-01T00:00:00Z

[[bands]]
name = "red"
type = "spectral"
data_type = "UInt16"
data_range = [0, 10000]
display_range = [0, 3000]
band_index = 0
resolution = "30m"

[[bands]]
name = "seen"
type = "mask"
data_type = "Byte"
band_index = 1
"""


@pytest.fixture
def run(
    client: swath.Client,
    fake: FakeCatalog,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    monkeypatch.setenv("SWATH_URL", fake.url)
    monkeypatch.setenv("SWATH_TOKEN", token())
    monkeypatch.setattr(_manage, "_PAUSE", 0.001)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))

    def command(*arguments: str) -> tuple[int, str, str]:
        status = main(arguments)
        out = capsys.readouterr()
        return status, out.out, out.err

    return command


@pytest.fixture
def product(client: swath.Client) -> Product:
    made = Product(id="p", name="P", tags=["t"], readers=["org:a"])
    made.save()
    SpectralBand(
        name="blue", product=made, data_type="UInt16", resolution="60m", band_index=0, sort_order=4
    ).save()
    Image(name="i", product=made, acquired="2024").save()
    return made


def editor(monkeypatch: pytest.MonkeyPatch, folder: Path, code: str) -> None:
    """Make $EDITOR a program that changes `found`, what the file holds."""
    script = folder / "editor.py"
    script.write_text(
        "import json, sys\npath = sys.argv[1]\nfound = json.load(open(path))\n"
        f"{code}\njson.dump(found, open(path, 'w'))\n"
    )
    monkeypatch.setenv("VISUAL", f"{sys.executable} {script}")


@pytest.mark.parametrize("as_json", [False, True])
def test_a_product_and_its_bands_of_a_file(
    run: Run, fake: FakeCatalog, tmp_path: Path, as_json: bool
) -> None:
    path = tmp_path / "p.toml"
    path.write_text(TOML)
    arguments = ["product", "create", "-f", str(path), "--set", 'name="Other"']
    status, out, err = run(*arguments, *(["--json"] if as_json else []))
    assert (status, err) == (0, "")
    if as_json:
        assert json.loads(out) == {"id": "acme:hills", "result": "created", "bands": 2}
    else:
        assert out == "created product acme:hills (2 bands)\n"
    held = fake.objects["products"]["acme:hills"]
    assert (held["name"], held["tags"], held["start_datetime"][:4]) == ("Other", ["a", "b"], "2024")
    assert fake.objects["bands"]["acme:hills:red"]["resolution"] == {
        "value": 30.0,
        "unit": "meters",
    }
    assert fake.objects["bands"]["acme:hills:seen"]["type"] == "mask"


def test_nothing_is_saved_where_a_band_is_wrong(
    run: Run, fake: FakeCatalog, tmp_path: Path
) -> None:
    path = tmp_path / "p.toml"
    for wrong, says in (
        (TOML.replace('"mask"', '"thermal"'), "one of spectral, microwave, mask, class, generic"),
        (TOML.replace("band_index = 1", "band_indx = 1"), "did you mean 'band_index'"),
        (TOML.replace('"Hills"', "Hills"), "p.toml is no TOML"),
    ):
        path.write_text(wrong)
        status, out, err = run("product", "create", "-f", str(path))
        assert (status, out) == (2, "")
        assert says in err
    assert fake.objects["products"] == {}
    path.with_suffix(".json").write_text("[1]")
    assert "no object" in run("product", "create", "-f", str(path.with_suffix(".json")))[2]


def test_bands_and_images_are_created_shown_and_deleted(
    run: Run, product: Product, fake: FakeCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = json.dumps({"type": "class", "data_type": "Byte", "band_index": 1})
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert run("band", "create", "acme:p:kind", "-f", "-")[:2] == (
        0,
        "created band acme:p:kind\n",
    )
    assert json.loads(run("band", "show", "acme:p:kind", "--json")[1])["type"] == "class"
    assert run("image", "create", "acme:p:j", "--set", "acquired=2024-05-01")[0] == 0
    assert "2024-05-01" in run("image", "show", "acme:p:j")[1]
    for kind, id in (("band", "acme:p:kind"), ("image", "acme:p:j")):
        status, _, err = run(kind, "delete", id)
        assert (status, "--yes" in err) == (1, True)
        status, out, _ = run(kind, "delete", id, "--yes", "--json")
        assert json.loads(out) == {"id": id, "result": "deleted"}
        status, _, err = run(kind, "show", id)
        assert (status, f"no {kind} '{id}'" in err) == (3, True)


def test_edit_by_options_and_files(
    run: Run, product: Product, fake: FakeCatalog, tmp_path: Path
) -> None:
    path = tmp_path / "change.json"
    path.write_text(json.dumps({"description": "Blue light."}))
    arguments = ("band", "edit", "acme:p:blue", "-f", str(path), "--set", "nodata=0")
    assert run(*arguments)[1] == "changed band acme:p:blue (description, nodata)\n"
    (patch,) = fake.requests("PATCH", "blue")
    assert patch.body["data"]["attributes"] == {"description": "Blue light.", "nodata": 0}
    out = run(*arguments, "--json")[1]
    assert json.loads(out) == {"id": "acme:p:blue", "result": "unchanged", "attributes": []}
    assert len(fake.requests("PATCH", "blue")) == 1
    status, _, err = run("band", "edit", "acme:p:blue", "--set", "name=red")
    assert (status, "cannot change" in err) == (1, True)


def test_edit_in_an_editor(
    run: Run, product: Product, fake: FakeCatalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor(monkeypatch, tmp_path, "found['name'] = 'Q'; found.pop('tags')")
    assert run("product", "edit", "acme:p")[1] == "changed product acme:p (name, tags)\n"
    (patch,) = fake.requests("PATCH", "acme%3Ap")
    assert patch.body["data"]["attributes"] == {"name": "Q", "tags": []}
    editor(monkeypatch, tmp_path, "assert 'created' not in found and 'id' not in found")
    assert "unchanged" in run("product", "edit", "acme:p")[1]
    editor(monkeypatch, tmp_path, "sys.exit(3)")
    status, _, err = run("product", "edit", "acme:p")
    assert (status, "ended with 3" in err) == (1, True)
    editor(monkeypatch, tmp_path, "open(path, 'w').write('{'); sys.exit(0)")
    assert "is no JSON" in run("product", "edit", "acme:p")[2]
    assert len(fake.requests("PATCH", "acme%3Ap")) == 1


def test_a_structure_is_copied(
    run: Run, product: Product, fake: FakeCatalog, tmp_path: Path
) -> None:
    out = run("product", "copy", "acme:p", "q", "--set", "name=Q")[1]
    assert out == "created product acme:q (1 bands)\n"
    held = fake.objects["products"]["acme:q"]
    assert (held["name"], held["tags"], held.get("readers")) == ("Q", ["t"], None)
    kept = ("type", "data_type", "resolution", "band_index", "sort_order")
    bands = fake.objects["bands"]
    assert [bands["acme:q:blue"][n] for n in kept] == [bands["acme:p:blue"][n] for n in kept]
    assert list(fake.objects["images"]) == ["acme:p:i"]
    path = tmp_path / "p.json"
    path.write_text(run("product", "show", "acme:p", "--structure")[1])
    assert run("product", "create", "r", "-f", str(path))[0] == 0
    assert bands["acme:r:blue"]["sort_order"] == 4
    assert fake.objects["products"]["acme:r"]["name"] == "P"


def test_products_are_shared(run: Run, product: Product, fake: FakeCatalog) -> None:
    arguments = ("--reader", "org:b", "--writer", "user:x", "--remove", "org:a", "--json")
    shared = json.loads(run("product", "share", "acme:p", *arguments)[1])
    assert shared == {"id": "acme:p", "owners": [], "writers": ["user:x"], "readers": ["org:b"]}
    assert fake.objects["products"]["acme:p"]["readers"] == ["org:b"]
    count = len(fake.requests("PATCH", "acme%3Ap"))
    assert "user:x" in run("product", "share", "acme:p")[1]
    assert len(fake.requests("PATCH", "acme%3Ap")) == count


def test_a_product_goes_with_all_that_belongs_to_it(
    run: Run, product: Product, fake: FakeCatalog
) -> None:
    status, out, _ = run("product", "delete", "acme:p", "--related", "-y")
    assert (status, out) == (0, "deleted product acme:p\n")
    assert fake.objects["products"] == fake.objects["bands"] == {}
    assert len(fake.requests("GET", "delete_related_objects")) == 1


def test_the_state_of_a_deletion(run: Run, product: Product, fake: FakeCatalog) -> None:
    out = run("product", "task", "acme:p", "--wait", "--json")[1]
    assert json.loads(out) == {
        "product": "acme:p", "status": "SUCCESS", "objects_deleted": 1, "seconds": None,
        "errors": [],
    }  # fmt: skip

    def failed(seen: Seen) -> tuple[int, dict[str, str], bytes] | None:
        if not seen.path.endswith("delete_related_objects"):
            return None
        attributes = {"status": "FAILURE", "errors": ["an image is locked"]}
        return 200, {}, json.dumps({"data": {"id": "acme:p", "attributes": attributes}}).encode()

    fake.faults.append(failed)
    status, out, err = run("product", "task", "acme:p")
    assert (status, "an image is locked" in out, "failed" in err) == (1, True, True)
