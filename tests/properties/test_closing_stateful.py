"""A product is deleted, or the place of its pixels changed, while images are being written.

Writers stop between their decision and their transaction, deletions between their steps; whatever
runs meanwhile, and wherever a deletion dies: no image is without its product, what was answered
stays, the index holds what the documents say, and no image was made for bands that have changed.
"""

from __future__ import annotations

import contextlib
import types
from collections.abc import Callable, Sequence
from typing import Any
from unittest import mock

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from moto import mock_aws
from tests.component.catalog.images.conftest import SETTINGS, create_tables

from swath_core.access import Caller
from swath_core.catalog import Bands, ImageWriter, ProductAccess, Products, RelatedObjects
from swath_core.documents import Document
from swath_core.errors import Conflict, NotFound, Unavailable
from swath_core.store import catalog as catalog_store
from swath_core.store import images, permits, requests, rollups
from swath_core.store.catalog import CatalogStore
from swath_core.store.requests import Changes, transact
from swath_core.store.tables import CatalogItem, ImageItem, PostingItem

_BUDGET = settings().max_examples
OWNER = Caller("owner", "acme")
PRODUCT = "acme:p"
BAND = f"{PRODUCT}:one"
STEPS = ["closed", "revoked", "exists", "deleted"]
KINDS = ["create", "ingest", "delete image", "delete product", "create product", "move band"]

names = st.sampled_from("ab")
often = ["delete product", "move band", "delete image"]
actions = st.tuples(
    st.sampled_from([*often, *often, *KINDS]), names, st.sampled_from([*[None] * 8, *STEPS])
)
meanwhile = st.lists(actions, min_size=1, max_size=3)

Action = tuple[str, str, str | None]


class DiedError(Exception):
    """The process ended here."""


class ClosingMachine(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.stack = contextlib.ExitStack()
        self.stack.enter_context(mock_aws())
        self.now = 1_600_000_000.0
        clock = types.SimpleNamespace(time=lambda: self.now)
        for module in (catalog_store, permits):
            self.stack.enter_context(mock.patch.object(module, "time", clock))
        self.stack.enter_context(mock.patch.object(requests, "FIRST_PAUSE", 0))
        self.stack.enter_context(mock.patch("swath_core.catalog._related.SETTLE_SECONDS", 0))
        rollups.MEMORY.forget()
        permits.forget()
        create_tables()
        CatalogItem(PRODUCT, "product").delete()
        self.store = CatalogStore(SETTINGS)
        access = ProductAccess(self.store)
        related = RelatedObjects(self.store, SETTINGS)
        self.products, self.bands = Products(access, related), Bands(access, related)
        self.writers = [ImageWriter(SETTINGS), ImageWriter(SETTINGS)]
        self.images: set[str] = set()
        self.moment = "revoked"
        self.create_product()

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.stack.close()

    # ---- what happens

    def create_product(self) -> None:
        with contextlib.suppress(Conflict):
            self.products.create(OWNER, "p", {"name": "P"}, None)
        values: dict[str, Any] = {
            "name": "one",
            "product_id": PRODUCT,
            "type": "spectral",
            "data_type": "Byte",
        }
        values |= {"data_range": [0, 255], "display_range": [0, 255], "band_index": 0}
        with contextlib.suppress(Conflict, NotFound):
            self.bands.create(OWNER, None, values, None)

    def delete_product(self, dies_at: str | None, during: Callable[[], None]) -> None:
        """Delete the product: its band first, then itself, dying at a step of the latter."""
        if self.store.product(PRODUCT) is None:
            return
        if not self.images:
            with contextlib.suppress(Conflict, NotFound):
                self.bands.delete(OWNER, BAND, None)
        try:
            with self._stopped(dies_at, during):
                self.products.delete(OWNER, PRODUCT, None)
        except (Conflict, NotFound, DiedError):
            return
        assert not self.images, "an image was there, and its product was deleted"

    def move_band(self, dies_at: str | None, during: Callable[[], None]) -> None:
        found = self.store.band(BAND)
        if found is None:
            return
        place = int(found.get("band_index")) + 1
        before = set(self.images)
        try:
            with self._stopped(dies_at, during):
                self.bands.update(OWNER, BAND, {"band_index": place}, None)
        except (Conflict, NotFound, DiedError):
            return
        assert not before & self.images, "pixels of an image do not lie where the band says"

    @contextlib.contextmanager
    def _stopped(self, dies_at: str | None, during: Callable[[], None]) -> Any:
        """Run something once before a step of a deletion, and die after another one."""
        pending = [during]
        dead: list[bool] = []

        def step(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
            def call(*given: Any, **named: Any) -> Any:
                if dead:
                    return None
                if pending and name == self.moment:
                    pending.pop()()
                result = method(*given, **named)
                if name == dies_at:
                    dead.append(True)
                    raise DiedError
                return result

            return call

        def reopen(product: Document, token: float) -> None:
            if not dead:
                CatalogStore.reopen_product(self.store, product, token)

        related = RelatedObjects
        with (
            mock.patch.object(
                self.store, "close_product", step("closed", self.store.close_product)
            ),
            mock.patch.object(self.store, "reopen_product", reopen),
            mock.patch.object(
                permits.Permits, "revoke", _method(step, "revoked", permits.Permits.revoke)
            ),
            mock.patch.object(
                related, "images_exist", _method(step, "exists", related.images_exist)
            ),
            mock.patch.object(
                self.store, "delete_product", step("deleted", self.store.delete_product)
            ),
        ):
            yield

    def write(self, kind: str, name: str, writer: int, during: Callable[[], None]) -> None:
        product = self.store.product(PRODUCT)
        if product is None:
            return
        given = {"name": name, "product_id": PRODUCT, "acquired": "2020-01-01"}
        image_id = f"{PRODUCT}:{name}"
        try:
            if kind == "create":
                with self._before_the_transaction(during):
                    self.writers[writer].create(given, product)
            else:
                self._ingest(given, product, writer, during)
        except (Conflict, NotFound, Unavailable):
            return
        self.images.add(image_id)

    def _ingest(
        self, given: dict[str, Any], product: Document, writer: int, during: Callable[[], None]
    ) -> None:
        """Write an image for the bands as they were when the attempt began."""
        permit = self.writers[writer].permit(PRODUCT)
        found = self.store.product_with_bands(PRODUCT)
        with self._before_the_transaction(during):
            self.writers[writer].replace(given, product, guard=permit)
        now = self.store.product_with_bands(PRODUCT)
        assert found is not None
        assert now is not None
        then, at = _places(found[1]), _places(now[1])
        same = then.keys() & at.keys()  # a band may go at any time, and come again
        assert all(then[band] == at[band] for band in same), "published for bands that have changed"

    def _before_the_transaction(self, during: Callable[[], None]) -> Any:
        pending = [during]

        def interrupted(
            changes: Changes, *, before_each: Callable[[], None] = lambda: None
        ) -> None:
            def before() -> None:
                before_each()
                if pending:
                    pending.pop()()

            transact(changes, before_each=before)

        return mock.patch.object(images, "transact", interrupted)

    def delete_image(self, name: str) -> None:
        try:
            self.writers[0].delete(f"{PRODUCT}:{name}")
        except NotFound:
            return
        self.images.discard(f"{PRODUCT}:{name}")

    def _do(self, todo: Sequence[Action], within: int = 1) -> None:
        for kind, name, dies_at in todo:
            self._one(kind, name, dies_at, within, lambda: None)

    def _one(
        self, kind: str, name: str, dies_at: str | None, writer: int, during: Callable[[], None]
    ) -> None:
        if kind in {"create", "ingest"}:
            self.write(kind, name, writer, during)
        elif kind == "delete image":
            self.delete_image(name)
        elif kind == "delete product":
            self.delete_product(dies_at, during)
        elif kind == "create product":
            self.create_product()
        else:
            self.move_band(dies_at, during)

    # ---- the rules

    @rule(
        kind=st.sampled_from(KINDS),
        name=names,
        inside=meanwhile,
        moment=st.sampled_from(STEPS[1:]),
    )
    def happens(self, kind: str, name: str, inside: list[Action], moment: str) -> None:
        self.moment = moment
        self._one(kind, name, None, 0, lambda: self._do(inside))

    @rule(kind=st.sampled_from(["create", "ingest"]), name=names, inside=meanwhile)
    def is_written_into_an_empty_product(self, kind: str, name: str, inside: list[Action]) -> None:
        for each in "ab":
            self.delete_image(each)
        self.create_product()
        self._one(kind, name, None, 0, lambda: self._do(inside))

    @rule(kind=st.sampled_from(["delete product", "move band"]), step=st.sampled_from(STEPS))
    def dies(self, kind: str, step: str) -> None:
        self._one(kind, "", step, 0, lambda: None)

    @rule(seconds=st.sampled_from([5, 61, 2000]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    # ---- the promises

    @invariant()
    def nothing_is_without_its_product_and_nothing_is_lost(self) -> None:
        if not hasattr(self, "images"):
            return
        stored = {item.id for item in ImageItem.scan()}
        assert stored == self.images
        assert {item.sk.split("#", 1)[1] for item in PostingItem.scan()} == stored
        rows = {(item.pk, item.sk) for item in CatalogItem.scan()}
        there = (PRODUCT, "product") in rows
        assert there or not stored
        assert ("!products", PRODUCT) in rows or not there
        assert there or not any(pk == PRODUCT and sk.startswith("band#") for pk, sk in rows)


def _places(bands: Sequence[Document]) -> dict[tuple[str, str], Any]:
    """Return where the pixels of each band lie, by its name and when it was made."""
    return {(band.id, band.get("created")): band.get("band_index") for band in bands}


def _method(
    step: Callable[[str, Callable[..., Any]], Callable[..., Any]],
    name: str,
    method: Callable[..., Any],
) -> Callable[..., Any]:
    def call(self: Any, *given: Any, **named: Any) -> Any:
        return step(name, lambda *a, **n: method(self, *a, **n))(*given, **named)

    return call


TestClosing = ClosingMachine.TestCase
TestClosing.settings = settings(
    max_examples=max(15, _BUDGET // 3), stateful_step_count=8, deadline=None
)
