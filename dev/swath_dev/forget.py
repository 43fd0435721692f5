"""Erasing a user from the tables of a stack."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from swath_core.settings import Settings
from swath_core.uploads import Forgotten, Person
from swath_core.uploads import forget as forget_in
from swath_dev._errors import CommandError
from swath_dev.cloud import STACK, default_cloud
from swath_dev.deploy import outputs
from swath_dev.session import session_of

_TABLES = ("Catalog", "Uploads")


def forget(user: str, emails: Iterable[str], stack: str | None, *, write: bool) -> None:
    """Replace a user in the tables of a stack, and say how often; count only unless ``write``.

    Without a stack it is the local one. Raises CommandError for no user.
    """
    session = session_of(os.environ) if stack else default_cloud().session
    found = outputs(session, stack or STACK)
    os.environ.update({"AWS_REGION": session.region} if stack else default_cloud().environment)
    print(report(erase(found, user, emails, write=write), write=write))


def erase(found: Mapping[str, str], user: str, emails: Iterable[str], *, write: bool) -> Forgotten:
    """Replace a user in the tables that a stack's outputs name. Raises CommandError for no user."""
    names = {f"SWATH_{name.upper()}_TABLE": found[f"{name}Table"] for name in _TABLES}
    try:
        person = Person.of(user, emails)
    except ValueError as error:
        raise CommandError(str(error)) from error
    return forget_in(Settings.from_environment(names), person, write=write)


def report(done: Forgotten, *, write: bool) -> str:
    """Return what was found, and done, in lines for people."""
    counts = f"{done.uploads} uploads, {done.products} products, {done.requests} counts of requests"
    lines = [f"replaced: {counts}" if write else f"found: {counts}; --write replaces the user"]
    lines += [f"cannot be read, look at it yourself: upload {each}" for each in done.unreadable]
    return "\n".join(lines)
