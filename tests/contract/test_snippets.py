"""The texts that the explorer offers under "Use it from": each is run as it is pasted."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.contract.conftest import Start
from tests.contract.published import Client, Release
from tests.raster_stack import Scene, ingest, visible

from swath_dev.api import Api
from swath_dev.build import ROOT
from swath_dev.cloud import Deployed

PEERS = Release("contract-stac.txt", "STAC")
SOURCE = ROOT / "explorer"
SIZE = (2, 60, 80)

pytestmark = [
    pytest.mark.stack,
    pytest.mark.published,
    pytest.mark.skipif(
        shutil.which("node") is None or not (SOURCE / "node_modules" / ".bin" / "esbuild").exists(),
        reason="the explorer's packages are missing: install Node 20 and npm, then make explorer",
    ),
]


@pytest.fixture(scope="module")
def texts(stack: Deployed, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the snippets of an image by the first word of their names, and a token to run them."""
    api = Api(stack.api_url, stack.token(f"org{secrets.token_hex(4)}"))
    product = api.save("product", "snippets", {"name": "To be pasted"})
    for index, name in enumerate(("red", "green")):
        band = {
            "name": name, "product_id": product, "type": "spectral", "data_type": "UInt16",
            "data_range": [0, 65_535], "display_range": [0, 65_535], "resolution": "30m",
            "band_index": index, "nodata": 0,
        }  # fmt: skip
        api.save("band", f"{product}:{name}", band)
    scene = Scene.at("one.1", visible(SIZE, "uint16", 1), "EPSG:32631", (3.1, 41.2))
    folder = tmp_path_factory.mktemp("snippets")
    ingest(api, folder, [(product, scene)])
    built = folder / "snippets.mjs"
    tool = str(SOURCE / "node_modules/.bin/esbuild")
    esbuild = [tool, "src/state/snippets.ts", f"--outfile={built}"]
    subprocess.run([*esbuild, "--format=esm", "--log-level=error"], cwd=SOURCE, check=True)
    given = ", ".join(map(json.dumps, (stack.api_url, product, "one.1", "image")))
    code = f"import {{ snippets }} from {json.dumps(str(built))};"
    code += f"console.log(JSON.stringify(snippets({given})))"
    made = subprocess.run(
        ["node", "--input-type=module", "-e", code], capture_output=True, text=True, check=True
    )
    return {each["name"].split()[0]: each["text"] for each in json.loads(made.stdout)} | {
        "token": api.token
    }


@pytest.fixture(scope="module")
def peers(start: Start, texts: dict[str, Any]) -> Client:
    return start(PEERS, token=texts["token"], settings={"url": ""})


def test_the_client_s_own_snippet_reads_the_pixels(texts: dict[str, Any], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", texts["swath"]],
        env={**os.environ, "PYTHONPATH": str(ROOT / "client"), "SWATH_TOKEN": texts["token"]},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "(1, 60, 80)" in done.stdout


@pytest.mark.parametrize(
    ("name", "language", "printed"),
    [
        ("pystac-client", "python", "image.2"),
        ("GDAL", "sh", "EPSG:32631"),
        ("curl", "sh", ""),
    ],
)
def test_others_read_it(
    peers: Client, texts: dict[str, Any], tmp_path: Path, name: str, language: str, printed: str
) -> None:
    found = peers.call(
        "snippets",
        "run",
        language=language,
        text=texts[name],
        environment={"SWATH_TOKEN": texts["token"]},
        folder=str(tmp_path),
    )
    assert found["status"] == 0, found["printed"]
    assert printed in found["printed"]
    if name == "curl":
        (file,) = tmp_path.glob("*.tif")
        assert file.read_bytes()[:2] == b"II"
