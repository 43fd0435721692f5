"""Changes of a document: JSON merge patch (RFC 7396) and JSON patch (RFC 6902)."""

from __future__ import annotations

import copy
import json
from typing import Any

from swath_core.documents import shown
from swath_core.errors import BadRequest, Conflict

MOST_OPERATIONS = 200
MOST_BYTES = 1_000_000

Json = Any


def merge_patched(document: Json, patch: Json) -> Json:
    """Return a document changed by a merge patch: null removes a member."""
    if not isinstance(patch, dict):
        return patch
    found = dict(document) if isinstance(document, dict) else {}
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = merge_patched(found.get(name), value)
    return found


def json_patched(document: dict[str, Json], operations: list[Json]) -> Json:
    """Return a document changed by the operations of a JSON patch.

    Raises BadRequest for an operation that cannot be made, Conflict where a ``test`` fails.
    """
    import jsonpatch  # noqa: PLC0415 - for this alone

    if len(operations) > MOST_OPERATIONS:
        message = f"{len(operations)} operations were sent, but at most {MOST_OPERATIONS} are made"
        raise BadRequest(message)
    changed: Json = copy.deepcopy(document)
    for number, operation in enumerate(operations):
        where = f"operation {number}, {shown(operation)}"
        try:
            changed = jsonpatch.JsonPatch([operation]).apply(changed)
        except jsonpatch.JsonPatchTestFailed as error:
            raise Conflict(f"{where}: the test fails") from error
        except (
            *(jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, TypeError, KeyError),
            *(ValueError, AttributeError, IndexError, RecursionError),
        ) as error:
            raise BadRequest(f"{where}: {error}") from error
        if len(json.dumps(changed)) > MOST_BYTES:  # copies of copies double it
            message = f"{where}: the document would have more than {MOST_BYTES} bytes"
            raise BadRequest(message)
    return changed
