"""The decoding process: what it may do, and what becomes of an ingest when it dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.ingest_world import raster

from swath_core.pixels import ExpectedBand, FileTask, Refused
from swath_core.pixels._decoder import DecoderProcess, _bare_environment, _unneeded_drivers

BAND = ExpectedBand("one", "spectral", "UInt16", 0)


def task(folder: Path, body: bytes, **more: object) -> FileTask:
    path = folder / "file"
    path.write_bytes(body)
    return FileTask(
        path=str(path),
        name="a.tif",
        folder=str(folder),
        bands=(BAND,),
        **more,  # type: ignore[arg-type]
    )


def test_a_file_is_processed_and_a_bad_one_does_not_end_the_process(tmp_path: Path) -> None:
    with DecoderProcess() as decoder:
        result = decoder.process(task(tmp_path, raster()))
        assert result.output is not None
        assert Path(result.output).stat().st_size == result.size_bytes
        first = decoder._child
        with pytest.raises(Refused, match="is no raster"):
            decoder.process(task(tmp_path, b"text"))
        assert decoder._child is first
    assert first is not None
    assert first.poll() is not None


@pytest.mark.parametrize(
    ("death", "message"),
    [
        (signal.SIGSEGV, "the decoder crashed on it"),
        (signal.SIGALRM, "took more than 780 seconds"),
    ],
)
def test_a_decoder_that_dies_refuses_the_file_and_takes_the_next(
    tmp_path: Path, death: signal.Signals, message: str
) -> None:
    with DecoderProcess() as decoder:
        decoder.process(task(tmp_path, raster()))
        child = decoder._child
        assert child is not None
        os.kill(child.pid, signal.SIGSTOP)

        def die() -> None:
            os.kill(child.pid, death)
            os.kill(child.pid, signal.SIGCONT)

        timer = threading.Timer(0.2, die)
        timer.start()
        with pytest.raises(Refused, match=rf"a\.tif: {message}"):
            decoder.process(task(tmp_path, raster()))
        timer.join()
        assert decoder.process(task(tmp_path, raster())).width == 60


def test_the_process_has_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert not any("AWS" in name for name in _bare_environment())


def test_drivers_that_open_other_files_or_the_network_are_not_registered() -> None:
    code = (
        "import rasterio\n"
        "with rasterio.Env() as environment: print(*sorted(environment.drivers()), sep=',')"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env=_bare_environment() | {"GDAL_SKIP": _unneeded_drivers()},
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(done.stdout.strip().split(",")) <= {
        "COG",
        "GTiff",
        "JP2OpenJPEG",
        "JPEG",
        "MEM",
        "Memory",
        "PNG",
        "VRT",
        "DERIVED",
    }  # DERIVED opens nothing but what the others opened
