"""What README says of published clients is what the contract tests run."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_published_clients_are_those_that_are_tested() -> None:
    pins = "".join(path.read_text() for path in (ROOT / "requirements").glob("contract-*.in"))
    tested = set(
        re.findall(r"^(descarteslabs|earthdaily-earthone)\b.*?==([\d.]+)", pins, re.MULTILINE)
    )
    assert len(tested) == 3
    readme = " ".join((ROOT / "README.md").read_text("utf-8").split())
    said = readme[readme.index("Of the published clients") : readme.index("work unmodified")]
    for name, version in tested:
        assert f"`{name}`" in said
        assert version in said
    assert set(re.findall(r"\d+\.\d+\.\d+", said)) == {version for _, version in tested}
    assert "1.1.x do not" in readme
