"""The rules of access: decided by the product, for its bands, images, uploads and summaries too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from swath_core.documents import Attributes, Document

from ._caller import Caller

ACCESS_LISTS = ("owners", "writers", "readers")
PRIVILEGED = ("is_core", "image_index_name", "product_tier")
"""Attributes of a product that only platform administrators may set."""


def may_own(caller: Caller, product: Document) -> bool:
    """Return whether the caller may delete the product and change who may do what."""
    return caller.is_admin or _any(product, "owners", caller.owner_subjects)


def may_write(caller: Caller, product: Document) -> bool:
    """Return whether the caller may change the product, its bands and its images."""
    return may_own(caller, product) or _any(product, "writers", caller.subjects)


def may_read(caller: Caller, product: Document) -> bool:
    """Return whether the product exists for the caller."""
    return (
        caller.reads_all or may_write(caller, product) or _any(product, "readers", caller.subjects)
    )


def _any(product: Document, name: str, subjects: frozenset[str]) -> bool:
    return not subjects.isdisjoint(product.get(name) or ())


def visible_attributes(caller: Caller, product: Document) -> Attributes:
    """Return the product's attributes as the caller may see them.

    Owners see the access lists whole, everybody else only the subjects that name themselves.
    """
    if may_own(caller, product):
        return product.attributes
    shown = {
        name: [subject for subject in product.get(name) or () if subject in caller.subjects]
        for name in ACCESS_LISTS
    }
    return product.attributes | shown


def default_owners(caller: Caller) -> list[str]:
    """Return the owners of a product that was created without any."""
    owners = [f"user:{caller.user}"]
    return [*owners, f"org:{caller.org}"] if caller.org else owners


def namespaced(caller: Caller, product_id: str) -> str:
    """Return a product id with the caller's prefix, which one that has it already keeps."""
    prefix = caller.namespace + ":"
    return product_id if product_id.startswith(prefix) else prefix + product_id


def lower_emails(subjects: Iterable[Any]) -> list[Any]:
    """Return subjects with their e-mail addresses in lower case, without repetitions.

    What is no subject at all stays as it is: validation says so.
    """
    lowered: list[Any] = []
    for subject in subjects:
        is_email = isinstance(subject, str) and subject.startswith("email:")
        found = subject.lower() if is_email else subject
        if found not in lowered:
            lowered.append(found)
    return lowered
