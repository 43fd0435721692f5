"""Moving a product's images to where the index has them today, with the tables of a stack."""

from __future__ import annotations

import os
from collections.abc import Mapping

from swath_core.catalog import Outcome, Reindex, Sweep
from swath_core.errors import NotFound
from swath_core.settings import Settings
from swath_dev._errors import CommandError
from swath_dev.cloud import STACK, default_cloud
from swath_dev.deploy import outputs
from swath_dev.session import session_of

_TABLES = ("Catalog", "Images", "Postings", "Rollups")


def reindex(product: str, stack: str | None = None) -> int:
    """Post a product's images as they would be posted now, and return how many there are.

    Without a stack it is the local one. The product is read and written meanwhile. Ended at any
    point, it goes on when it is run again. Raises CommandError where there is no such product.
    """
    session = session_of(os.environ) if stack else default_cloud().session
    found = outputs(session, stack or STACK)
    variables = {"AWS_REGION": session.region} if stack else default_cloud().environment
    os.environ.update(variables)
    return move(product, found)


def move(product: str, found: Mapping[str, str]) -> int:
    """Move the images of a product in the tables that a stack's outputs name; say how it goes on.

    Raises CommandError where there is no such product.
    """
    names = {f"SWATH_{name.upper()}_TABLE": found[f"{name}Table"] for name in _TABLES}
    under_way = Sweep()
    try:
        for sweep in Reindex(Settings.from_environment(names)).run(product):
            if under_way and sweep is not under_way:
                print(_line(under_way))
            under_way = sweep
    except NotFound as error:
        message = f"there is no product {product}"
        raise CommandError(message) from error
    print(_line(under_way))
    return under_way.total()


def _line(sweep: Sweep) -> str:
    what = {
        Outcome.THERE: "where they belong",
        Outcome.ADDED: "posted there as well",
        Outcome.FINISHED: "moved",
        Outcome.LEFT: "to be looked at again",
    }
    counts = ", ".join(f"{sweep[each]:,} {text}" for each, text in what.items() if sweep[each])
    return f"{sweep.total():,} images: {counts or 'nothing to do'}"
