"""The caller of a request, as a verified token describes them."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property

PLATFORM_ADMIN = "internal:platform-admin"
"""The group whose members own everything."""
PLATFORM_READER = "internal:platform-ro"
"""The group whose members may read everything."""

_ID = re.compile(r"[0-9a-f]{40}")
_ORG_ADMIN = "org-admin"
_RESOURCE_ADMIN = ":resource-admin"


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

    @cached_property
    def user(self) -> str:
        """The user's id: hexadecimal SHA-1 of the subject, as the published clients compute it."""
        return hashlib.sha1(self.subject.encode(), usedforsecurity=False).hexdigest()

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
        by_id = f"user:{self.user}"
        return (by_id,) if _ID.fullmatch(self.subject) else (by_id, f"user:{self.subject}")

    def _is_active(self, group: str) -> bool:
        """Return whether a group counts: one with a colon belongs to the org before the colon."""
        prefix, colon, _ = group.partition(":")
        return not colon or prefix == self.org
