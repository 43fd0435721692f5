"""Sorted streams of partitions, merged by key, duplicates removed; and which of them match.

Every source is a range of one partition. In each round some sources are read further, all at the
same time. Keys up to the position that every unfinished source has reached are final: they are
sorted, duplicates (which are adjacent) are dropped, and the rest are candidates: the matcher tests
their footprints and attributes, with whole documents where a posting cannot tell.
"""

from __future__ import annotations

import bisect
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, Protocol

import numpy as np
import shapely

from swath_core.definitions import EXTRA, HOW_TO_DECLARE, extra_value
from swath_core.documents import Document
from swath_core.errors import BadRequest
from swath_core.filters import EVERYTHING, Expression, values_of
from swath_core.geo import footprint
from swath_core.index import OMITTED, POSTED, predecessor, successor
from swath_core.store.postings import PostingReader, PostingRow, RangeRead

from ._plan import SearchPlan, Source
from ._query import Cost, ImageQuery, Match

LEAST_ROWS = 13
"""Rows of a read that cost no more than one: about what fits one read unit."""

MOST_WHOLE = 2_000
"""Images that a search reads whole because their postings lack a declared extra property."""

MOST_PARALLEL = 16
_MOST_FIRST = 64
_BUFFERED = 2_000
_SLACK = 1.15
_GROWTH = 3.0
_TELLING = 8


Candidate = tuple[str, Source, PostingRow]
"""A key, where it was read, and what was read."""


@dataclass(slots=True)
class _Stream:
    source: Source
    position: str
    buffer: list[PostingRow] = field(default_factory=list)
    done: bool = False
    read: int = 0


class Merge:
    """The merged stream of sources, read round by round."""

    def __init__(
        self,
        reader: PostingReader,
        sources: Sequence[Source],
        cost: Cost,
        *,
        descending: bool,
        ratio: float,
    ) -> None:
        """Merge sources; ``ratio`` is the number of postings that are read for one match."""
        self._reader = reader
        self._descending = descending
        self._ratio = ratio
        self._cost = cost
        self._streams = [_Stream(source, _start(source, descending)) for source in sources]
        self._matched = 0
        self._rounds = 0
        self._first_key: str | None = None

    @property
    def finished(self) -> bool:
        """Whether everything has been read and handed on."""
        return all(stream.done and not stream.buffer for stream in self._streams)

    @property
    def reached(self) -> str | None:
        """The key up to which everything was handed on; None where that is all there is."""
        positions = [stream.position for stream in self._streams if not stream.done]
        if not positions:
            return None
        return max(positions) if self._descending else min(positions)

    def note(self, matches: int) -> None:
        """Tell how many of the candidates handed on so far have matched."""
        self._matched = matches

    def advance(self, need: int | None) -> list[Candidate]:
        """Read one round and return the candidates that have become final, in order.

        ``need`` is the number of further matches that would do; None is all there are.
        """
        wanted = self._everything() if need is None else self._enough(need)
        if wanted:
            self._read(wanted)
        return self._final()

    # ---- what to read

    def _open(self) -> list[_Stream]:
        streams = [stream for stream in self._streams if not stream.done]
        streams.sort(key=lambda stream: stream.position, reverse=self._descending)
        return streams

    def _everything(self) -> list[tuple[_Stream, int | None]]:
        streams = self._open()
        if not streams:
            return []
        most = streams[: max(MOST_PARALLEL, _tied(streams))]
        hungry = [stream for stream in most if len(stream.buffer) < _BUFFERED]
        return [(stream, None) for stream in hungry or most[:1]]

    def _enough(self, need: int) -> list[tuple[_Stream, int | None]]:
        streams = self._open()
        if not streams:
            return []
        if self._rounds == 0:
            return self._first(streams, need * self._ratio)
        return self._further(streams, need)

    def _first(self, streams: list[_Stream], rows: float) -> list[tuple[_Stream, int | None]]:
        """Size the first reads from the plan's expectation."""
        reads: list[tuple[_Stream, int | None]] = []
        together = [stream for stream in streams if not stream.source.ordered]
        shares = sum(stream.source.share for stream in together) or 1.0
        for stream in together:
            part = rows * stream.source.share / shares
            reads.append((stream, _rounded(part + 1.5 * part**0.5)))
        left = rows
        following = (stream for stream in streams if stream.source.ordered)
        for _, group in groupby(following, key=lambda stream: stream.position):
            shards = list(group)
            if left <= 0 or len(reads) >= _MOST_FIRST:
                break
            reads += [(stream, _rounded(left / len(shards))) for stream in shards]
            left -= sum(stream.source.expected or 0.0 for stream in shards)
        return reads

    def _further(self, streams: list[_Stream], need: int) -> list[tuple[_Stream, int | None]]:
        """Size later reads so that every stream gets to where the page should be full."""
        reached = self._time(streams[0].position)
        start = self._time(self._first_key or streams[0].position)
        passed = abs(reached - start)
        spans = {id(each): abs(self._time(each.position) - start) for each in streams}
        rates = {
            id(each): each.read / spans[id(each)] if spans[id(each)] else 0.0 for each in streams
        }
        target = self._span_of(need, passed, sum(rates.values()))
        reads: list[tuple[_Stream, int | None]] = []
        for stream in streams:
            ahead, rate = spans[id(stream)], rates[id(stream)]
            if ahead < target or stream.position == streams[0].position:
                rows = rate * (target - ahead) * _SLACK if rate else need * self._ratio
                reads.append((stream, _rounded(rows)))
        return reads[: max(MOST_PARALLEL, _tied(streams))]

    def _span_of(self, need: int, passed: float, rate: float) -> float:
        """Return the time from the first key on in which so many further matches should lie.

        Judged by the matches so far where these are many enough, else by the plan's ratio; with no
        more than a threefold step, since both can be wrong.
        """
        planned = need * self._ratio / rate if rate else 0.0
        furthest = _GROWTH * max(passed, planned)
        if self._matched < _TELLING:
            return furthest
        return min(furthest, passed * (self._matched + need) / self._matched)

    @staticmethod
    def _time(key: str) -> float:
        try:
            return datetime.fromisoformat(key[:26]).timestamp()
        except ValueError:
            return 0.0

    # ---- reading

    def _read(self, wanted: list[tuple[_Stream, int | None]]) -> None:
        requests = [self._request(stream, limit) for stream, limit in wanted]
        self._rounds += 1
        self._cost.rounds += 1
        for (stream, _), page in zip(wanted, self._reader.read(requests), strict=True):
            stream.buffer.extend(page.rows)
            stream.read += len(page.rows)
            stream.done = page.exhausted
            if page.rows:
                stream.position = page.rows[-1].key
            self._cost.partitions.add(stream.source.partition)
            self._cost.postings += len(page.rows)
            self._cost.read_units += page.read_units
        if self._first_key is None:
            firsts = [stream.buffer[0].key for stream in self._streams if stream.buffer]
            if firsts:
                self._first_key = max(firsts) if self._descending else min(firsts)

    def _request(self, stream: _Stream, limit: int | None) -> RangeRead:
        source = stream.source
        low, high = source.low, source.high
        if stream.read and self._descending:
            high = predecessor(stream.position)
        elif stream.read:
            low = successor(stream.position)
        return RangeRead(
            source.partition,
            low,
            high,
            limit,
            self._descending,
            source.footprints,
            source.attributes,
        )

    # ---- merging

    def _final(self) -> list[Candidate]:
        taken = list(self._take())
        taken.sort(key=itemgetter(0), reverse=self._descending)
        final: list[Candidate] = []
        for candidate in taken:
            if final and final[-1][0] == candidate[0]:
                if candidate[1].inside:
                    final[-1] = candidate
            else:
                final.append(candidate)
        self._cost.images += len(final)
        return final

    def _take(self) -> Iterator[Candidate]:
        edge = self.reached
        for stream in self._streams:
            end = len(stream.buffer) if edge is None else self._end(stream.buffer, edge)
            source = stream.source
            for row in stream.buffer[:end]:
                yield row.key, source, row
            del stream.buffer[:end]

    def _end(self, buffer: list[PostingRow], edge: str) -> int:
        """Return the number of rows up to and including the edge."""
        if self._descending:
            return bisect.bisect_left(buffer, True, key=lambda row: row.key < edge)
        return bisect.bisect_left(buffer, True, key=lambda row: row.key > edge)


def _start(source: Source, descending: bool) -> str:  # noqa: FBT001 - one reads as the other
    return successor(source.high) if descending else predecessor(source.low)


def _tied(streams: list[_Stream]) -> int:
    """Return the number of streams that are all as far behind as the first one."""
    return sum(1 for stream in streams if stream.position == streams[0].position)


def _rounded(rows: float) -> int:
    return max(LEAST_ROWS, int(rows) + 1)


# ---- matching


SizeOf = Callable[[Document], int]
"""How many bytes a document adds to a response."""


class DocumentReader(Protocol):
    """Where whole images come from."""

    def get_many(self, ids: Iterable[str]) -> Mapping[str, Document]:
        """Return those of the images that exist, by id; read consistently."""


class Matcher:
    """Tells which postings match, with the documents where a posting cannot tell."""

    def __init__(self, plan: SearchPlan, documents: DocumentReader, cost: Cost) -> None:
        self.plan = plan
        self.cost = cost
        self.size_of: SizeOf = json_bytes
        self._documents = documents
        self._predicates: dict[str, tuple[Expression, frozenset[str]]] = {}
        self._whole: set[str] = set()

    def matching(self, candidates: list[Candidate]) -> list[Match]:
        """Return the candidates that satisfy area and predicate, in their order."""
        touching = _touching(self.plan.query, candidates)
        matches = [
            Match(key, source.product, row)
            for (key, source, row), hit in zip(candidates, touching, strict=True)
            if hit
        ]
        matches = self._satisfying(matches)
        self.cost.matches += len(matches)
        return matches

    def _satisfying(self, matches: list[Match]) -> list[Match]:
        products = {match.product_id for match in matches}
        if all(self._asked(each)[0] == EVERYTHING for each in products):
            return matches
        answers: list[bool | None] = []
        for match in matches:
            predicate, names = self._asked(match.product_id)
            if predicate == EVERYTHING:
                answers.append(True)
            elif tells(match, names):
                answers.append(predicate.matches(_values(match, names)))
            else:
                answers.append(None)
        if None in answers:
            unsure = [m for m, answer in zip(matches, answers, strict=True) if answer is None]
            good = self._satisfying_documents(unsure)
            answers = [
                match.id in good if answer is None else answer
                for match, answer in zip(matches, answers, strict=True)
            ]
        return [match for match, answer in zip(matches, answers, strict=True) if answer]

    def _asked(self, product_id: str) -> tuple[Expression, frozenset[str]]:
        """Return the predicate on the postings of a product, and the attributes it looks at."""
        found = self._predicates.get(product_id)
        if found is None:
            predicate = self.plan.queries[product_id].predicate
            found = self._predicates[product_id] = (predicate, predicate.names)
        return found

    def _satisfying_documents(self, matches: list[Match]) -> set[str]:
        expression = self.plan.query.expression
        for product_id in {match.product_id for match in matches}:
            own = [match for match in matches if match.product_id == product_id]
            self._count_whole(own, self._asked(product_id)[1])
        documents = self.fetch([match.id for match in matches])
        return {id_ for id_, each in documents.items() if expression.matches(values_of(each))}

    def told_by_documents(self, matches: list[Match]) -> list[bool]:
        """Return which of some candidates satisfy the query by what their documents say."""
        good = self._satisfying_documents(matches)
        return [match.id in good for match in matches]

    def complete(self, matches: Sequence[Match], names: frozenset[str]) -> None:
        """Add to matches the attributes that their postings leave out, from the documents."""
        if not names:
            return
        short = {match.id: match for match in matches if not tells(match, names)}
        self._count_whole(list(short.values()), names)
        for id_, document in self.fetch(list(short)).items():
            values = short[id_].values
            values.update({name: value_in(document.attributes, name) for name in names})

    def _count_whole(self, matches: Sequence[Match], names: frozenset[str]) -> None:
        """Count the matches whose postings were written before extra properties were declared.

        Raises TooManyWhole where there are more than are read for that.
        """
        extras = {name for name in names if name.startswith(EXTRA)}
        if not extras:
            return
        lacking = [
            (match, missing)
            for match in matches
            if (missing := extras - match.values.keys() - set(match.values.get(OMITTED, ())))
        ]
        self._whole |= {match.id for match, _ in lacking}
        if lacking and len(self._whole) > MOST_WHOLE:
            match, missing = lacking[-1]
            raise TooManyWholeError(match.product_id, min(missing))

    def fetch(self, ids: Sequence[str]) -> Mapping[str, Document]:
        """Return those of the images that exist, by id."""
        if not ids:
            return {}
        self.cost.documents += len(ids)
        return self._documents.get_many(ids)


TOLD = POSTED | {"geometry"}
"""Attributes that a posting tells, the footprint with them."""


def tells(match: Match, names: frozenset[str]) -> bool:
    """Return whether a posting tells attributes, those included that it says the image has not."""
    values = match.values
    if not names.isdisjoint(values.get(OMITTED, ())):
        return False
    return names <= TOLD or names <= TOLD | values.keys()


class TooManyWholeError(BadRequest):
    """Too many images would have to be read whole for an extra property."""

    def __init__(self, product_id: str, name: str) -> None:
        """Say which property of which product that is, and how it is declared."""
        message = (
            f"filter: the index does not hold {name} of all images of {product_id}, and more than "
            f"{MOST_WHOLE} would have to be read whole for it: {HOW_TO_DECLARE}"
        )
        super().__init__(message, parameter="filter")


def _values(match: Match, names: frozenset[str]) -> Mapping[str, Any]:
    """Return what a predicate looks at; ``geometry`` is the footprint on the plane."""
    if "geometry" not in names:
        return match.values
    return {**match.values, "geometry": match.footprint}


def value_in(attributes: Mapping[str, Any], name: str) -> Any:
    """Return the value of an attribute or of an extra property of a whole document."""
    if name.startswith(EXTRA):
        return extra_value(attributes, name.removeprefix(EXTRA))
    return attributes.get(name)


def _touching(query: ImageQuery, candidates: list[Candidate]) -> Sequence[bool]:
    if query.area is None:
        return [True] * len(candidates)
    hits = np.ones(len(candidates), dtype=bool)
    tested = [n for n, (_, source, _) in enumerate(candidates) if not source.inside]
    if tested:
        footprints = np.array([candidates[n][2].footprint for n in tested], dtype=object)
        shapes = shapely.from_wkb(footprints)
        found = shapely.intersects(query.area, shapes)
        if query.or_without_area:
            found |= shapely.is_missing(shapes)
        hits[tested] = found
    listed: list[bool] = hits.tolist()
    return listed


def json_bytes(document: Document) -> int:
    """Return about how many bytes of JSON:API a document takes."""
    return len(json.dumps(document.attributes, separators=(",", ":"))) + len(document.id) * 2 + 200


def satisfies(query: ImageQuery, document: Document) -> bool:
    """Return whether a whole document satisfies a query: what the index only makes fast."""
    if not query.expression.matches(values_of(document)):
        return False
    if query.area is None:
        return True
    geometry = document.get("geometry")
    if geometry is None:
        return query.or_without_area
    return bool(shapely.intersects(query.area, footprint(geometry)))
