"""The caller of a request, as a verified token describes them, and the rules of access.

Access is decided by the product, for its bands, images, uploads and summaries too.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from swath_core.documents import ACCESS_LISTS, Attributes, Document

PLATFORM_ADMIN = "internal:platform-admin"
"""The group whose members own everything."""
PLATFORM_READER = "internal:platform-ro"
"""The group whose members may read everything."""

_ID = re.compile(r"[0-9a-f]{40}")
_ORG_ADMIN = "org-admin"
_RESOURCE_ADMIN = ":resource-admin"

PRIVILEGED = ("is_core", "image_index_name", "product_tier")
"""Attributes of a product that only platform administrators may set."""


@dataclass(frozen=True)
class Caller:
    """An authenticated user: the ``sub`` claim, the organisation, the groups, the e-mail address.

    The access rules compare subjects (``user:``, ``org:``, ``email:``, ``group:``) as the
    published clients do (wire contract, section 1.2): a user is named by the SHA-1 of ``sub``.
    """

    subject: str
    org: str | None = None
    groups: frozenset[str] = frozenset()
    email: str | None = None

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody said who it is: no token has an empty subject."""
        return not self.subject

    @cached_property
    def user(self) -> str:
        """The user's id: hexadecimal SHA-1 of the subject, as the published clients compute it."""
        return hashlib.sha1(self.subject.encode(), usedforsecurity=False).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Return what is stored of a caller, so that what they may do can be decided again."""
        return {
            "subject": self.subject,
            "org": self.org,
            "groups": sorted(self.groups),
            "email": self.email,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Caller:
        """Return the caller that :meth:`to_json` stored."""
        return cls(**stored | {"groups": frozenset(stored["groups"])})

    @property
    def namespace(self) -> str:
        """What the caller's product ids begin with: the organisation, or the user without one."""
        return self.org or self.user

    @property
    def is_admin(self) -> bool:
        """Whether the caller owns everything."""
        return PLATFORM_ADMIN in self.groups

    @property
    def reads_all(self) -> bool:
        """Whether the caller may read everything."""
        return self.is_admin or PLATFORM_READER in self.groups

    @cached_property
    def subjects(self) -> frozenset[str]:
        """What readers and writers may name the caller by."""
        found = set(self._user_subjects)
        if self.org:
            found.add(f"org:{self.org}")
        if self.email:
            found.add(f"email:{self.email.lower()}")
        found.update(f"group:{group}" for group in self.groups if self._is_active(group))
        found.update(group for group in self.groups if group.startswith("access-id:"))
        return frozenset(found)

    @cached_property
    def owner_subjects(self) -> frozenset[str]:
        """What owners may name the caller by: an organisation as owner means its admins only."""
        found = set(self._user_subjects)
        if self.org and f"{self.org}:{_ORG_ADMIN}" in self.groups:
            found.add(f"org:{self.org}")
        found.update(
            "access-id:" + group.removesuffix(_RESOURCE_ADMIN)
            for group in self.groups
            if group.endswith(_RESOURCE_ADMIN)
        )
        return frozenset(found)

    @property
    def _user_subjects(self) -> tuple[str, ...]:
        """The user by id and by ``sub``; a ``sub`` that looks like an id cannot pose as one."""
        if self.is_anonymous:
            return ()
        by_id = f"user:{self.user}"
        return (by_id,) if _ID.fullmatch(self.subject) else (by_id, f"user:{self.subject}")

    def _is_active(self, group: str) -> bool:
        """Return whether a group counts: one with a colon belongs to the org before the colon."""
        prefix, colon, _ = group.partition(":")
        return not colon or prefix == self.org


PUBLIC_GROUP = "public"
ANONYMOUS = Caller("", groups=frozenset({PUBLIC_GROUP}))
"""Whoever sends no token, where the stack lets them in: ``group:public``, and nothing else."""

# ---- rules


def may_own(caller: Caller, product: Document) -> bool:
    """Return whether the caller may delete the product and change who may do what."""
    return caller.is_admin or _any(product, "owners", caller.owner_subjects)


def may_write(caller: Caller, product: Document) -> bool:
    """Return whether the caller may change the product, its bands and its images."""
    if caller.is_anonymous:
        return False
    return may_own(caller, product) or _any(product, "writers", caller.subjects)


def may_read(caller: Caller, product: Document) -> bool:
    """Return whether the product exists for the caller."""
    return (
        caller.reads_all or may_write(caller, product) or _any(product, "readers", caller.subjects)
    )


def may_await(caller: Caller, product_id: str) -> bool:
    """Return whether a product that is not there is the caller's to miss.

    It is of those who may create it, whose product ids begin so, and of operators.
    """
    return caller.reads_all or product_id.startswith(f"{caller.namespace}:")


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
