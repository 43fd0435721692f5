"""`make release VERSION=X.Y.Z`: tag what is ready to be one."""

from __future__ import annotations

import re
import subprocess
from datetime import UTC, datetime

from swath_dev._errors import CommandError
from swath_dev.build import ROOT

CHANGELOG = ROOT / "CHANGELOG.md"
CLIENT_VERSION = ROOT / "client" / "swath" / "_version.py"


def release(version: str) -> None:
    """Check the tree, the versions and everything that CI checks, and make the tag vVERSION.

    Raises CommandError where something is missing. The tag is not pushed.
    """
    today = datetime.now(UTC).date().isoformat()
    check(version, CHANGELOG.read_text(), CLIENT_VERSION.read_text(), today)
    if _git("status", "--porcelain"):
        raise CommandError("there are changes that are not committed")
    if _git("tag", "--list", f"v{version}"):
        raise CommandError(f"the tag v{version} exists")
    if subprocess.run([ROOT / ".ci" / "run"], cwd=ROOT, check=False).returncode:
        raise CommandError("the checks failed: see above")
    _git("tag", "--annotate", f"v{version}", "--message", notes(version, CHANGELOG.read_text()))
    print(f"tagged v{version}; git push origin v{version} publishes it")


def check(version: str, changelog: str, client: str, today: str) -> None:
    """Raise CommandError unless changelog and client say what the tag will."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise CommandError(f"a version is three numbers such as 0.2.0, not {version!r}")
    if f'__version__ = "{version}"' not in client:
        raise CommandError(f"{CLIENT_VERSION.relative_to(ROOT)} says another version")
    if f"\n## {version} - {today}\n" not in changelog:
        raise CommandError(f"CHANGELOG.md has no section '## {version} - {today}'")
    if not notes(version, changelog):
        raise CommandError(f"the section of {version} in CHANGELOG.md is empty")


def notes(version: str, changelog: str) -> str:
    """Return what the changelog says of a version."""
    _, _, rest = changelog.partition(f"\n## {version} - ")
    return rest.partition("\n")[2].partition("\n## ")[0].strip()


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CommandError(f"git {arguments[0]}: {done.stderr.strip()}")
    return done.stdout.strip()
