"""Many images at once."""

from __future__ import annotations

import copy
import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from tests.client.fake import FakeCatalog, Seen

import swath
from swath.catalog import BulkError, DocumentState, Image, Product, SaveReport
from swath.errors import ConnectionFailedError, ForbiddenError


def made(count: int, *, start: int = 0, **more: Any) -> Iterator[dict[str, Any]]:
    for number in range(start, start + count):
        yield {"id": f"acme:p:i{number}", "acquired": "2024-05-01", **more}


def test_a_stream_goes_in_chunks_each_under_its_own_key(
    client: swath.Client, fake: FakeCatalog
) -> None:
    report = Image.save_many(made(25), chunk=10, workers=3)
    assert (report.saved, report.failed, report.requests) == (25, 0, 3)
    assert set(fake.objects["images"]) == {f"acme:p:i{n}" for n in range(25)}
    sent = fake.requests("POST", "/images/bulk")
    assert sorted(len(each.body["data"]) for each in sent) == [5, 10, 10]
    assert len({each.headers["idempotency-key"] for each in sent}) == 3
    assert client is swath.http.default_client()


def test_the_same_call_again_saves_nothing_twice(client: swath.Client, fake: FakeCatalog) -> None:
    first = Image.save_many(made(25), chunk=10)
    before = json.dumps(fake.objects["images"], default=str)
    again = Image.save_many(made(25), chunk=10)
    assert (first.saved, again.saved, again.existing) == (25, 25, 0)
    assert json.loads(before).keys() == fake.objects["images"].keys()
    with pytest.raises(BulkError, match="25 failed") as caught:
        Image.save_many(made(25), chunk=9)  # other chunks: other keys
    assert {each.error.status for each in caught.value.report.failures} == {409}  # type: ignore[attr-defined]
    assert Image.save_many(made(30), chunk=9, exist_ok=True).existing == 25


def test_failures_are_reported_and_the_rest_is_saved(
    client: swath.Client, fake: FakeCatalog
) -> None:
    def stream() -> Iterator[Any]:
        yield from made(3)
        yield {"id": "acme:p:old", "acquired": "2000-01-01"}  # the service refuses it
        yield {"acquired": "2024"}  # no id: never sent
        yield {"id": "acme:p:typo", "aquired": "2024"}
        yield "no image"
        yield from made(2, start=3)

    with pytest.raises(BulkError) as caught:
        Image.save_many(stream(), chunk=2)
    report = caught.value.report
    assert (report.saved, report.failed) == (5, 4)
    assert [each.index for each in report.failures] == [3, 4, 5, 6]
    assert [each.id for each in report.failures[:3]] == ["acme:p:old", None, "acme:p:typo"]
    text = str(caught.value)
    assert "5 images saved, 4 failed" in text
    for part in (
        "too old",
        "needs 'product_id' and 'name'",
        "did you mean 'acquired'",
        "not 'no image'",
    ):
        assert part in text
    assert copy.deepcopy(caught.value).report.saved == 5
    assert Image.save_many(made(1, start=9), ignore_failures=True).failed == 0


def test_many_failures_are_counted_and_the_first_kept(
    client: swath.Client, fake: FakeCatalog
) -> None:
    report = Image.save_many(({"acquired": "2024"} for _ in range(1500)), ignore_failures=True)
    assert (report.failed, len(report.failures)) == (1500, 1000)
    assert "and 1,490 more" in str(report)
    assert fake.requests("POST", "/images/bulk") == []


def test_what_the_service_puts_off_is_sent_again_under_the_same_key(
    client: swath.Client, fake: FakeCatalog
) -> None:
    fake.put_off = {"acme:p:i1": 1, "acme:p:i3": 1}
    report = Image.save_many(made(5), workers=1)
    assert (report.saved, report.requests) == (5, 2)
    sent = fake.requests("POST", "/images/bulk")
    assert len({each.headers["idempotency-key"] for each in sent}) == 1


def test_a_broken_answer_is_no_second_save(client: swath.Client, fake: FakeCatalog) -> None:
    """The first attempt is carried out, only its answer gets lost."""
    lost = [1]

    def lose(seen: Seen) -> tuple[int, dict[str, str], bytes] | None:
        if not lost or not seen.path.endswith("/bulk"):
            return None
        lost.pop()
        fake.bulk(seen)
        return 0, {}, b""

    fake.faults.append(lose)
    assert Image.save_many(made(4)).saved == 4


def test_an_error_of_the_request_ends_the_call(client: swath.Client, fake: FakeCatalog) -> None:
    taken: list[int] = []

    def stream() -> Iterator[dict[str, Any]]:
        for each in made(1000):
            taken.append(1)
            yield each

    def forbid(seen: Seen) -> tuple[int, dict[str, str], bytes] | None:
        return (403, {}, b"{}") if len(fake.objects["images"]) >= 20 else None

    fake.faults.append(forbid)
    with pytest.raises(ForbiddenError) as caught:
        Image.save_many(stream(), chunk=10, workers=1)
    assert "until then: 20 images saved" in caught.value.__notes__[0]
    assert len(taken) < 60
    fake.faults[:] = [lambda _: (0, {}, b"")]
    with pytest.raises(ConnectionFailedError):
        Image.save_many(made(3))


def test_objects_become_what_was_saved(client: swath.Client, fake: FakeCatalog) -> None:
    product = Product(id="p", name="P")
    product.save()
    images = [Image(name=f"i{n}", acquired="2024-05-01", tags=["a"]) for n in range(3)]
    assert product.add_images(images).saved == 3
    assert {each.state for each in images} == {DocumentState.SAVED}
    assert images[0].id == "acme:p:i0"
    assert images[0].product is product
    images[0].tags.append("b")
    images[0].save()
    (patch,) = fake.requests("PATCH", "i0")
    assert patch.body["data"]["attributes"] == {"tags": ["a", "b"]}
    with pytest.raises(BulkError, match="in the catalog already"):
        Image.save_many(images[:1])


def test_a_product_takes_mappings_of_its_own(client: swath.Client, fake: FakeCatalog) -> None:
    product = Product(id="p", name="P")
    with pytest.raises(swath.errors.UnsavedObjectError):
        product.add_images([])
    product.save()
    report = product.add_images({"name": f"i{n}", "acquired": "2024"} for n in range(4))
    assert isinstance(report, SaveReport)
    assert set(fake.objects["images"]) == {f"acme:p:i{n}" for n in range(4)}
    assert fake.objects["images"]["acme:p:i0"]["product_id"] == "acme:p"


def test_chunks_are_bounded_by_bytes(client: swath.Client, fake: FakeCatalog) -> None:
    Image.save_many(made(10, provider_url="x" * 900_000), workers=2)
    sizes = [len(json.dumps(each.body)) for each in fake.requests("POST", "/images/bulk")]
    assert max(sizes) < 4_100_000
    assert len(sizes) == 3


def test_memory_does_not_grow_with_the_stream(client: swath.Client, fake: FakeCatalog) -> None:
    def sink(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        fake.seen.clear()
        results = [{"id": each["id"], "meta": {"status": "201"}} for each in seen.body["data"]]
        return 200, {}, json.dumps({"data": results}).encode()

    fake.faults.append(sink)
    peaks = []
    for count in (500, 3_000):
        tracemalloc.start()
        assert Image.save_many(made(count), chunk=50, workers=2).saved == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0], peaks


@pytest.mark.parametrize("wrong", [{"chunk": 0}, {"chunk": 1001}, {"workers": 0}])
def test_options_have_bounds(client: swath.Client, wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Image.save_many([], **wrong)  # type: ignore[arg-type]
