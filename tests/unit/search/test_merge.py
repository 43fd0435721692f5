"""The merge: order, duplicates, rounds, and how much is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.memory_postings import MemoryPostings

from swath_core.search import Cost
from swath_core.search._merge import LEAST_ROWS, Merge
from swath_core.search._plan import Source


def key(number: int) -> str:
    return f"2021-01-{1 + number // 24 % 28:02d}T{number % 24:02d}:00:00.000000Z#i{number:05d}"


def stored(partitions: dict[str, list[int]]) -> MemoryPostings:
    postings = MemoryPostings()
    for partition, numbers in partitions.items():
        for number in numbers:
            postings.put(partition, key(number), {"a": "{}", "b": number, "v": 1})
    return postings


def drained(merge: Merge, need: int | None) -> list[str]:
    found: list[str] = []
    while not merge.finished:
        found += [candidate[0] for candidate in merge.advance(need)]
        merge.note(len(found))
    return found


@given(
    numbers=st.lists(st.lists(st.integers(0, 600), max_size=80), max_size=5),
    descending=st.booleans(),
    need=st.sampled_from([None, 1, 10, 200]),
    ratio=st.sampled_from([1.0, 4.0]),
)
def test_a_merge_is_the_sorted_union(
    numbers: list[list[int]], descending: bool, need: int | None, ratio: float
) -> None:
    partitions = {f"p{n}": sorted(set(each)) for n, each in enumerate(numbers)}
    sources = [Source("p", partition, "0", ":") for partition in partitions]
    merge = Merge(stored(partitions), sources, Cost(), descending=descending, ratio=ratio)
    union = sorted({key(number) for each in partitions.values() for number in each})
    assert drained(merge, need) == (union[::-1] if descending else union)


@given(numbers=st.lists(st.integers(0, 600), max_size=80), low=st.integers(0, 600))
def test_ranges_are_kept(numbers: list[int], low: int) -> None:
    partitions = {"p": sorted(set(numbers))}
    source = Source("p", "p", key(low), key(low + 50))
    merge = Merge(stored(partitions), [source], Cost(), descending=False, ratio=1)
    expected = [key(number) for number in partitions["p"]]
    assert drained(merge, 5) == [each for each in expected if key(low) <= each <= key(low + 50)]


def test_a_posting_inside_the_area_is_preferred_among_duplicates() -> None:
    sources = [Source("p", "a", "0", ":"), Source("p", "b", "0", ":", inside=True)]
    merge = Merge(stored({"a": [1], "b": [1]}), sources, Cost(), descending=False, ratio=1)
    ((_, source, _),) = merge.advance(None)
    assert source.inside


def test_the_first_round_is_sized_by_the_plan() -> None:
    postings = stored({"a": list(range(0, 600, 2)), "b": list(range(1, 600, 2))})
    cost = Cost()
    sources = [Source("p", "a", "0", ":"), Source("p", "b", "0", ":")]
    merge = Merge(postings, sources, cost, descending=False, ratio=2.0)
    found = merge.advance(50)
    assert cost.rounds == 1
    assert 100 <= cost.postings <= 130
    assert len(found) >= 95


def test_months_are_opened_as_needed() -> None:
    postings = stored({"m1": list(range(100)), "m2": list(range(100, 200))})
    cost = Cost()
    sources = [
        Source("p", "m1", "0", key(100), ordered=True, expected=100),
        Source("p", "m2", key(100), ":", ordered=True, expected=100),
    ]
    merge = Merge(postings, sources, cost, descending=False, ratio=1.0)
    assert len(merge.advance(20)) >= 20
    assert cost.partitions == {"m1"}
    merge.note(20)
    assert drained(merge, 150)[-1] == key(199)
    assert cost.partitions == {"m1", "m2"}


def test_a_stream_that_lags_catches_up_in_one_round() -> None:
    sparse, dense = list(range(0, 600, 50)), list(range(600))
    sources = [Source("p", "a", "0", ":", share=5.0), Source("p", "b", "0", ":", share=0.1)]
    cost = Cost()
    merge = Merge(stored({"a": sparse, "b": dense}), sources, cost, descending=False, ratio=1.0)
    found = merge.advance(100)
    merge.note(len(found))
    found += merge.advance(100 - len(found))
    assert cost.rounds == 2
    assert len(found) >= 30


def test_no_source_is_finished_at_once() -> None:
    merge = Merge(stored({}), [], Cost(), descending=False, ratio=1)
    assert merge.finished
    assert merge.advance(10) == []
    assert merge.advance(None) == []


@pytest.mark.parametrize("need", [1, 100])
def test_a_read_costs_at_least_a_unit_so_it_asks_for_one(need: int) -> None:
    cost = Cost()
    merge = Merge(
        stored({"a": list(range(600))}),
        [Source("p", "a", "0", ":")],
        cost,
        descending=True,
        ratio=1,
    )
    merge.advance(need)
    assert cost.postings >= LEAST_ROWS
