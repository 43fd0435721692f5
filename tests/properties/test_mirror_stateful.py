"""Writers, rollups, mirror runs, crashes and faults of storage at any moment: files tell the truth.

After every step each day that a reader would take from a file equals the postings.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.mirror_world import PRODUCT, CrashedError, MirrorWorld, mirror_world

from swath_core.definitions import IMAGE
from swath_core.filters import sort_documents
from swath_core.store.rollups import LONGEST_WRITE_SECONDS, SETTLED_SECONDS, SKEW_SECONDS

MOMENTS = [
    "2019-12-31T23:59:59.999999Z",
    "2020-01-01T00:00:00.000000Z",
    "2020-01-01T23:59:59.999999Z",
    "2020-01-02T00:00:00.000000Z",
    "2020-01-31T12:00:00.000000Z",
    "2020-02-01T10:00:00.000000Z",
]
SCALARS = [2, 2.5, -(2**60), True, "a", "a" * 300, "2020-01-01", "2020-05-05T01:02:03+02:00"]
TYPES = ["number", "integer", "string", "boolean", "date-time"]
OPERANDS: dict[str, Any] = {
    "number": 2,
    "integer": 2,
    "string": "a",
    "boolean": True,
    "date-time": "2020-05-04T23:02:03Z",
}
_BUDGET = settings().max_examples
clocks = st.sampled_from([-SKEW_SECONDS / 2, 0.0, SKEW_SECONDS / 2])
"""How far a function's clock is ahead: two of them are at most five minutes apart."""
names = st.sampled_from("abcdefgh")
moments = st.sampled_from(MOMENTS)
values: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "cloud_fraction": st.floats(0, 1),
        "created": moments,
        "tags": st.lists(st.sampled_from(["a", "é"]), max_size=2),
        "provider_id": st.sampled_from(["", "x", "y" * 400]),
        "expires": st.just("9999-12-31T23:59:59.999999Z"),
        "extra_properties": st.fixed_dictionaries(
            {}, optional={"n": st.sampled_from(SCALARS), "t": st.sampled_from(SCALARS)}
        ),
    },
)


class MirrorMachine(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.opened = mirror_world()
        self.world: MirrorWorld = self.opened.__enter__()
        self.marked: dict[str, float] = {}
        self.told: set[str] = set()

    def teardown(self) -> None:
        if hasattr(self, "opened"):
            self.opened.__exit__(None, None, None)

    # ---- writers

    @rule(name=names, acquired=moments, more=values)
    def put(self, name: str, acquired: str, more: dict[str, Any]) -> None:
        self.world.put(name, acquired, **more)

    @rule(name=names)
    def delete(self, name: str) -> None:
        image = self.world.images.get(f"{PRODUCT}:{name}")
        if image:
            self.world.mark(image.attributes["acquired"])
            self.world.remove(name)

    @rule()
    def delete_the_product(self) -> None:
        self.world.delete_product()

    @rule(writer=clocks, rollup=clocks, mirror=clocks, reader=clocks)
    def set_clocks(self, **ahead: float) -> None:
        self.world.ahead.update(ahead)

    @rule(acquired=moments)
    def begin_a_write(self, acquired: str) -> None:
        self.world.mark(acquired)
        self.marked[acquired] = self.world.clock.now

    @precondition(lambda self: self.marked)
    @rule(data=st.data(), more=values)
    def end_a_write(self, data: st.DataObject, more: dict[str, Any]) -> None:
        acquired = data.draw(st.sampled_from(sorted(self.marked)))
        if self.world.clock.now - self.marked.pop(acquired) <= LONGEST_WRITE_SECONDS:
            self.world.apply(f"late{MOMENTS.index(acquired)}", acquired, **more)

    @rule(
        types=st.fixed_dictionaries(
            {}, optional={"n": st.sampled_from(TYPES), "t": st.sampled_from(TYPES)}
        )
    )
    def declare(self, types: dict[str, str]) -> None:
        self.world.declared = types

    # ---- the schedule

    @rule(seconds=st.sampled_from([0, 30, 121, SETTLED_SECONDS + 1, 1000, 30_000]))
    def pass_time(self, seconds: float) -> None:
        self.world.clock.now += seconds

    @rule()
    def roll(self) -> None:
        self.world.rollup.run(60)

    @rule(seconds=st.sampled_from([60, -1]))
    def mirror(self, seconds: float) -> None:
        assert self.world.mirror.run(seconds).failures == []

    @rule()
    def settle(self) -> None:
        self.world.settle()

    @rule()
    def audit_finds_nothing(self) -> None:
        report = self.world.mirror.run(-1)
        self.world.mirror.audit(report)
        assert report.drifted == [] or self.told

    # ---- what happens while a month is written

    def _make_due(self) -> None:
        """Let there be something to write, of a day that files do not tell."""
        self.world.put("due", MOMENTS[1])
        self.world.clock.now += SETTLED_SECONDS + SKEW_SECONDS + 1
        self.world.rollup.run(60)
        self.world.clock.now += 30_000

    def _while_written(self, moment: Callable[[], None], *, after: bool) -> None:
        """Run the mirror over a month that is due, and something around its first object."""
        self._make_due()
        hook = "after" if after else "before"
        setattr(self.world.objects, hook, moment)
        self.world.mirror.run(60)
        setattr(self.world.objects, hook, None)

    @rule(after=st.booleans())
    def crash(self, after: bool) -> None:
        def end() -> None:
            raise CrashedError

        self._make_due()
        setattr(self.world.objects, "after" if after else "before", end)
        failures = self.world.mirror.run(60).failures
        assert all(isinstance(each, CrashedError) for each in failures)
        self.world.objects.before = self.world.objects.after = None

    @rule(after=st.booleans(), name=names, acquired=moments, rolls=st.booleans(), more=values)
    def write_meanwhile(
        self,
        after: bool,
        name: str,
        acquired: str,
        rolls: bool,
        more: dict[str, Any],
    ) -> None:
        def write() -> None:
            self.world.put(name, acquired, **more)
            if rolls:
                self.world.clock.now += SETTLED_SECONDS + SKEW_SECONDS + 1
                self.world.rollup.run(60)

        self._while_written(write, after=after)

    @rule(after=st.booleans(), settles=st.booleans())
    def delete_the_product_meanwhile(self, after: bool, settles: bool) -> None:
        def delete() -> None:
            self.world.delete_product()
            if settles:
                self.world.settle()

        self._while_written(delete, after=after)

    @rule(after=st.booleans(), name=names, acquired=moments)
    def another_mirror_meanwhile(self, after: bool, name: str, acquired: str) -> None:
        def overtake() -> None:
            self.world.put(name, acquired)
            self.world.settle()

        self._while_written(overtake, after=after)

    @rule(name=names, acquired=moments)
    def crash_while_another_mirror_overtakes(self, name: str, acquired: str) -> None:
        def end() -> None:
            self.world.put(name, acquired)
            self.world.settle()
            raise CrashedError

        self._make_due()
        self.world.objects.after = end
        failures = self.world.mirror.run(60).failures
        assert all(isinstance(each, CrashedError) for each in failures)
        self.world.objects.after = None

    @rule(number=st.integers(5, 9), acquired=moments, writes=st.booleans(), rolls=st.booleans())
    def run_out_of_time(self, number: int, acquired: str, writes: bool, rolls: bool) -> None:
        """A day of several files is written in turns, and something happens between them."""
        for count in range(number):
            self.world.put(f"many{count}", acquired)
        self._make_due()
        with self.world.slowly(61):
            assert self.world.mirror.run(60).failures == []
        self.world.check_files()
        if writes:
            self.world.put("many0", acquired, cloud_fraction=0.25)
        if rolls:
            self.world.clock.now += SETTLED_SECONDS + SKEW_SECONDS + 1
            self.world.rollup.run(60)

    @rule()
    def mirror_slowly(self) -> None:
        with self.world.slowly(61):
            assert self.world.mirror.run(60).failures == []

    # ---- faults of storage

    @precondition(lambda self: self.world.objects.held)
    @rule(data=st.data(), kind=st.sampled_from(["lost", "cut", "foreign", "changed"]))
    def spoil(self, data: st.DataObject, kind: str) -> None:
        held = self.world.objects.held
        keys = list(held)  # as they were written: their names are random
        key = keys[data.draw(st.integers(0, 1000)) % len(keys)]
        content, moment = held[key]
        if kind == "lost":
            del held[key]
        elif kind == "cut":
            held[key] = content[: len(content) // 2], moment
        elif kind == "foreign":
            other = keys[data.draw(st.integers(0, 1000)) % len(keys)]
            held[key] = held[other][0], moment
        else:
            place = data.draw(st.integers(0, 100_000)) % len(content)
            changed = bytes([content[place] ^ 1])
            held[key] = content[:place] + changed + content[place + 1 :], moment
        self.told.add(key)

    # ---- readers

    @rule(least=st.sampled_from([0.0, 0.25, 1.0]), first=st.none() | moments)
    def count(self, least: float, first: str | None) -> None:
        more = [{"op": "lt", "name": "cloud_fraction", "val": least}] if least else []
        more += [{"op": "gte", "name": "acquired", "val": first}] if first else []
        query = self.world.query(*more)
        found, _ = self.world.search.count(query, [self.world.searched])
        assert found == len(self.world.found(query))

    @rule(order=st.sampled_from(["cloud_fraction", "-created", "provider_id", "-id"]))
    def sort(self, order: str) -> None:
        query = self.world.query(sort=order)
        page = self.world.search.page(query, [self.world.searched])
        assert page.documents == sort_documents(self.world.found(query), query.sort, IMAGE)

    @precondition(lambda self: self.world.declared)
    @rule(data=st.data(), op=st.sampled_from(["isnull", "isnotnull", "eq", "lte"]))
    def ask_for_extras(self, data: st.DataObject, op: str) -> None:
        name = data.draw(st.sampled_from(sorted(self.world.declared)))
        value = OPERANDS[self.world.declared[name]]
        asked = {"op": op, "name": f"extra_properties.{name}", "val": value}
        query = self.world.query(asked, sort=f"-extra_properties.{name}")
        page = self.world.search.page(query, [self.world.searched])
        assert page.documents == sort_documents(self.world.found(query), query.sort, IMAGE)
        assert self.world.search.count(query, [self.world.searched])[0] == len(page.documents)

    # ---- the promises

    @invariant()
    def files_tell_the_truth(self) -> None:
        if hasattr(self, "world"):
            self.world.check_files()

    @rule()
    def everything_is_mirrored_in_the_end(self) -> None:
        self.world.settle()
        self.world.settle()
        self.world.check_files()  # which finds what was spoilt
        self.world.settle()
        state = self.world.rollups.state(PRODUCT)
        assert state.dirty == {}
        days = {image.get("acquired")[:10] for image in self.world.images.values()}
        assert days <= self.world.check_files()
        for _ in range(4):  # the list of products is passed through, and a listed month done first
            manifests = self.world.manifests.manifests(PRODUCT, "2019-01", "2020-12")
            written = {each.extras for found in manifests.values() for each in found.groups}
            if written <= {self.world.extras}:
                break
            self.world.settle()
        assert written <= {self.world.extras}
        named = {file.key for manifest in manifests.values() for file in manifest.files}
        self.world.clock.now += self.world.policy.grace + SKEW_SECONDS + 2
        report = self.world.mirror.run(60)
        for _ in range(2):  # products, and from the beginning again
            self.world.mirror.audit(report)
        assert set(self.world.objects.held) == named
        assert self.world.drafts() == set()
        self.nothing_is_left_of_months_without_images(set(manifests))

    def nothing_is_left_of_months_without_images(self, manifests: set[str]) -> None:
        months = {image.get("acquired")[:7] for image in self.world.images.values()}
        told = {key.rpartition("/")[0] for key in self.world.objects.lists}
        linked = {key.rpartition("/")[0] for key in self.world.objects.links}
        assert manifests == months
        assert told == {f"mirror/v1/product={PRODUCT}/month={month}" for month in months}
        assert linked == {f"mirror/links/product={PRODUCT}/month={month}" for month in months}


TestMirror = MirrorMachine.TestCase
TestMirror.settings = settings(
    max_examples=max(6, _BUDGET // 4), stateful_step_count=25, deadline=None
)
