import re

import pytest

from swath_dev import release
from swath_dev._errors import CommandError

CHANGELOG = "# Changelog\n\n## 0.2.0 - 2026-01-02\n\n- More.\n\n## 0.1.0 - 2025-01-02\n\n- All.\n"
CLIENT = '__version__ = "0.2.0"\n'


def test_what_says_the_same_everywhere_passes() -> None:
    release.check("0.2.0", CHANGELOG, CLIENT, "2026-01-02")


@pytest.mark.parametrize(
    ("version", "changelog", "client", "today", "words"),
    [
        ("1", CHANGELOG, CLIENT, "2026-01-02", "three numbers such as 0.2.0, not '1'"),
        ("0.3.0", CHANGELOG, CLIENT, "2026-01-02", "_version.py says another version"),
        ("0.2.0", CHANGELOG, CLIENT, "2026-01-03", "no section '## 0.2.0 - 2026-01-03'"),
        ("0.2.0", "\n## 0.2.0 - 2026-01-02\n\n## 0.1.0", CLIENT, "2026-01-02", "is empty"),
    ],
)
def test_what_is_missing_is_named(
    version: str, changelog: str, client: str, today: str, words: str
) -> None:
    with pytest.raises(CommandError, match=re.escape(words)):
        release.check(version, changelog, client, today)


def test_the_notes_are_those_of_the_version() -> None:
    assert release.notes("0.2.0", CHANGELOG) == "- More."
    assert release.notes("0.1.0", CHANGELOG) == "- All."


def test_the_checked_in_changelog_describes_the_clients_version() -> None:
    (version,) = re.findall(r'__version__ = "(.+)"', release.CLIENT_VERSION.read_text())
    assert release.notes(version, release.CHANGELOG.read_text())
