"""A grammar of hostile requests: every position of every body and parameter, every wrong value.

Positions come from the service's own description (:mod:`swath_core.web.openapi`) and from the
definitions of the attributes, so that a new route or attribute is covered by being there. A
request is a right one in which one position is wrong: what is looked at after the first check is
reached, too. JSON text within JSON (``filter``, ``intersects``, ``shape``) is entered.
"""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from swath_core.definitions import BANDS, IMAGE

Json = Any
Path = tuple[str | int, ...]


@dataclass(frozen=True, eq=False)
class Raw:
    """A piece of a body as it is written, JSON or not."""

    text: str


# ---- values that no position expects


def star(points: int, step: int | None = None) -> Json:
    """Return a polygon that crosses itself about ``points * step`` times."""
    step = step or points // 2 - 1 + points % 2
    angles = [2 * math.pi * (i * step % points) / points for i in range(points)]
    ring = [[10 + 5 * math.cos(a), 45 + 5 * math.sin(a)] for a in angles]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def comb(teeth: int) -> Json:
    """Return a polygon whose long thin teeth lie across those of another one."""
    one = [[x / teeth * 10, 40 + 10 * (x % 2)] for x in range(teeth)]
    other = [[10 * (y % 2), 40 + y / teeth * 10] for y in range(teeth)]
    rings = [[[*ring, [5, 39], ring[0]]] for ring in (one, other)]
    return {"type": "MultiPolygon", "coordinates": rings}


GEOMETRIES: tuple[Json, ...] = (
    star(201),
    star(1001),
    star(1999),
    comb(500),
    {"type": []},
    {"type": {}},
    {"type": "Polygon"},
    {"type": "Polygon", "coordinates": [[[0, 0]] * 2000]},
    {"type": "Polygon", "coordinates": [[[1e-300, 0], [0, 1e-300], [0, 0]]]},
    {"type": "Polygon", "coordinates": [[[0, 0], [Raw("NaN"), 0], [1, 1], [0, 0]]]},
    {"type": "Polygon", "coordinates": [[[0, 0], [Raw("9" * 400), 0], [1, 1], [0, 0]]]},
    {"type": "Polygon", "coordinates": [[[-540, -90], [540, -90], [540, 90], [-540, 90]]]},
    {"type": "Polygon", "coordinates": {"0": []}},
    {"type": "GeometryCollection", "geometries": [{"type": "GeometryCollection"}]},
    {"type": "FeatureCollection", "features": [None]},
    {"type": "MultiPoint", "coordinates": [[i / 100, i / 100] for i in range(3000)]},
    "POLYGON((0 0, 1 1, 1 0, 0 1, 0 0))",
    "GEOMETRYCOLLECTION(" * 500 + "POINT(0 0)" + ")" * 500,
)
TEXTS = (
    "", " ", "\0", "\ud800", "\u202e\u0007\x1b[2J", "x" * 3_000, "x" * 200_000, "../../etc",
    "a " * 50_000, "%", "_%" * 500, "(a+)+$" * 50, "0", "-1", "1e400", "NaN", "9" * 400,
    "9" * 5000, "epsg:" + "9" * 5000, "+proj=utm +zone=" + "9" * 5000, "EPSG:0", "WGS84",
    "2021-13-99", "0000", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59", "1" * 20, "'; --",
    "<script>alert(1)</script>", "acme:p", "acme:p:i", "[]", "{}", "[[[[", '[{"op": []}]', "null",
    ":", "::", "a:b:c:d", "\u00e9", "-acquired", "png", "spectral",
)  # fmt: skip
NUMBERS = (
    "0", "-0", "-0.0", "-1", "1.5", "1e400", "-1e400", "NaN", "Infinity", "-Infinity",
    "9" * 20, "-" + "9" * 20, "9" * 400, "9" * 4299, "9" * 5000, "1e308", "-1e308", "5e-324",
    "9007199254740993", "2147483648", "1e15", "0.1e-999",
)  # fmt: skip
SHAPES: tuple[Json, ...] = (
    None, True, False, [], {}, [[]], [{}], [None], {"a": []}, {"": {}}, [[[[[[1]]]]]], [True],
    {"type": []}, {"type": {}}, {"op": []}, {"name": [], "op": {}, "val": {}},
    {"value": [], "unit": []}, {"value": Raw("9" * 400), "unit": "meters"}, {"data": []},
    [1] * 3000, ["x"] * 3000, [[1, 2]] * 3000, {str(i): i for i in range(300)},
    Raw("[" * 90 + "]" * 90), Raw("[" * 300 + "]" * 300), Raw("[" * 100_000),
    Raw("[" * 900 + "]" * 900), Raw('{"a":' * 300 + "1" + "}" * 300),
    Raw('{"and":[' * 15 + '{"name":"id","op":"eq","val":"a"}' + "]}" * 15),
    {"a": Raw("1"), "b": Raw("nul")}, Raw('{"a":1,"a":[]}'), Raw("\\"),
)  # fmt: skip
FILTERS: tuple[Json, ...] = (
    [{"or": [{"name": "acquired", "op": "ne", "val": "2020"}] * 1999}],
    [{"name": "name", "op": "ne", "val": [f"n{i}" for i in range(1999)]}],
    [{"name": "id", "op": "eq", "val": [f"acme:p{i}:x" for i in range(1999)]}],
    [{"and": [{"or": [{"name": "created", "op": "isnull"}] * 30}] * 30}],
    [{"name": "acquired", "op": "prefix", "val": "2" * 10_000}],
)
VALUES: tuple[Json, ...] = (
    *SHAPES,
    *(Raw(number) for number in NUMBERS),
    *TEXTS,
    *GEOMETRIES,
)


def encode(value: Json) -> str:
    """Return a body as JSON text, what is raw as it stands."""
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, dict):
        members = (f"{json.dumps(name)}: {encode(each)}" for name, each in value.items())
        return "{" + ", ".join(members) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(encode, value)) + "]"
    return json.dumps(value)


# ---- right bodies, out of the description

# within the image that has pixels
AREA = {
    "type": "Polygon",
    "coordinates": [[[15.001, 49.648], [15.004, 49.648], [15.004, 49.65], [15.001, 49.648]]],
}
_SORT = "acquired"
KNOWN: Mapping[str, Json] = {
    "filter": json.dumps([
        {"name": "id", "op": "eq", "val": ["acme:p:i", "acme:p", "acme:p:spectral"]},
        {"or": [{"name": "created", "op": "gte", "val": "2020"}, {"name": "id", "op": "isnull"}]},
    ]),
    "intersects": json.dumps(AREA),
    "shape": json.dumps(AREA),
    "geometry": AREA,
    "product_id": "acme:p",
    "image_id": "acme:p:new",
    "ids": ["acme:p:i"],
    "bands": ["spectral"],
    "expressions": {"computed": "(spectral - 1) / (spectral + 1)"},
    "mask": "spectral > 5",
    "pixel_selection": "median",
    "image": {
        "data": {"type": "image", "attributes": {"acquired": "2020-01-02", "geometry": AREA}}
    },
    "image_files": ["one.tif"],
    "upload_type": "file",
    "scales": [[0, 10], [0, 1, 0, 255]],
    "resolution": 10,
    "srs": "EPSG:32633",
    "outputBoundsSRS": "EPSG:4326",
    "outputBounds": [15.001, 49.648, 15.002, 49.649],
    "outsize": [16, 16],
    "cs_code": "EPSG:32633",
    "projection": "EPSG:32633",
    "geotrans": [0, 1, 0, 0, 0, -1],
    "processing_level": "",
    "data_range": [0, 1],
    "display_range": [0, 1],
    "owners": ["user:alice", "org:acme"],
    "aggregations": ["total_count"],
    "filter-crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
    "writers": ["user:bob"],
    "readers": ["org:acme"],
    "function": "scale",
    "parameter": "reflectance_scale",
    "start": "2020-01-01",
    "end": "2021-01-01",
    "_start": "2020-01-01",
    "_end": "2020-03-01",
    "continuation": "AAAA",
    "lon": 15.004,
    "lat": 49.65,
    "expression": "spectral + 1",
    "range": "0,1",
    "resampling": "near",
    "colormap": "viridis",
    "include": "product",
    "token": None,
    "bbox": None,
    "datetime": "2020-01-02T00:00:00Z",
    "collections": ["acme:p"],
    "query": {"eo:cloud_cover": {"gte": 0, "lt": 100}, "id": {"startsWith": "i"}},
    "sortby": [{"field": "eo:cloud_cover", "direction": "desc"}, {"field": "id"}],
    "fields": {"include": ["id", "properties.datetime"], "exclude": ["assets"]},
}  # fmt: skip
"""Right values of members whose schema alone does not lead to one."""

IN_ADDRESSES: Mapping[str, str] = {
    "bands": "spectral",
    "name": "i",
    "key": "image",
    "bbox": "14.9,49.6,15.1,49.7",
    "z": "12",
    "x": "2218",
    "y": "1395",
    "ids": "i,acme:p:i",
    "collections": "acme:p,acme:q",
    "query": '{"platform": {"neq": "a"}}',
    "sortby": "-datetime,id",
    "fields": "-links,properties.datetime",
    "q": "p",
}
"""Right values of parameters that stand for others in a body."""
STAC = "/stac"
IN_STAC: Mapping[str, str] = {
    "filter": "eo:cloud_cover IS NULL OR eo:cloud_cover >= 0",
    "filter-lang": "cql2-text",
    "aggregations": "total_count,collection_frequency",
}
"""The same of parameters that this face has in a form of its own."""
IN_COLLECTIONS: Mapping[str, str] = {
    "filter": "title LIKE 'P%' AND created IS NOT NULL",
    "sortby": "-created,id",
}
"""And of those of its search for collections."""
CONDITION = {
    "op": "or",
    "args": [
        {"op": "isNull", "args": [{"property": "eo:cloud_cover"}]},
        {"op": ">=", "args": [{"property": "eo:cloud_cover"}, 0]},
        {
            "op": "s_intersects",
            "args": [{"property": "geometry"}, AREA],
        },
    ],
}
_ONLY_WRONG = frozenset({"continuation", "token", "intersects"})
"""Parameters that no right request has: tokens are of other pages, and bbox is the place."""


class Samples:
    """Right values of schemas. Each call may choose differently."""

    def __init__(self, components: Mapping[str, Json], chance: random.Random) -> None:
        self._components = components
        self._chance = chance

    def of(self, schema: Json, name: str = "", *, whole: bool = True) -> Json:
        """Return a value of a schema; with ``whole`` its optional members, too."""
        if "$ref" in schema:
            return self.of(self._components[schema["$ref"].rpartition("/")[2]], name, whole=whole)
        if name in KNOWN:
            return KNOWN[name]
        for word in ("anyOf", "oneOf"):
            if word in schema:
                return self.of(self._chance.choice(schema[word]), name, whole=whole)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._chance.choice(schema["enum"])
        kinds = schema.get("type", "object")
        kind = kinds[0] if isinstance(kinds, list) else kinds
        return getattr(self, f"_{kind}")(schema, name, whole)

    def _object(self, schema: Json, _: str, whole: bool) -> Json:
        needed = set(schema.get("required", ()))
        found = {
            name: self.of(each, name, whole=whole)
            for name, each in schema.get("properties", {}).items()
            if name in needed or whole
        }
        more = schema.get("additionalProperties")
        return found or ({"key": self.of(more)} if isinstance(more, dict) else {})

    def _array(self, schema: Json, name: str, whole: bool) -> Json:
        number = max(schema.get("minItems", 0), 1)
        return [self.of(schema.get("items", {"type": "string"}), name + "[]", whole=whole)] * number

    def _string(self, schema: Json, name: str, _: bool) -> Json:
        if schema.get("format") == "date-time" or "examples" in schema:
            return schema.get("examples", ["2020-01-02T03:04:05Z"])[0]
        return "new" if name == "name" else "a" * max(1, schema.get("minLength", 1))

    @staticmethod
    def _number(schema: Json, _: str, __: bool) -> Json:
        return schema.get("minimum", 0.5)

    @staticmethod
    def _integer(schema: Json, _: str, __: bool) -> Json:
        return schema.get("minimum", 1)

    @staticmethod
    def _boolean(_: Json, __: str, ___: bool) -> Json:
        return True

    @staticmethod
    def _null(_: Json, __: str, ___: bool) -> Json:
        return None


# ---- positions


_UNSENT = ("is_core", "image_index_name", "product_tier")
"""Attributes that only administrators may send: others are refused before the rest is read."""


def coherent(operation: Operation, body: Json, right: Mapping[str, str]) -> Json:
    """Return a body with the id that path or attributes make, without what is not for us."""
    if operation.path.startswith(STAC):
        return _coherent_stac(body, right)
    data = body.get("data") if isinstance(body, dict) else None
    members = data if isinstance(data, list) else [data]
    found = [
        _coherent(each, operation, right) if isinstance(each, dict) else each for each in members
    ]
    if data is None:
        return body
    return {**body, "data": found if isinstance(data, list) else found[0]}


def _coherent_stac(body: Json, right: Mapping[str, str]) -> Json:
    if isinstance(body, list):  # a JSON patch
        where = "/properties" if "name" in right else ""
        return [
            {"op": "add", "path": f"{where}/more", "value": 1},
            {"op": "copy", "from": "/id", "path": f"{where}/copied"},
        ]
    if "filter" in body:
        return {**body, "filter": CONDITION, "filter-lang": "cql2-json"}
    if body.get("type") == "Feature":
        return {**body, "id": right.get("name", "new"), "collection": "acme:p"}
    if body.get("type") == "FeatureCollection":
        return {**body, "features": [_coherent_stac(each, right) for each in body["features"]]}
    return {**body, "id": right.get("id", "acme:new")} if "id" in body else body


def _coherent(member: Json, operation: Operation, right: Mapping[str, str]) -> Json:
    attributes = member.get("attributes")
    if isinstance(attributes, dict):
        attributes = {name: each for name, each in attributes.items() if name not in _UNSENT}
        member = {**member, "attributes": attributes}
        if isinstance(attributes.get("colormap"), str):  # of a band it is a table
            attributes["colormap"] = [[0, 0, 0]]
        if "resolution" in attributes:  # of a raster it is a number
            attributes["resolution"] = {"value": 10, "unit": "meters"}
        if "{id}" in operation.path:  # neither the name nor what pixels depend on changes
            product, _, name = right["id"].rpartition(":")
            changed = {"name": name, "type": "spectral"}
            if "/products/" not in operation.path:
                changed["product_id"] = product
            attributes |= {name: each for name, each in changed.items() if name in attributes}
        if "/bands/" in operation.path:
            spectral = {each.name for each in BANDS["spectral"]}
            attributes = {name: each for name, each in attributes.items() if name in spectral}
        if "files" in attributes:
            attributes["storage_state"] = "remote"
        member = {**member, "attributes": attributes}
    if "id" not in member:
        return member
    made = "acme:new" if operation.path.endswith("/products") else "acme:p:new"
    return {**member, "id": right.get("id", made)}


def alternatives(operation: Operation, body: Json) -> list[Json]:
    """Return the bodies that a right one is when of members that exclude others one is left."""
    if not operation.path.startswith("/raster"):
        return [body]
    if "expressions" in body:
        body = {**body, "bands": ["spectral", *body["expressions"]]}
    if "outsize" not in body:
        return [body]
    others = ({"outsize"}, {"resolution", "targetAlignedPixels"})
    return [{name: each for name, each in body.items() if name not in out} for out in others]


INTO_TEXT = "\0text"
"""A step from a string to the JSON that it holds."""


def positions(value: Json, at: Path = ()) -> Iterator[Path]:
    """Yield the path of every value in a body, the body's own first."""
    yield at
    if isinstance(value, dict):
        for name, each in value.items():
            yield from positions(each, (*at, name))
    elif isinstance(value, list):
        for index, each in enumerate(value[:2]):
            yield from positions(each, (*at, index))
    elif isinstance(value, str) and value[:1] in {"[", "{"}:
        yield from positions(json.loads(value), (*at, INTO_TEXT))


def replaced(value: Json, path: Path, new: Json) -> Json:
    """Return a body with another value at a path."""
    if not path:
        return new
    step, rest = path[0], path[1:]
    if step == INTO_TEXT:
        return encode(replaced(json.loads(value), rest, new))
    changed: Any = dict(value) if isinstance(value, dict) else list(value)
    changed[step] = replaced(value[step], rest, new)
    return changed


def at(value: Json, path: Path) -> Json:
    """Return what is at a path of a body."""
    for step in path:
        value = json.loads(value) if step == INTO_TEXT else value[step]
    return value


def without(value: Json, path: Path) -> Json:
    """Return a body without what is at a path."""
    step, rest = path[0], path[1:]
    if step == INTO_TEXT:
        return encode(without(json.loads(value), rest)) if rest else ""
    changed: Any = dict(value) if isinstance(value, dict) else list(value)
    if rest:
        changed[step] = without(value[step], rest)
    else:
        del changed[step]
    return changed


# ---- requests


@dataclass(frozen=True)
class Operation:
    """One method of one path of the description."""

    method: str
    path: str
    described: Json

    @property
    def parameters(self) -> list[Json]:
        """The parameters of path, query and header."""
        return list(self.described.get("parameters", ()))

    @property
    def body(self) -> Json:
        """The schema of the request's body, or None."""
        content = self.described.get("requestBody", {}).get("content", {})
        return next(iter(content.values()))["schema"] if content else None


@dataclass(frozen=True)
class Hostile:
    """A request: what is sent, and where it is wrong."""

    operation: Operation
    address: str
    headers: Mapping[str, str]
    body: str | None
    wrong: str

    @property
    def method(self) -> str:
        """The method."""
        return self.operation.method


def operations(document: Json) -> list[Operation]:
    """Return every operation of a description that is not open to all."""
    return [
        Operation(method.upper(), path, described)
        for path, methods in document["paths"].items()
        for method, described in methods.items()
        if described.get("security") != []
    ]


_LONGEST_PARAMETER = 8_000
IDS = {
    "products": "acme:p",
    "bands": "acme:p:spectral",
    "images": "acme:p:i",
    "uploads_v2": "the-upload",
    "collections": "acme:p",
}
WRITTEN_IDS = IDS | {
    "products": "acme:q",
    "bands": "acme:q:spectral",
    "images": "acme:p:j",
    "collections": "acme:q",
}
"""Of what is changed and deleted: what has pixels stays as it is."""


def right_parameters(operation: Operation, samples: Samples) -> dict[str, str]:
    """Return a right value of each parameter of an operation, by name."""
    return {each["name"]: _parameter(operation, each, samples) for each in operation.parameters}


def _parameter(operation: Operation, described: Json, samples: Samples) -> str:
    if described["name"] == "id":
        collection = re.search(r"(?:/v2|/stac)/(\w+)", operation.path)
        is_read = operation.method in {"GET", "HEAD"} or "/items" in operation.path
        ids = IDS if is_read or operation.path.endswith("aggregate") else WRITTEN_IDS
        return ids.get(collection[1] if collection else "", "acme:p")
    if described["name"] == "name" and operation.method not in {"GET", "HEAD"}:
        return "j"  # not the one that has pixels
    known = dict(IN_ADDRESSES)
    if operation.path.startswith(STAC):
        known |= IN_STAC
    if operation.path == f"{STAC}/collections":
        known |= IN_COLLECTIONS
    if described["name"] in known:
        return known[described["name"]]
    return text_of(samples.of(described["schema"], described["name"]))


def hostile_requests(document: Json, chance: random.Random) -> Iterator[Hostile]:
    """Yield requests without end: in each round every position is wrong once."""
    samples = Samples(document["components"]["schemas"], chance)
    all_operations = operations(document)
    while True:
        round_: list[Hostile] = []
        for operation in all_operations:
            round_ += _round_of(operation, samples, chance)
        chance.shuffle(round_)
        yield from round_


def right_requests(document: Json, chance: random.Random) -> Iterator[Hostile]:
    """Yield for every operation the requests that hostile ones differ from in one position."""
    samples = Samples(document["components"]["schemas"], chance)
    for operation in operations(document):
        right = right_parameters(operation, samples)
        schema = operation.body
        whole = None if schema is None else coherent(operation, samples.of(schema), right)
        for body in [None] if whole is None else alternatives(operation, whole):
            yield _request(operation, right, body, "nothing")


def wrong_everywhere(document: Json) -> Iterator[Hostile]:
    """Yield for every position of every body a request in which it has the worst other type.

    A list where a text is looked up; where a number is reckoned with, one that no float holds.
    """
    samples = Samples(document["components"]["schemas"], random.Random(1))
    for operation in operations(document):
        if operation.body is None:
            continue
        right = right_parameters(operation, samples)
        whole = coherent(operation, samples.of(operation.body), right)
        for body in alternatives(operation, whole):
            for path in positions(body):
                value = _worst(at(body, path))
                where = "/".join(map(str, path)).replace(INTO_TEXT, "(text)")
                wrong = f"{where} = {encode(value)[:20]}"
                yield _request(operation, right, replaced(body, path, value), wrong)


def _worst(value: Json) -> Json:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Raw("9" * 400)
    return {} if isinstance(value, list) else []


def _round_of(operation: Operation, samples: Samples, chance: random.Random) -> Iterable[Hostile]:
    right = right_parameters(operation, samples)
    body = None
    if operation.body is not None:
        body = samples.of(operation.body, whole=chance.random() < 0.5)
        body = chance.choice(alternatives(operation, coherent(operation, body, right)))
        yield from _wrong_bodies(operation, right, body, chance)
    for described in operation.parameters:
        if chance.random() < 0.5 or described["in"] == "path":
            wrong = text_of(chance.choice((*TEXTS, *NUMBERS, *GEOMETRIES)))
            given = {**right, described["name"]: wrong}
            yield _request(operation, given, body, f"parameter {described['name']} {wrong[:40]!r}")


def _wrong_bodies(
    operation: Operation, right: Mapping[str, str], body: Json, chance: random.Random
) -> Iterator[Hostile]:
    for path in positions(body):
        where = "/".join(map(str, path)).replace(INTO_TEXT, "(text)")
        value = chance.choice(_values_at(path))
        changed = replaced(body, path, value)
        yield _request(operation, right, changed, f"{where} = {encode(value)[:60]}")
        if path and chance.random() < 0.1:
            yield _request(operation, right, without(body, path), f"{where} is not there")


def _values_at(path: Path) -> tuple[Json, ...]:
    """Return what to put at a place: more of its own kind where work could explode."""
    words = {step for step in path if isinstance(step, str)}
    if words & {"geometry", "intersects", "shape", "bbox"}:
        return (*VALUES, *GEOMETRIES, *GEOMETRIES)
    if "filter" in words and path[-1] in {"filter", INTO_TEXT}:
        return (*VALUES, *FILTERS, *map(encode, FILTERS), *FILTERS)
    return VALUES


def text_of(value: Json) -> str:
    """Return a value as the text of a parameter."""
    return value if isinstance(value, str) else encode(value)


def _request(operation: Operation, given: Mapping[str, str], body: Json, wrong: str) -> Hostile:
    """Return a request with these parameters; a cursor and headers only where they are wrong."""
    address = operation.path
    query: dict[str, str] = {}
    headers: dict[str, str] = {}
    for described in operation.parameters:
        name, place = described["name"], described["in"]
        value = given[name][:_LONGEST_PARAMETER]
        if place == "path":
            quoted = quote(value, safe="", errors="surrogatepass")
            address = address.replace(f"{{{name}}}", quoted)
        elif place == "header" and name in wrong:
            headers[name] = value
        elif place == "query" and (name not in _ONLY_WRONG or name in wrong):
            query[name] = value
    if "bands" in query and "expression" in query:
        del query["bands" if " expression " in wrong else "expression"]
    if query:
        address += "?" + urlencode(query, errors="surrogatepass")
    return Hostile(operation, address, headers, None if body is None else encode(body), wrong)


# ---- token claims, and the documents of the drop folder

CLAIMS = (
    "sub", "org", "groups", "cognito:groups", "email", "email_verified", "exp", "iat", "nbf",
    "iss", "aud", "client_id", "token_use", "jti", "userid",
)  # fmt: skip


def hostile_claims() -> Iterator[tuple[str, str]]:
    """Yield the name of each claim with each wrong value, as JSON."""
    values = (*SHAPES, *(Raw(number) for number in NUMBERS), *TEXTS)
    for claim in CLAIMS:
        for value in values:
            yield claim, encode(value)


def image_sample() -> dict[str, Json]:
    """Return right attributes of an image: each that can be sent."""
    samples = Samples({}, random.Random(1))
    unsent = {
        "name",
        "product_id",
        "files",
        "cs_code",
        "projection",
        "geotrans",
        "x_pixels",
        "y_pixels",
    }
    return {
        each.name: samples.of(each.type.sent_schema(), each.name)
        for each in IMAGE
        if not each.read_only and each.name not in unsent
    }


def drop_documents(chance: random.Random) -> Iterator[tuple[str, str]]:
    """Yield sidecars and manifests without end, one position of each wrong, and what is wrong."""
    sidecar = image_sample()
    extra = {"name": "a", "product_id": "acme:scenes"}
    manifest = {"files": ["one.tif"], "attributes": sidecar | extra}
    while True:
        for body in (sidecar | extra, {"attributes": sidecar | extra}, manifest):
            for path in positions(body):
                value = chance.choice(_values_at(path))
                where = "/".join(map(str, path))
                yield encode(replaced(body, path, value)), f"{where} = {encode(value)[:60]}"
