from typing import Any

import pytest

from swath_dev import audit

SOUND = {"name": "six", "version": "1.17.0", "vulns": []}
VULNERABLE = {
    "name": "urllib3",
    "version": "1.0",
    "vulns": [{"id": "CVE-2000-1", "fix_versions": ["1.1"]}],
}
UNKNOWN = {"name": "shapely", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("packages", "status"),
    [
        ([SOUND], audit.CLEAN),
        ([SOUND, VULNERABLE], audit.VULNERABLE),
        ([SOUND, UNKNOWN], audit.NOT_AUDITED),
        ([], audit.NOT_AUDITED),
    ],
)
def test_only_an_answer_about_all_packages_is_a_result(
    packages: list[dict[str, Any]], status: int
) -> None:
    assert audit.judge(packages) == status


def test_what_is_vulnerable_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    audit.judge([VULNERABLE])

    assert "urllib3 1.0: CVE-2000-1, fixed in 1.1" in capsys.readouterr().out


def test_the_next_service_is_asked_where_one_cannot_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers: dict[str, list[dict[str, Any]]] = {"pypi": [UNKNOWN], "osv": [SOUND]}
    monkeypatch.setattr(audit, "_pins", lambda layer, folder: folder / layer)
    monkeypatch.setattr(audit, "_ask", lambda service, _: answers[service])
    assert audit.audit() == audit.CLEAN

    answers["osv"] = []
    assert audit.audit() == audit.NOT_AUDITED
    said = capsys.readouterr().err
    assert "pypi knew nothing of 1 packages" in said
    assert "osv could not be reached" in said
