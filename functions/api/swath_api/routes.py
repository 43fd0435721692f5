"""Every route: what is answered where, and by which function of which sibling module."""

from __future__ import annotations

from collections.abc import Iterator

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")

Targets = dict[str, str]


def _object(module: str) -> Targets:
    return {
        "GET": f"{module}:get",
        "HEAD": f"{module}:head",
        "PATCH": f"{module}:update",
        "DELETE": f"{module}:delete",
    }


def _collection(module: str) -> Targets:
    return {"POST": f"{module}:create", "PUT": f"{module}:search"}


_CATALOG: dict[str, Targets] = {
    "/products": _collection("products"),
    "/products/<object_id>": _object("products"),
    "/products/<object_id>/delete_related_objects": {
        "POST": "tasks:start_delete",
        "GET": "tasks:delete_status",
    },
    "/products/<object_id>/update_related_objects_acls": {
        "POST": "tasks:start_update",
        "GET": "tasks:update_status",
    },
    "/products/<object_id>/relationships/derived_bands": {"PUT": "derived_bands:of_product"},
    "/bands": _collection("bands"),
    "/bands/<object_id>": _object("bands"),
    "/derived_bands": {"PUT": "derived_bands:search"},
    "/derived_bands/<object_id>": {"GET": "derived_bands:get", "HEAD": "derived_bands:get"},
    "/images": _collection("images"),
    "/images/bulk": {"POST": "images:create_many"},
    "/images/summary/all": {"PUT": "summaries:total"},
    "/images/summary/h3/<resolution>": {"PUT": "summaries:by_cell"},
    "/images/summary/<field>/<interval>": {"PUT": "summaries:by_interval"},
    "/images/<object_id>": _object("images"),
    "/uploads_v2": _collection("uploads"),
    "/uploads_v2/<object_id>": {
        "GET": "uploads:get",
        "HEAD": "uploads:head",
        "PATCH": "uploads:update",
    },
}

BASE = "/catalog/v2"
ALIASES = ("/metadata/v1",)
"""What may stand before the base: a published client derives it from the platform's address."""

PUBLIC: dict[str, Targets] = {
    "/openapi.json": {"GET": "pages:openapi", "HEAD": "pages:openapi"},
    "/docs": {"GET": "pages:docs", "HEAD": "pages:docs"},
    "/health": {"GET": "pages:health", "HEAD": "pages:health"},
}
"""All that is answered without a token."""


def catalog_routes() -> Iterator[tuple[str, Targets]]:
    """Yield rule and targets by method of every route that needs a token."""
    for rule, targets in _CATALOG.items():
        yield BASE + rule, targets
