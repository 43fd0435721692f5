"""Searches that name no product, while products and images come, change and go.

Two processes search, each with the directory that it keeps. Whatever was answered before: a search
finds every image that its caller may read, where and when it asks, and no other.
"""

from __future__ import annotations

import importlib
import json
from typing import Any

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from swath_core.catalog import complete_directory
from swath_core.settings import settings as function_settings
from swath_core.store.directory import SLOTS, Directory
from swath_core.store.tables import CatalogItem
from swath_dev.inprocess import InProcessApi, running_api

RUNNING: list[InProcessApi] = []
READER = "user:bob"
NAMES = ["p", "q", "r"]
PLACES = [(10.0, 50.0), (-70.0, -30.0), (140.0, 35.0)]
YEARS = [2018, 2019, 2020]

products = st.sampled_from(NAMES)
places = st.sampled_from([*PLACES, None])
years = st.sampled_from(YEARS)


def square(place: tuple[float, float], side: float) -> dict[str, Any]:
    x, y = place
    ring = [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
    return {"type": "Polygon", "coordinates": [ring]}


class DirectoryMachine(RuleBasedStateMachine):
    @initialize(old=st.sampled_from([False, False, True]))
    def begin(self, old: bool) -> None:
        self.api = RUNNING[0]
        self.api.empty()
        self.api.restart()
        self.callers = {
            "alice": self.api,
            "bob": self.api.as_user("bob", "beta"),
            "eve": self.api.as_user("eve", "gamma"),
        }
        self.shared: dict[str, bool] = {}
        self.images: dict[str, tuple[tuple[float, float] | None, int]] = {}
        self.number = 0
        table = function_settings().need("catalog_table")
        self.directories = [Directory(table), Directory(table)]
        self.last: tuple[tuple[float, float] | None, int] = (PLACES[0], YEARS[0])
        self.old = old
        assert complete_directory(function_settings())
        self.create("p", shared=True)

    # ---- what happens

    @rule(name=products, shared=st.booleans())
    def create(self, name: str, shared: bool) -> None:
        readers = [READER] if shared else []
        answer = self.api.save("product", f"acme:{name}", name=name, readers=readers)
        assert (answer.status == 409) == (name in self.shared), answer.text
        self.shared.setdefault(name, shared)

    @rule(name=products, shared=st.booleans())
    def share(self, name: str, shared: bool) -> None:
        readers = [READER] if shared else []
        answer = self.api.change("product", f"acme:{name}", readers=readers)
        assert (answer.status == 404) == (name not in self.shared), answer.text
        if name in self.shared:
            self.shared[name] = shared

    @rule(name=products)
    def delete_product(self, name: str) -> None:
        answer = self.api.call("DELETE", f"/products/acme:{name}")
        held = any(each.startswith(f"acme:{name}:") for each in self.images)
        assert (answer.status == 200) == (name in self.shared and not held), answer.text
        if answer.status == 200:
            del self.shared[name]

    @rule(name=products, place=places, year=years)
    def add_image(self, name: str, place: tuple[float, float] | None, year: int) -> None:
        self.number += 1
        if name not in self.shared and self.number % 4:
            self.create(name, shared=True)
        values: dict[str, Any] = {"name": f"i{self.number}", "product_id": f"acme:{name}"}
        values |= {"acquired": f"{year}-05-06T07:08:09Z", "storage_state": "remote"}
        if place is not None:
            values["geometry"] = square(place, 0.5)
        image_id = f"acme:{name}:i{self.number}"
        answer = self.api.save("image", image_id, **values)
        assert (answer.status == 201) == (name in self.shared), answer.text
        if answer.status == 201:
            self.images[image_id] = self.last = (place, year)

    @rule(number=st.integers(0, 99), place=st.sampled_from(PLACES), year=years)
    def move_image(self, number: int, place: tuple[float, float], year: int) -> None:
        if not self.images:
            return
        image_id = sorted(self.images)[number % len(self.images)]
        moved = {"geometry": square(place, 0.5), "acquired": f"{year}-01-01T00:00:00Z"}
        answer = self.api.change("image", image_id, **moved)
        assert answer.status == 200, answer.text
        self.images[image_id] = self.last = (place, year)

    @rule(number=st.integers(0, 99))
    def delete_image(self, number: int) -> None:
        if self.images:
            image_id = sorted(self.images)[number % len(self.images)]
            assert self.api.call("DELETE", f"/images/{image_id}").status == 200
            del self.images[image_id]

    @rule()
    def complete(self) -> None:
        assert complete_directory(function_settings())

    @precondition(lambda self: self.old)
    @rule()
    def be_of_before(self) -> None:
        """Make the catalog one of the time before there was a directory."""
        for slot in range(SLOTS):
            for row in list(CatalogItem.query(f"!directory#{slot}")):
                row.delete()
        for name in self.shared:
            CatalogItem(f"acme:{name}", "product").update([CatalogItem.years.remove()])
        self.api.restart()

    @invariant()
    def the_last_image_is_found_by_whom_may_read_it(self) -> None:
        place, year = self.last
        for who in ("alice", "bob"):
            self.search(who, self.number % 2, place, year, without=False)

    @rule(
        who=st.sampled_from(["alice", "bob", "bob", "eve"]),
        process=st.sampled_from([0, 1]),
        place=places,
        year=st.sampled_from([*YEARS, None]),
        without=st.booleans(),
    )
    def search(
        self,
        who: str,
        process: int,
        place: tuple[float, float] | None,
        year: int | None,
        without: bool,
    ) -> None:
        services = importlib.import_module("swath_api.services")
        services.access().store.directory = self.directories[process]
        body: dict[str, Any] = {"limit": 100}
        if place is not None:
            body["intersects"] = json.dumps(square(place, 0.2))
            body["intersects_none"] = without
        if year is not None:
            bounds = [("gte", f"{year}"), ("lt", f"{year + 1}")]
            terms = [{"op": op, "name": "acquired", "val": val} for op, val in bounds]
            body["filter"] = json.dumps(terms)
        answer = self.callers[who].call("PUT", "/images", body)
        assert answer.status == 200, answer.text
        found = sorted(each["id"] for each in answer.data)
        assert found == sorted(self._expected(who, place, year, without=without))

    def _expected(
        self, who: str, place: tuple[float, float] | None, year: int | None, *, without: bool
    ) -> list[str]:
        def asked(where: tuple[float, float] | None, when: int) -> bool:
            here = place is None or where == place or (without and where is None)
            return here and year in {None, when}

        def readable(image_id: str) -> bool:
            return who == "alice" or (who == "bob" and self.shared[image_id.split(":")[1]])

        return [each for each, held in self.images.items() if asked(*held) and readable(each)]


def test_a_directory_is_completed_in_several_runs() -> None:
    with running_api() as api:
        for number in range(5):
            assert api.save("product", f"p{number}", name="P").status == 201
        for slot in range(SLOTS):
            for row in list(CatalogItem.query(f"!directory#{slot}")):
                row.delete()
        clock = iter(range(100))
        where = function_settings()
        done = [
            complete_directory(where, seconds=1.5, clock=lambda: float(next(clock)))
            for _ in range(4)
        ]
        assert done == [False, False, True, True]
        for slot in range(SLOTS):  # as an operator does for products whose items were put back
            for row in list(CatalogItem.query(f"!directory#{slot}")):
                row.delete()
        assert complete_directory(where)
        listed = Directory(where.need("catalog_table")).products()
        assert listed is not None
        assert sorted(each for rows in listed for each in rows) == [
            f"acme:p{number}" for number in range(5)
        ]


def test_searches_find_what_is_there() -> None:
    budget = settings(max_examples=max(5, settings().max_examples // 6), stateful_step_count=20)
    with running_api() as api:
        RUNNING[:] = [api]
        run_state_machine_as_test(DirectoryMachine, settings=budget)
