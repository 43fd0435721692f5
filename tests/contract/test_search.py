"""Searches by the living clients: every operator, every attribute, order, pages, geometry."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

import pytest
from tests.contract.published import EARTHONE, Client, Raised
from tests.contract.tables import BANDS, IMAGE, KINDS, PRODUCT, Kind, Values, square

pytestmark = [pytest.mark.stack, pytest.mark.published]
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)

_ALWAYS_SET = {"acquired": "2018-05-05T00:00:00+00:00", "storage_state": "available"}


@dataclass(frozen=True)
class Three:
    """Objects with the tables' first values, with their second values, and with none."""

    kind: Kind
    product: str
    first: str
    second: str
    bare: str

    def names(self, ids: Any) -> Any:
        """Return what the objects are called here; an error's text stays."""
        by_id = {self.first: "first", self.second: "second", self.bare: "bare"}
        return ids if isinstance(ids, str) else [by_id[each] for each in ids if each in by_id]


def fresh() -> str:
    return f"x{secrets.token_hex(4)}"


@pytest.fixture(scope="module")
def three(client: Client) -> Any:
    """Make the three objects of a kind once per client."""
    made: dict[str, Three] = {}

    def of(kind: Kind) -> Three:
        if kind.name not in made:
            made[kind.name] = _make(client, kind)
        return made[kind.name]

    return of


def _make(client: Client, kind: Kind) -> Three:
    product = client.call("objects", "create", kind="Product", id=fresh(), name="p")["id"]
    ids = []
    for pick in ("first", "second", None):
        attributes = dict(kind.needed)
        if pick:
            attributes |= {name: getattr(each, pick) for name, each in kind.values.items()}
        where = {"id": fresh()} if kind is PRODUCT else {"product_id": product, "name": fresh()}
        without = client.release.without
        attributes = {name: each for name, each in attributes.items() if name not in without}
        found = client.call("objects", "create", kind=kind.name, **{**attributes, **where})
        ids.append(found["id"])
    return Three(kind, product, *ids)


def ask(
    client: Client, found: Three, searches: dict[str, dict[str, Any]], *, counted: bool = False
) -> dict[str, Any]:
    """Run searches among the three objects; return their names and compare the counts."""
    if found.kind is PRODUCT:
        base = f"p.id.in_({[found.first, found.second, found.bare]!r})"
    else:
        base = f"p.product_id == {found.product!r}"
    for each in searches.values():
        each["filter"] = [base, each["filter"]] if "filter" in each else base
    answers = client.call(
        "searches", "each", kind=found.kind.name, searches=searches, counted=counted
    )
    if counted:
        for name, answer in answers.items():
            assert answer["count"] == len(answer["ids"]), name
            answers[name] = answer["ids"]
    return {name: found.names(answer) for name, answer in answers.items()}


def is_known(client: Client, kind: Kind) -> bool:
    """Return whether the other client asks the same of many attributes, so that a few will do."""
    return kind is IMAGE and client.release is EARTHONE


def operand(value: Any) -> Any:
    """Return what a filter may compare with: as sent, a list by its first member."""
    return value[0] if isinstance(value, list) else value


@every_kind
def test_every_filterable_attribute_by_every_operator(
    client: Client, kind: Kind, three: Any
) -> None:
    found = three(kind)
    for name, values in filterable(client, kind).items():
        first, second = operand(values.first), operand(values.second)
        forms = {
            "eq": f"p.{name} == {first!r}",
            "ne": f"p.{name} != {first!r}",
            "in": f"p.{name}.in_([{first!r}, {second!r}])",
            "and": f"(p.{name} == {first!r}) & (p.{name} == {second!r})",
            "null": f"p.{name}.isnull",
            "set": f"p.{name}.isnotnull",
        }
        if is_known(client, kind):
            forms = {key: forms[key] for key in ("eq", "null")}
        asked = {key: {"filter": form} for key, form in forms.items()}
        answers = ask(client, found, asked, counted=kind is PRODUCT)
        bare = ["bare"] if name in _ALWAYS_SET or name == "name" else []
        default = _ALWAYS_SET[name] if name == "storage_state" else None
        expected = {
            "eq": sorted(["first", *(bare if default == first else [])]),
            "ne": sorted(["second", *([] if default == first else bare)]),
            "in": sorted(["first", "second", *(bare if default in {first, second} else [])]),
            "and": [],
            "null": [] if bare else ["bare"],
            "set": sorted(["first", "second", *bare]),
        }
        assert {key: sorted(each) for key, each in answers.items()} == {
            key: expected[key] for key in forms
        }, name


@every_kind
def test_every_ordered_attribute_by_comparison(client: Client, kind: Kind, three: Any) -> None:
    found = three(kind)
    for name, values in filterable(client, kind).items():
        if isinstance(values.first, list) or name in {"storage_state", "resolution"}:
            continue
        low, high = sorted([values.first, values.second])
        is_low_first = low == values.first
        smaller, larger = ("first", "second") if is_low_first else ("second", "first")
        forms = {
            "gt": f"p.{name} > {low!r}",
            "gte": f"p.{name} >= {low!r}",
            "lt": f"p.{name} < {high!r}",
            "lte": f"p.{name} <= {high!r}",
            "between": f"{low!r} < p.{name} <= {high!r}",
            "turned": f"{high!r} > p.{name}",
        }
        if is_known(client, kind):
            forms = {key: forms[key] for key in ("gt", "lte")}
        answers = ask(client, found, {key: {"filter": form} for key, form in forms.items()})
        bare = without_values(kind, name)
        expected = {
            "gt": [larger],
            "gte": sorted([smaller, larger]),
            "lt": [smaller],
            "lte": sorted([smaller, larger]),
            "between": [larger],
            "turned": [smaller],
        }
        assert {key: sorted(set(each) - bare) for key, each in answers.items()} == {
            key: expected[key] for key in forms
        }, name


def without_values(kind: Kind, name: str) -> set[str]:
    """Return who has a value that comparisons of the table's values say nothing about."""
    is_set = name in _ALWAYS_SET or name in kind.needed or name in {"name", "sort_order"}
    return {"bare"} if is_set else set()


@every_kind
def test_every_sortable_attribute(client: Client, kind: Kind, three: Any) -> None:
    found = three(kind)
    without = client.release.without
    names = [n for n, each in kind.values.items() if "S" in each.flags and n not in without]
    up = ask(client, found, {name: {"sort": name} for name in names})
    down = ask(client, found, {name: {"sort": name, "descending": True} for name in names})
    for name in names:
        bare = without_values(kind, name)
        order = [each for each in up[name] if each not in bare]
        values = kind.values[name]
        expected = ["first", "second"] if is_ascending(values) else ["second", "first"]
        # what has no value comes last either way
        tail = [] if bare else ["bare"]
        assert order == [*expected, *tail], name
        order = [each for each in down[name] if each not in bare]
        assert order == [*expected[::-1], *tail], name


def is_ascending(values: Values) -> bool:
    first, second = values.answers
    if isinstance(first, dict):
        return True  # 10 metres, 1.5 degrees
    return bool(first < second)


@every_kind
def test_what_cannot_be_filtered_or_sorted_is_refused(
    client: Client, kind: Kind, three: Any
) -> None:
    found = three(kind)
    names = ["default_display_bands", "provider_url", "preview_url", "files", "geotrans"]
    known = [name for name in names if name in kind.values]
    for name in known:
        answers = ask(
            client,
            found,
            {
                "filter": {"filter": f"p.{name} == 'x'"},
                "sort": {"sort": name},
            },
        )
        assert all(each.startswith("BadRequestError") for each in answers.values()), answers
        assert all(name in each for each in answers.values())


def test_operands_that_make_no_sense_are_refused(client: Client, three: Any) -> None:
    answers = ask(
        client,
        three(IMAGE),
        {
            "a number as a date": {"filter": "p.acquired > 'yesterday'"},
            "a text as a number": {"filter": "p.cloud_fraction > 'much'"},
            "an unknown choice": {"filter": "p.storage_state == 'lost'"},
            "a pattern": {"filter": "p.satellite_id.like('a%')"},
            "an unknown order": {"sort": "no_such"},
            "a broken shape": {"intersects": {"type": "Polygon", "coordinates": [[[0, 0]]]}},
        },
    )
    assert {name: str(each).split(":")[0] for name, each in answers.items()} == dict.fromkeys(
        answers, "BadRequestError"
    )


@every_kind
def test_prefix_names_and_ids(client: Client, kind: Kind, three: Any) -> None:
    found = three(kind)
    texts = [name for name, each in filterable(client, kind).items() if each.first == "first text"]
    for name in texts:
        answers = ask(
            client,
            found,
            {
                "prefix": {"filter": f"p.{name}.prefix('fir')"},
                "startswith": {"filter": f"p.{name}.startswith('second text')"},
                "neither": {"filter": f"p.{name}.prefix('irst')"},
            },
        )
        assert answers == {"prefix": ["first"], "startswith": ["second"], "neither": []}, name
    answers = ask(
        client,
        found,
        {
            "id": {"filter": f"p.id == {found.second!r}"},
            "ids": {"filter": f"p.id.in_([{found.first!r}, {found.bare!r}])"},
            "tags": {"filter": "p.tags == ['blue', 'none']"},
            "created": {"filter": "p.created > '2020'"},
            "modified": {"filter": "p.modified < '2020-01-01'"},
        },
    )
    assert answers["id"] == ["second"]
    assert sorted(answers["ids"]) == ["bare", "first"]
    assert answers["tags"] == ["second"]
    assert sorted(answers["created"]) == ["bare", "first", "second"]
    assert answers["modified"] == []


@every_kind
def test_limit_and_count(client: Client, kind: Kind, three: Any) -> None:
    found = three(kind)
    who = {"kind": kind.name, "sort": "created"}
    base = (
        f"p.id.in_({[found.first, found.second, found.bare]!r})"
        if kind is PRODUCT
        else f"p.product_id == {found.product!r}"
    )
    for limit, expected in ((0, 0), (1, 1), (2, 2), (3, 3), (100, 3)):
        answer = client.call("searches", "both", filter=base, limit=limit, **who)
        assert len(answer["ids"]) == expected
        assert answer["count"] == 3  # whatever the limit
    first = client.call("searches", "ids", filter=base, limit=1, **who)
    assert found.names(first) == ["first"]


def filterable(client: Client, kind: Kind) -> dict[str, Values]:
    without = client.release.without
    return {
        name: each
        for name, each in kind.values.items()
        if "F" in each.flags and name not in without
    }


def test_words_are_found_in_names_and_descriptions(client: Client) -> None:
    word = fresh()
    made = {
        key: client.call("objects", "create", kind="Product", id=fresh(), **attributes)["id"]
        for key, attributes in {
            "name": {"name": f"The {word} Survey"},
            "description": {"name": "x", "description": f"from \u00c9cole {word.upper()}, weekly"},
            "neither": {"name": "x"},
        }.items()
    }

    def found(text: str) -> list[str]:
        ids = client.call("searches", "ids", kind="Product", text=text)
        return sorted(key for key, each in made.items() if each in ids)

    assert found(word) == ["description", "name"]
    assert found(f"{word} survey") == ["name"]
    assert found(f"ecole {word}") == ["description"]
    assert found(f"{word} nowhere") == []

    band = client.call(
        "objects",
        "create",
        kind="GenericBand",
        product_id=made["name"],
        name="b",
        description=f"Chlorophyll {word}",
        **BANDS[4].needed,
    )
    base = f"p.product_id == {made['name']!r}"
    for text, expected in ((f"chlorophyll {word}", [band["id"]]), ("sediment", [])):
        ids = client.call("searches", "ids", kind="Band", text=text, filter=base)
        assert ids == expected


@pytest.fixture(scope="module")
def series(client: Client) -> tuple[str, list[str]]:
    """A product of 230 images, in the order of their times: more than two pages."""
    product = client.call("objects", "create", kind="Product", id=fresh(), name="series")["id"]
    names = [f"{product}:i{number:03}" for number in range(230)]
    images = [
        {
            "type": "image",
            "id": id,
            "attributes": {
                "product_id": product,
                "name": id.rpartition(":")[2],
                "acquired": f"2021-{1 + number // 28:02}-{1 + number % 28:02}T12:00:00Z",
                "geometry": square(-170 + 1.4 * number, 10, 0.5),
                "cloud_fraction": (number * 37 % 100) / 100,
            },
        }
        for number, id in enumerate(names)
    ]
    done = client.call("objects", "send", method="post", path="/images/bulk", body={"data": images})
    assert done["meta"] == {"count": 230, "failed": 0}
    return product, names


def test_pages(client: Client, series: tuple[str, list[str]]) -> None:
    product, ids = series
    base = f"p.product_id == {product!r}"
    answer = client.call("searches", "pages", kind="Image", filter=base)
    assert answer["ids"] == ids  # by acquired, ascending, unless another order is asked for
    methods, paths = zip(*answer["asked"], strict=True)
    assert set(methods) == {"PUT"}
    assert paths[0] == "/images"
    assert len(paths) >= 3
    assert all(each.startswith("/images?") for each in paths[1:])

    limited = client.call("searches", "pages", kind="Image", filter=base, limit=150)
    assert limited["ids"] == ids[:150]
    turned = client.call("searches", "ids", kind="Image", filter=base, sort="name", descending=True)
    assert turned == ids[::-1]
    clouds = client.call("searches", "views", kind="Image", filter=base, sort="cloud_fraction")
    order = [(each["attributes"]["cloud_fraction"], each["id"]) for each in clouds]
    assert order == sorted(order)
    assert len(order) == 230
    few = client.call(
        "searches",
        "both",
        kind="Image",
        filter=[base, "p.cloud_fraction < 0.5"],
        intersects=square(-175, 0, 90),
    )
    expected = [
        id for number, id in enumerate(ids) if number * 37 % 100 < 50 and -170 + 1.4 * number <= -85
    ]
    assert few == {"ids": expected, "count": len(expected)}


def test_times_in_every_form(client: Client) -> None:
    product = client.call("objects", "create", kind="Product", id=fresh(), name="times")["id"]
    times = {
        "a": "2021-03-01",
        "b": "2021-05-31T23:59:59.999999Z",
        "c": "2021-06-01",
        "d": "2021-09-01",
        "e": "2022-01-01T00:00:00",
    }
    for name, acquired in times.items():
        client.call(
            "objects", "create", kind="Image", product_id=product, name=name, acquired=acquired
        )
    answers = client.call("searches", "moments", product_id=product)
    june = ["c", "d", "e"]
    assert answers == {
        **dict.fromkeys(("datetime", "aware", "offset", "day", "month", "second"), june),
        "year": ["e"],
        "range": ["b", "c", "d"],
        "chain": ["a", "b", "c"],
    }


def test_geometry(client: Client) -> None:
    product = client.call("objects", "create", kind="Product", id=fresh(), name="places")["id"]
    places: dict[str, Any] = {
        "alps": square(10, 46),
        "andes": square(-70, -33),
        "dateline": {
            "type": "MultiPolygon",
            "coordinates": [
                square(179, -17)["coordinates"],
                square(-180, -17)["coordinates"],
            ],
        },
        "nowhere": None,
    }
    for name, geometry in places.items():
        where = {"geometry": geometry} if geometry else {}
        client.call(
            "objects",
            "create",
            kind="Image",
            product_id=product,
            name=name,
            acquired="2020-01-01",
            **where,
        )
    ring = square(10.5, 46.5, 0.1)
    two = {
        "type": "MultiPolygon",
        "coordinates": [square(10, 45.5, 0.7)["coordinates"], square(-71, -33.5)["coordinates"]],
    }
    searches: dict[str, dict[str, Any]] = {
        "polygon": {"intersects": ring},
        "away": {"intersects": square(20, 20)},
        "several": {"intersects": two},
        "east of the line": {"intersects": square(-179.9, -16.9, 0.1)},
        "west of the line": {"intersects": square(179.8, -16.9, 0.1)},
        "all": {"intersects": square(-180, -90, 180)},
        "feature": {"intersects": {"type": "Feature", "properties": {}, "geometry": ring}},
        "features": {
            "intersects": {
                "type": "FeatureCollection",
                "features": [{"type": "Feature", "properties": {}, "geometry": two}],
            }
        },
        "without a place too": {"intersects": ring, "match_null_geometry": True},
        "no place": {"filter": f"p.product_id == {product!r}"},
    }
    for each in searches.values():
        each.setdefault("filter", f"p.product_id == {product!r}")
    answers = client.call("searches", "each", kind="Image", searches=searches)
    names = {
        key: sorted(id.rpartition(":")[2] for id in answer["ids"])
        if isinstance(answer, dict)
        else answer
        for key, answer in answers.items()
    }
    assert names == {
        "polygon": ["alps"],
        "away": [],
        "several": ["alps", "andes"],
        "east of the line": ["dateline"],
        "west of the line": ["dateline"],
        "all": ["andes", "dateline"],
        "feature": ["alps"],
        "features": ["alps", "andes"],
        "without a place too": ["alps", "nowhere"],
        "no place": ["alps", "andes", "dateline", "nowhere"],
    }
    assert all(answer["count"] == len(answer["ids"]) for answer in answers.values())


def test_collections(client: Client, three: Any) -> None:
    found = three(IMAGE)
    base = f"p.product_id == {found.product!r}"
    images = client.call("searches", "collected", kind="Image", filter=base)
    assert images["class"] == "ImageCollection"
    assert images["ids"] == images["each"]
    assert sorted(images["ids"]) == sorted([found.first, found.second, found.bare])
    near = client.call("searches", "collected", kind="Image", filter=base, geometry=square(10, 45))
    assert near["ids"] == [found.first]
    products = client.call(
        "searches", "collected", kind="Product", filter=f"p.id == {found.product!r}"
    )
    assert (products["class"], products["ids"]) == ("ProductCollection", [found.product])


def test_images_of_several_products(client: Client, three: Any) -> None:
    one, other = three(IMAGE).product, three(BANDS[0]).product
    client.call(
        "objects", "create", kind="Image", product_id=other, name=fresh(), acquired="2020-01-01"
    )
    both = client.call(
        "searches", "both", kind="Image", filter=f"p.product_id.in_([{one!r}, {other!r}])"
    )
    assert both["count"] == len(both["ids"]) == 4
    assert {id.rpartition(":")[0] for id in both["ids"]} == {one, other}


def test_the_client_asks_for_a_product(client: Client) -> None:
    with pytest.raises(Raised, match="product_id"):
        client.call("searches", "ids", kind="Image", filter="p.cloud_fraction < 1")
