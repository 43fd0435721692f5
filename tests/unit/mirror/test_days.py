"""Postings of a day in their order, out of several shards that are read at the same time."""

from __future__ import annotations

import random
from collections.abc import Sequence
from unittest import mock

import pytest
from tests.memory_postings import MemoryPostings

from swath_core.index import time_partition
from swath_core.mirror import _days
from swath_core.mirror._days import rows_of_day
from swath_core.store.postings import PostingPage, PostingRow, RangeRead

PRODUCT, DAY = "acme:p", "2020-02-03"


class Small(MemoryPostings):
    """Answers with a few postings at a time."""

    rounds = 0

    def read(self, requests: Sequence[RangeRead]) -> list[PostingPage]:
        self.rounds += 1
        limited = [RangeRead(r.partition, r.low, r.high, 3) for r in requests]
        return super().read(limited)


def key(number: int) -> str:
    return f"{DAY}T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}.000000Z#p:{number}"


@pytest.mark.parametrize("shards", [1, 2, 5, 20])
@pytest.mark.parametrize("ahead", [1, 7, 2000])
def test_all_postings_behind_a_key_come_in_order_and_once(shards: int, ahead: int) -> None:
    dice = random.Random(shards)
    postings = Small()
    numbers = sorted(dice.sample(range(86_400), 200))
    for number in numbers:
        # some of an image that is moving from one shard to another
        for shard in {dice.randrange(shards) ** 2 // shards, dice.choice([0, shards - 1])}:
            partition = time_partition(PRODUCT, DAY[:7], shard)
            postings.put_row(partition, PostingRow(key(number), None, "{}", 1, 1))
    for other in ("2020-02-02T23:59:59.999999Z#p:x", "2020-02-04T00:00:00.000000Z#p:x"):
        partition = time_partition(PRODUCT, DAY[:7], 0)
        postings.put_row(partition, PostingRow(other, None, "{}", 1, 1))
    with mock.patch.object(_days, "_AHEAD", ahead):
        found = [row.key for row in rows_of_day(postings, PRODUCT, DAY, shards)]
        assert found == [key(each) for each in numbers]
        middle = found[77]
        rest = [row.key for row in rows_of_day(postings, PRODUCT, DAY, shards, middle)]
    assert rest == found[78:]
    if shards == 5 and ahead == 2000:
        assert postings.rounds < 2 * 200 / 3, "shards are read at the same time"
