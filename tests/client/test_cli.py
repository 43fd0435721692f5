from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shapely.geometry import shape
from tests.client.conftest import token
from tests.client.fake import FakeCatalog, stream

import swath
from swath.catalog import Image, Product, SpectralBand
from swath.cli import main
from swath.cli._pixels import png

Run = Callable[..., tuple[int, str, str]]
AREA = {"type": "Polygon", "coordinates": [[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]]}


@pytest.fixture
def run(
    client: swath.Client,
    fake: FakeCatalog,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    monkeypatch.setenv("SWATH_URL", fake.url)
    monkeypatch.setenv("SWATH_TOKEN", token())

    def command(*arguments: str) -> tuple[int, str, str]:
        status = main(arguments)
        out = capsys.readouterr()
        return status, out.out, out.err

    return command


@pytest.fixture
def product(client: swath.Client) -> Product:
    made = Product(id="p", name="P", default_display_bands=["blue"])
    made.save()
    SpectralBand(
        name="blue", product=made, data_type="UInt16", resolution="60m", band_index=0
    ).save()
    for n in range(3):
        Image(
            name=f"i{n}", product=made, acquired=f"202{n}", cloud_fraction=n / 10, geometry=AREA,
            cs_code="EPSG:32615", geotrans=(0, 10, 0, 0, 0, -10), x_pixels=4, y_pixels=5,
        ).save()  # fmt: skip
    return made


def test_tables_and_json(run: Run, product: Product) -> None:
    status, out, _ = run("products")
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()] == ["ID", "acme:p"]
    _, out, _ = run("products", "acme:p", "--json")
    assert json.loads(out)["name"] == "P"
    _, out, _ = run("bands", "acme:p")
    assert out.splitlines()[1].split()[:3] == ["blue", "spectral", "UInt16"]
    _, out, _ = run("images", "search", "--product", "acme:p", "--cloud", "0.15", "--json")
    assert [row["id"] for row in json.loads(out)] == ["acme:p:i0", "acme:p:i1"]
    _, out, _ = run("images", "search", "--geojson", "--limit", "1")
    assert json.loads(out)["features"][0]["geometry"] == AREA
    assert run("images", "search", "--explain")[1].strip() == '{\n  "rung": 3\n}'
    assert run("images", "count")[1] == "3\n"
    assert json.loads(run("images", "count", "--json")[1]) == {"count": 3}
    assert "3" in run("images", "summary")[1]
    monthly = run("images", "summary", "--interval", "month")[1]
    assert monthly.splitlines()[0].split() == [
        "FROM",
        "IMAGES",
        "BYTES",
    ]
    assert "acquired" in run("images", "show", "acme:p:i0")[1]


def test_conditions_and_areas(
    run: Run, product: Product, fake: FakeCatalog, tmp_path: Path
) -> None:
    path = tmp_path / "area.geojson"
    path.write_text(json.dumps(AREA))
    run(
        "images",
        "count",
        "--where",
        "satellite_id=L8",
        "--where",
        "view_angle<=3.5",
        "--after",
        "2020",
        "--before",
        "2021-06",
        "--intersects",
        str(path),
    )
    body = fake.requests("PUT", "/images")[-1].body
    assert [(e["name"], e["op"], e["val"]) for e in json.loads(body["filter"])] == [
        ("acquired", "gte", "2020"),
        ("acquired", "lt", "2021-06"),
        ("satellite_id", "eq", "L8"),
        ("view_angle", "lte", 3.5),
    ]
    assert json.loads(body["intersects"]) == AREA
    for written in (["--intersects=-1,0,2.5,3"], ["--intersects", "-1,0,2.5,3"]):
        assert run("images", "count", *written)[0] == 0
        sent = json.loads(fake.requests("PUT", "/images")[-1].body["intersects"])
        assert shape(sent).bounds == (-1, 0, 2.5, 3)
    assert run("images", "count", "--intersects", "-95.9,42,-95,43", "acme:p")[0] == 0
    body = fake.requests("PUT", "/images")[-1].body
    assert json.loads(body["filter"]) == [{"name": "product_id", "op": "eq", "val": "acme:p"}]
    assert run("images", "search", "acme:none")[1].splitlines()[1:] == []


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["products", "acme:none"], 3, "there is no product 'acme:none'"),
        (["images", "show", "acme:p:none"], 3, "no image"),
        (["images", "count", "--where", "nonsense"], 2, "no condition"),
        (["images", "count", "--where", "clouds<1"], 2, "no attribute 'clouds'"),
        (["images", "count", "--intersects", "POLYGON((0 0"], 2, "not WKT"),
        (["images", "count", "--intersects", "missing.json"], 1, "missing.json"),
        (["images", "count", "--intersects", "-5,42,1,-43"], 2, "south <= north"),
        (
            ["raster", "acme:p:i0", "--bands", "blue", "-o", "x.tif", "--area", "-9,-9,-8,-8"],
            2,
            "touches no image",
        ),
        (["upload", "missing.tif", "--product", "acme:p"], 1, "is no file"),
        (["drop", "x.tif", "--product", "acme:p"], 2, "which bucket"),
        (["products", "--profile", "nowhere"], 1, "no profile 'nowhere'"),
    ],
)
def test_mistakes_are_one_line_and_a_status(
    run: Run,
    product: Product,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    status: int,
    says: str,
) -> None:
    monkeypatch.delenv("SWATH_BUCKET", raising=False)
    found, out, err = run(*arguments)
    assert (found, out) == (status, "")
    assert says in err
    assert err.startswith("swath: ")
    assert err.count("\n") == 1


def test_access_has_a_status_of_its_own(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWATH_TOKEN", token(exp=1))
    status, _, err = run("products")
    assert status == 4
    assert "expired" in err


def test_login_tries_before_it_stores(
    run: Run, fake: FakeCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.faults.append(lambda _: (401, {}, b""))
    assert run("login", "--url", fake.url, "--token", token())[0] == 4
    assert not swath.config.config_path().exists()
    fake.faults.clear()
    monkeypatch.setattr("sys.stdin", io.StringIO(token(sub="me") + "\n"))
    status, out, _ = run("login", "--url", fake.url, "--profile", "work")
    assert status == 0
    assert "profile 'work'" in out
    monkeypatch.delenv("SWATH_URL")
    monkeypatch.delenv("SWATH_TOKEN")
    assert json.loads(run("token", "--profile", "work", "--json")[1])["subject"] == "me"
    assert run("token", "--profile", "work", "--raw")[1].count(".") == 2


def test_login_stores_the_token_of_the_environment_that_it_tried(
    run: Run, fake: FakeCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWATH_TOKEN", token(sub="from the environment"))
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    status, out, err = run("login")
    assert (status, err) == (0, "")
    assert f"stored {fake.url} and its token as profile 'default'" in out
    monkeypatch.delenv("SWATH_URL")
    monkeypatch.delenv("SWATH_TOKEN")
    assert json.loads(run("token", "--json")[1])["subject"] == "from the environment"
    monkeypatch.setenv("SWATH_TOKEN", token(sub="another"))
    status, _, err = run("login", "--url", fake.url, "--token", token(sub="given"))
    assert status == 0
    assert "SWATH_TOKEN is set to another token and wins over the profile" in err


def test_upload_reports_every_image(
    run: Run, product: Product, fake: FakeCatalog, tmp_path: Path
) -> None:
    paths = [tmp_path / f"{name}.tif" for name in ("one two", "three")]
    for path in paths:
        path.write_bytes(b"x")
    status, out, _ = run(
        "upload",
        *map(str, paths),
        "--product",
        "acme:p",
        "--acquired",
        "2021",
        "--set",
        "cloud_fraction=0.5",
    )
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()[1:]] == ["acme:p:one_two", "acme:p:three"]
    assert fake.objects["images"]["acme:p:three"]["cloud_fraction"] == 0.5
    fake.upload_ends = "failure"
    status, _, err = run("upload", str(paths[0]), "--product", "acme:p", "--name", "new")
    assert status == 1
    assert "it was read" in err


def test_pixels_into_files(run: Run, product: Product, fake: FakeCatalog, tmp_path: Path) -> None:
    meta = {"geoTransform": [0, 10, 0, 0, 0, -10], "coordinateSystem": {}}

    def pixels(request: dict[str, Any]) -> bytes:
        kind = "uint8" if request["ot"] == "Byte" else "uint16"
        return stream(np.full((1, 5, 4), 7, kind), np.eye(5, 4, dtype=bool)[None], meta)

    fake.raster = pixels
    out = tmp_path / "x.npy"
    assert (
        run("raster", "acme:p:i0", "acme:p:i1", "--bands", "blue", "-o", str(out), "--nodata", "9")[
            0
        ]
        == 0
    )
    assert np.load(out)[0, 0].tolist() == [9, 7, 7, 7]
    assert fake.requests("POST", "/npz")[-1].body["ids"] == ["acme:p:i0", "acme:p:i1"]
    area = json.dumps(AREA)
    run("raster", "acme:p:i0", "--bands", "blue", "-o", str(out), "--area", area)
    assert fake.requests("POST", "/npz")[-1].body["resolution"] == 10.0
    picture = tmp_path / "t.png"
    assert run("tile", "0", "0", "0", "-o", str(picture), "--product", "acme:p")[0] == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert fake.requests("POST", "/npz")[-1].body["ids"][-1] == "acme:p:i2"  # the newest on top
    assert run("tile", "0", "0", "0", "-o", "x", "--product", "acme:none")[0] == 3


def test_pixels_that_are_computed(
    run: Run, product: Product, fake: FakeCatalog, tmp_path: Path
) -> None:
    meta = {"geoTransform": [0, 10, 0, 0, 0, -10], "coordinateSystem": {}}

    def pixels(request: dict[str, Any]) -> bytes:
        kind = "uint8" if request["ot"] == "Byte" else "float64"
        shape = (len(request["bands"]), 5, 4)
        return stream(np.full(shape, 7, kind), np.zeros(shape, bool), meta)

    fake.raster = pixels
    out = tmp_path / "x.npy"
    asked = ("raster", "acme:p:i0", "--bands", "twice", "-o", str(out), "--mask", "blue > 9")
    assert run(*asked, "--expression", "twice = blue * 2 == 4")[0] == 0
    body = fake.requests("POST", "/npz")[-1].body
    assert (body["bands"], body["mask"]) == (["twice"], "blue > 9")
    assert body["expressions"] == {"twice": "blue * 2 == 4"}
    status, _, err = run(*asked, "--expression", "blue*2")
    assert status == 2
    assert "NAME=EXPRESSION" in err
    picture = tmp_path / "t.png"
    tile = ("tile", "0", "0", "0", "-o", str(picture), "--product", "acme:p")
    shades = ("--expression", "blue / 2", "--range", "0", "50", "--mask", "blue > 9")
    assert run(*tile, *shades)[0] == 0
    body = fake.requests("POST", "/npz")[-1].body
    assert body["expressions"] == {"blue / 2": "blue / 2"}
    assert body["scales"] == [[0, 50, 0, 255]]
    assert (body["ot"], body["mask"]) == ("Byte", "blue > 9")
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_pictures_hold_what_their_format_can(
    run: Run, product: Product, fake: FakeCatalog, tmp_path: Path
) -> None:
    pytest.importorskip("rasterio")
    SpectralBand(name="height", product=product, data_type="Int16", band_index=1).save()
    out = tmp_path / "x.png"
    status, _, err = run("raster", "acme:p:i0", "--bands", "height", "-o", str(out))
    assert (status, out.exists()) == (2, False)
    assert "png file holds uint8 or uint16, not Int16" in err
    assert "--scaling display" in err
    assert not fake.requests("POST", "/npz")
    meta = {"geoTransform": [0, 10, 0, 0, 0, -10], "coordinateSystem": {}}
    fake.raster = lambda _: stream(np.full((1, 5, 4), 7, "u1"), np.zeros((1, 5, 4), bool), meta)
    scaled = ("--scaling", "display")
    assert run("raster", "acme:p:i0", "--bands", "height", "-o", str(out), *scaled)[0] == 0
    assert out.read_bytes().startswith(b"\x89PNG")


def test_the_png_is_one() -> None:
    rasterio = pytest.importorskip("rasterio")
    array = np.ma.MaskedArray(np.arange(60, dtype="u1").reshape(3, 4, 5), np.zeros((3, 4, 5), bool))
    array[:, 1, 2] = np.ma.masked
    with rasterio.MemoryFile(png(array)) as memory, memory.open() as dataset:
        assert dataset.count == 4
        assert dataset.read(4)[1].tolist() == [255, 255, 0, 255, 255]
        assert dataset.read(1)[3, 4] == 19
    with pytest.raises(ValueError, match="1 or 3"):
        png(array[:2])


COMPLETE = """
set +o posix; source {script}; function=$(complete -p swath | sed 's/.*-F \\([^ ]*\\).*/\\1/')
COMP_WORDS=({words}); COMP_CWORD={last}; $function swath; echo "${{COMPREPLY[@]}}"
"""


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("swath images se", {"search"}),
        ("swath band ed", {"edit"}),
        ("swath product sh", {"show", "share"}),
        ("swath up", {"upload"}),
        ("swath drop st", {"status"}),
        ("swath raster --scaling ph", {"physical"}),
        ("swath images search --cl", {"--cloud"}),
        ("swath upload scene", {"scene.tif"}),
    ],
)
def test_the_shell_completes(
    run: Run, tmp_path: Path, words: str, expected: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "completion"
    script.write_text(run("completion", "bash")[1])
    (tmp_path / "scene.tif").touch()
    monkeypatch.chdir(tmp_path)
    asked = COMPLETE.format(script=script, words=words, last=len(words.split()) - 1)
    done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=False)
    assert set(done.stdout.split()) == expected, done.stderr


def test_completion_for_other_shells(run: Run) -> None:
    assert run("completion", "zsh")[1].startswith("#compdef swath")
    assert "complete swath" in run("completion", "tcsh")[1]


def test_help_of_every_command() -> None:
    for command in (["--help"], ["images", "search", "--help"], ["upload", "--help"]):
        with pytest.raises(SystemExit) as ended:
            main(command)
        assert ended.value.code == 0


def test_dead_letters(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    moto = pytest.importorskip("moto")
    import boto3

    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with moto.mock_aws():
        sqs = boto3.client("sqs")
        names = ("IngestDeadLetters", "IngestQueue", "TasksDeadLetters", "TasksQueue")
        urls = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in names}
        monkeypatch.setattr("swath.cli._operate._outputs", lambda _: urls)
        sqs.send_message(QueueUrl=urls["IngestDeadLetters"], MessageBody='{"a": 1}')
        assert json.loads(run("dlq", "list", "--json")[1])[0] == {"queue": "ingest", "letters": 1}
        assert json.loads(run("dlq", "show")[1]) == [{"a": 1}]
        replayed = json.loads(run("dlq", "replay", "--json")[1])
        assert replayed == [{"queue": "ingest", "sent_again": 1}]
        received = sqs.receive_message(QueueUrl=urls["IngestQueue"])["Messages"]
        assert received[0]["Body"] == '{"a": 1}'


HOSTILE = "\x1b]0;title\x07\x1b[2J\x9b31m\r\u202egpj.exe\x7f<script>alert(1)</script>"
"""Sets a title, clears the screen, colours, overwrites and reverses the line."""


def test_what_others_wrote_is_shown_and_does_nothing(run: Run, product: Product) -> None:
    product.name, product.description = HOSTILE, HOSTILE
    product.tags = ["tag\x1b[8m\x9b"]
    product.save()
    for command in (["products"], ["products", "--json"]):
        status, out, err = run(*command)
        assert status == 0, err
        assert "\\u001b]0;title\\u0007" in out
        assert not {character for character in out if not character.isprintable()} - {"\n"}
    assert json.loads(out)[0]["name"] == HOSTILE


def test_errors_hold_what_others_wrote_as_text(
    run: Run, monkeypatch: pytest.MonkeyPatch, client: swath.Client
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ValueError(HOSTILE)

    monkeypatch.setattr("swath.cli._catalog.client_of", refuse)
    status, _, err = run("products")
    assert status != 0
    assert "\\u001b[2J" in err
    assert not {character for character in err if not character.isprintable()} - {"\n"}


def test_drops_are_put_with_or_without_the_word(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SWATH_BUCKET", raising=False)
    for words in (["drop"], ["drop", "put"]):
        status, _, err = run(*words, "x.tif", "--product", "acme:p")
        assert (status, err) == (2, "swath: which bucket? give --bucket or set SWATH_BUCKET\n")


def test_the_status_of_drops_is_a_table_of_reasons(run: Run, fake: FakeCatalog) -> None:
    fake.objects["uploads_v2"]["drop-1"] = {
        "product_id": "acme:hills",
        "image_id": "acme:hills:a",
        "user": "org:acme",
        "status": "failure",
        "created": "2026-01-01T00:00:00Z",
    }
    fake.objects["uploads_v2"]["sent"] = {
        "product_id": "acme:hills", "user": "8d97", "status": "failure",
    }  # fmt: skip
    status, out, _ = run("drop", "status", "acme:hills", "--failed", "--json")
    assert status == 0
    (row,) = json.loads(out)
    assert (row["image"], row["status"], row["upload"]) == ("acme:hills:a", "failure", "drop-1")
    assert row["why"] == "it was read"
    body = fake.requests("PUT", "/uploads_v2")[-1].body
    assert [(e["name"], e["op"]) for e in json.loads(body["filter"])] == [
        ("user", "prefix"), ("product_id", "eq"), ("status", "eq"),
    ]  # fmt: skip
    assert run("drop", "status", "acme:none")[1].splitlines()[1:] == []
