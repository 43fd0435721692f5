"""`make guide`: guide and cookbook, executed against a fresh local stack, every output checked.

The guide's notebook then runs on the published `descarteslabs` client, without the cells about
scenes, which that client no longer has: both must see the same numbers.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from swath_dev._errors import CommandError
from swath_dev.cloud import LocalCloud, default_cloud
from swath_dev.token import make_token

from ._seed import is_seeded, seed

ROOT = Path(__file__).parents[3]
NOTEBOOK = ROOT / "docs" / "guide.ipynb"
COOKBOOK = tuple(sorted((ROOT / "docs" / "cookbook").glob("*.ipynb")))
_RUNNER = Path(__file__).with_name("_run.py")


def main(*, published: bool = True, save: bool = False) -> None:
    """Execute the notebooks; raise CommandError when an output is wrong. `save`: write them."""
    with tempfile.TemporaryDirectory(prefix="swath-guide-") as folder:
        cloud = LocalCloud(Path(folder) / "state", _free_port())
        try:
            _, deployed = cloud.bring_up()
            token = make_token(cloud.state, org="acme", subject="guide")
            seed(deployed.api_url, token)
            execute(deployed.api_url, token, Path(folder), save=save)
            if published:
                execute_published(deployed.api_url, token, Path(folder))
        finally:
            cloud.stop()


def seed_local() -> None:
    """Fill the running local stack with what the guide shows; leave it where that is there."""
    cloud = default_cloud()
    if not cloud.running():
        message = "the local cloud is not running; make up starts it"
        raise CommandError(message)
    if is_seeded(cloud.api_url, cloud.token()):
        print("the guide's products are there already")
        return
    seed(cloud.api_url, cloud.token())
    print("products, bands and images are there: open docs/guide.ipynb or docs/cookbook")


def execute(url: str, token: str, folder: Path, *, save: bool = False) -> None:
    """Execute guide and cookbook on a stack that `seed` filled; what they show is kept in a folder.

    Raises CommandError when an output is wrong. `save`: write the outputs into the notebooks.
    """
    own = {"SWATH_URL": url, "SWATH_TOKEN": token, "PYTHONPATH": str(ROOT / "client")}
    for notebook in (NOTEBOOK, *COOKBOOK):
        executed = folder / notebook.name
        _run(sys.executable, notebook, executed, {**os.environ, **own}, [])
        if save:
            notebook.write_text(executed.read_text("utf-8"), "utf-8")


def execute_published(url: str, token: str, folder: Path) -> None:
    """Execute the guide on the published client, as `execute` does on ours."""
    from tests.contract.published import DESCARTESLABS, environment_of

    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONWARNINGS": "ignore",
        "DESCARTESLABS_TOKEN": token,
        "DESCARTESLABS_CATALOG_V2_URL": f"{url}/catalog/v2",
        "DESCARTESLABS_RASTER_URL": f"{url}/raster/v2",
    }
    arguments = ["--module", "descarteslabs", "--without", "scenes"]
    python = str(environment_of(DESCARTESLABS))
    _run(python, NOTEBOOK, folder / "theirs.ipynb", environment, arguments)


def _run(
    python: str,
    notebook: Path,
    executed: Path,
    environment: dict[str, str],
    arguments: list[str],
) -> None:
    done = subprocess.run(
        [python, str(_RUNNER), str(notebook), str(executed), *arguments],
        env=environment,
        cwd=executed.parent,
        check=False,
    )
    if done.returncode:
        raise CommandError(f"{notebook.name} does not show what it says: see above")
    cells = json.loads(executed.read_text("utf-8"))["cells"]
    count = sum(
        bool(cell["metadata"].get("expect")) for cell in cells if cell.get("execution_count")
    )
    client = arguments[1] if arguments else "swath"
    print(f"{client}: {notebook.name} ran, {count} outputs checked")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
