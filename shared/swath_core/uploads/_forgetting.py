"""Erasure: what the catalog holds about a user is replaced by nobody.

A user is held in uploads (``user``, ``declared_by``), in the access lists of products, and for an
hour in the counts of a quota. Everything else holds at most hashes of whole requests, which tell
nobody who sent them. Whatever is replaced is found no more: the work can be ended at any point,
and goes on when it is run again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from swath_core.access import Caller
from swath_core.documents import ACCESS_LISTS, Document
from swath_core.settings import Settings
from swath_core.store.catalog import CatalogStore, ChangedError
from swath_core.store.quota import forget_requests
from swath_core.store.requests import attempts, unavailable

from ._record import Upload
from ._store import UploadStore

NOBODY = "0" * 40
"""The id in place of a user's. No subject has it as its hash, and none can pose as it."""

_ID = re.compile(r"[0-9a-f]{40}")
_USER = "user:"


@dataclass(frozen=True)
class Person:
    """Who is to be forgotten: the id, and the e-mail addresses that access lists may name."""

    id: str
    emails: frozenset[str] = frozenset()

    @classmethod
    def of(cls, user: str, emails: Iterable[str] = ()) -> Person:
        """Return the user of an id (40 hexadecimal digits) or of a token's ``sub``.

        Raises ValueError for no text, and for nobody.
        """
        found = user if _ID.fullmatch(user) else Caller(user).user
        if not user or found == NOBODY:
            raise ValueError("no user: give the token's sub, or the id of 40 hexadecimal digits")
        return cls(found, frozenset(f"email:{each.lower()}" for each in emails))

    def is_named(self, subject: str) -> bool:
        """Return whether a subject of an access list is this user."""
        if subject in self.emails:
            return True
        name = subject.removeprefix(_USER)
        return name != subject and self.id in {name, _hash(name)}

    def declared(self, upload: Upload) -> bool:
        """Return whether an upload names this user."""
        by = upload.declared_by or {}
        return upload.user == self.id or _hash(str(by.get("subject", ""))) == self.id


def _hash(subject: str) -> str:
    return hashlib.sha1(subject.encode(), usedforsecurity=False).hexdigest()


@dataclass
class Forgotten:
    """How many uploads, products and rows of the quota name the user, or did.

    ``unreadable`` are the ids of uploads that are damaged: nobody can say whom they name.
    """

    uploads: int = 0
    products: int = 0
    requests: int = 0
    unreadable: list[str] = field(default_factory=list)


def forget(settings: Settings, person: Person, *, write: bool = False) -> Forgotten:
    """Replace a user everywhere, or count where the user is unless ``write``.

    In uploads the user becomes nobody, who may do nothing: one that is under way fails. In access
    lists the user's entries are taken away; a product without another owner gets nobody, so that
    platform administrators can hand it on. Raises Unavailable; run again, it goes on.
    """
    done = Forgotten()
    _forget_uploads(UploadStore(settings), person, done, write=write)
    store = CatalogStore(settings)
    for product in store.products():
        if _without(product, person) is not product:
            done.products += 1
            if write:
                _forget_in(store, product.id, person)
    done.requests = forget_requests(settings, person.id, write=write)
    return done


def _forget_uploads(store: UploadStore, person: Person, done: Forgotten, *, write: bool) -> None:
    for upload_id, upload in store.everything():
        if upload is None:
            done.unreadable.append(upload_id)
        elif person.declared(upload):
            done.uploads += 1
            if write:
                store.change(upload_id, lambda current: _anonymous(current, person), stored=upload)


def _anonymous(upload: Upload, person: Person) -> Upload:
    if not person.declared(upload):
        return upload
    user = NOBODY if upload.user == person.id else upload.user
    by = upload.declared_by and Caller(NOBODY).to_json()
    return replace(upload, user=user, declared_by=by)


def _forget_in(store: CatalogStore, product_id: str, person: Person) -> None:
    for _ in attempts():
        product = store.product(product_id)
        after = product and _without(product, person)
        if after is None or after is product:
            return
        try:
            store.replace_product(after)
        except ChangedError:
            continue
        return
    raise unavailable()


def _without(product: Document, person: Person) -> Document:
    """Return the product without the user, or the very product where it names none."""
    lists = {name: product.get(name) or [] for name in ACCESS_LISTS}
    left = {name: [each for each in lists[name] if not person.is_named(each)] for name in lists}
    if left == lists:
        return product
    left["owners"] = left["owners"] or [f"{_USER}{NOBODY}"]
    return product.next_version(product.attributes | left)
