"""What the explorer offers to be pasted, as Python and as shell, each in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

GDALINFO = """import sys
from rasterio.rio.main import main_group
main_group(["info", *sys.argv[1:]])
"""


def run(language, text, environment, folder):
    """Run a text as its reader would and return what it printed.

    `gdalinfo` is the one of the GDAL that came with rasterio, which brings no programs.
    """
    gdalinfo = Path(folder, "gdalinfo")
    gdalinfo.write_text(f"#!{sys.executable}\n{GDALINFO}")
    gdalinfo.chmod(0o700)
    command = [sys.executable, "-c", text] if language == "python" else ["sh", "-e", "-c", text]
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command,
        check=False,
        cwd=folder,
        env={**os.environ, **environment, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return {"status": done.returncode, "printed": done.stdout}
