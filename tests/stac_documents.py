"""STAC documents against the JSON schemas of the specification and its extensions, offline."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
from pystac.validation.local_validator import get_local_schema_cache

EXTENSIONS = Path(__file__).with_name("stac_schemas")
CORE = "https://schemas.stacspec.org/v1.1.0/{0}-spec/json-schema/{0}.json"
_CORE_OF = {"Catalog": "catalog", "Collection": "collection", "Feature": "item"}
_PROJJSON = "https://proj.org/schemas/v0.7/projjson.schema.json"


@cache
def known() -> dict[str, Any]:
    """Return the schemas by address."""
    found: dict[str, Any] = dict(get_local_schema_cache())
    for path in sorted(EXTENSIONS.glob("*.json")):
        schema = json.loads(path.read_text())
        found[schema["$id"].rstrip("#")] = schema
    found[_PROJJSON] = {}  # not used here
    return found


@cache
def _validator(address: str) -> Any:
    registry = jsonschema_rs.Registry(list(known().items()), draft=jsonschema_rs.Draft7)
    return jsonschema_rs.Draft7Validator(
        known()[address],
        registry=registry,
        validate_formats=True,
        formats={"iri-reference": _is_address},
    )


def _is_address(text: str) -> bool:
    """Return whether a text is an address, or the template of one, as links to tiles are."""
    return " " not in text and "://" in text


def faults(document: dict[str, Any]) -> list[str]:
    """Return what the schemas of a document and of the extensions that it names say against it."""
    core = CORE.format(_CORE_OF[document["type"]])
    return [
        f"{address} {'/'.join(map(str, error.instance_path))}: {error.message[:300]}"
        for address in (core, *document.get("stac_extensions", ()))
        for error in _validator(address).iter_errors(document)
    ]


def check(*documents: dict[str, Any]) -> None:
    """Fail where a document is not what its schemas say."""
    for document in documents:
        assert not (found := faults(document)), "\n".join(found)
