"""The decoding process: reads tasks as JSON lines, answers with results as JSON lines.

Started by :mod:`swath_core.pixels._decoder`; see there why it is a process of its own.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import signal
import sys
import warnings
from typing import IO, Any

from ._model import FileTask, Limits, Refused

_PR_SET_PDEATHSIG = 1
_DRIVERS = frozenset({"GTiff", "COG", "JP2OpenJPEG", "PNG", "JPEG", "VRT", "MEM", "Memory"})
"""What is left of GDAL: what reads users' files, what writes COGs, and what describes both.

Rasters in memory are MEM, the polygons of an outline Memory (one driver from GDAL 3.11 on).
"""


def main(requests: IO[str], answers: IO[str]) -> None:
    """Answer every request until there are no more."""
    _confine(Limits().memory_bytes)
    _die_with_the_parent()
    for line in requests:
        answers.write(json.dumps(_answer(json.loads(line))) + "\n")
        answers.flush()


def _answer(values: dict[str, Any]) -> dict[str, Any]:
    from ._process import process  # noqa: PLC0415 - GDAL must find the drivers' list settled

    task = FileTask.from_json(values)
    signal.alarm(task.limits.seconds)
    try:
        return {"result": process(task).to_json()}
    except Refused as error:
        return {"refused": str(error)}
    except MemoryError:
        return {
            "refused": f"{task.name}: needs more than {task.limits.memory_bytes} bytes of memory "
            "to decode; expected smaller tiles or strips"
        }
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent decides what it means
        return {"failed": f"{task.name}: {type(error).__name__}: {error}"}
    finally:
        signal.alarm(0)


def _confine(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _die_with_the_parent() -> None:
    """Ask Linux to end this process when the ingest that started it is killed."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def unneeded_drivers() -> str:
    """Return the drivers that this work does not need, as GDAL_SKIP takes them.

    GDAL reads that variable once, before its first use: so it is found out in one process and
    set for the next.
    """
    import rasterio  # noqa: PLC0415

    with rasterio.Env() as environment:
        return ",".join(sorted(set(environment.drivers()) - _DRIVERS))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints must not look like an answer
    if sys.argv[1:] == ["--unneeded-drivers"]:
        answers.write(unneeded_drivers())
        answers.close()
    else:
        main(sys.stdin, answers)
