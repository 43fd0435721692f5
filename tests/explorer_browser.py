"""Chromium on the explorer of the deployed stack, driven by the scenarios of explorer/tests."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from swath_dev.build import ROOT

SOURCE = ROOT / "explorer"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
SECONDS = 60
PATIENCE = 120_000
"""Milliseconds until a scenario gives up waiting for one thing."""
HOSTILE = "<img src=x onerror=alert(1)> & <script>alert(2)</script>"
Seen = dict[str, Any]

NEEDS_BROWSER = [
    pytest.mark.skipif(
        shutil.which("node") is None
        or not (SOURCE / "node_modules" / ".package-lock.json").exists(),
        reason="the explorer's packages are missing: install Node 20 and npm, then make explorer",
    ),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: apt-get install chromium"),
]
"""Marks of a module whose tests drive a browser."""


@dataclass
class Browser:
    """Chromium, driven by a script to which each scenario is a line."""

    process: subprocess.Popen[str]

    def do(self, scenario: str, **given: object) -> Seen:
        """Play a scenario; whatever the page asked of others or stumbled over fails the test."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"scenario": scenario, **given}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the browser's script ended"
        seen: Seen = json.loads(line)
        assert "failed" not in seen, seen["failed"]
        assert seen["elsewhere"] == []
        assert seen["errors"] == []
        assert seen["dialogs"] == []
        return seen


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser for a module's tests, and end it with them."""
    command = ["node", "tests/browser.mjs", str(CHROMIUM), str(PATIENCE)]
    with subprocess.Popen(
        command, cwd=SOURCE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Browser(process)
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=SECONDS)
