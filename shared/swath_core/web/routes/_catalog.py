"""The catalog's routes: JSON:API under ``/catalog/v2``."""

from __future__ import annotations

from http import HTTPStatus

from ._route import Route, RouteTable

_CHANGING = ("Idempotency-Key", "If-Match")
_CREATED = HTTPStatus.CREATED


def _with_article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def _crud(collection: str, module: str, one: str) -> tuple[Route, ...]:
    """Return the routes of a collection and its objects; ``one`` begins the names of schemas."""
    item, noun = f"/{collection}/{{id}}", _with_article(one.lower())
    sent, seen = f"New{one}", f"{one}Answer"
    return (
        Route("POST", f"/{collection}", f"{module}:create", f"create{one}",
              f"Save a new {one.lower()}.",
              sent, seen, _CREATED, ("Idempotency-Key",)),
        Route("PUT", f"/{collection}", f"{module}:search", f"search{one}s", f"Find {one.lower()}s.",
              f"{one}Search", f"{one}List", parameters=("continuation", "include"), reads=True),
        Route("GET", item, f"{module}:get", f"get{one}", f"Return {noun}.", None, seen,
              parameters=("v1_compatibility", "include")),
        Route("HEAD", item, f"{module}:get", f"has{one}", f"Say whether {noun} exists."),
    )  # fmt: skip


def _changes(collection: str, module: str, one: str) -> tuple[Route, ...]:
    """Return the routes that change and delete the objects of a collection."""
    item, noun = f"/{collection}/{{id}}", _with_article(one.lower())
    return (
        Route("PATCH", item, f"{module}:update", f"update{one}", f"Change attributes of {noun}.",
              f"{one}Change", f"{one}Answer", parameters=("include", *_CHANGING)),
        Route("DELETE", item, f"{module}:delete", f"delete{one}", f"Delete {noun}.", None,
              "Message", parameters=_CHANGING),
    )  # fmt: skip


_TASK = "/products/{id}/delete_related_objects"
_ACLS = "/products/{id}/update_related_objects_acls"

CATALOG = RouteTable(
    function="api",
    package="swath_api",
    base="/catalog/v2",
    prefixes=("/metadata/v1",),  # a published client derives it from the platform's address
    refusals=(400, 401, 403, 404, 409, 422, 429),
    routes=(
        *_crud("products", "products", "Product"),
        *_changes("products", "products", "Product"),
        Route("POST", _TASK, "tasks:start_delete", "startDelete",
              "Delete all bands and images; 204 where there are none.", "NewDeleteTask",
              "DeleteTask", _CREATED, ("Idempotency-Key",), {204: "There is nothing to do."}),
        Route("GET", _TASK, "tasks:delete_status", "deleteStatus", "Return how far that is.",
              None, "DeleteTask"),
        Route("POST", _ACLS, "tasks:start_update", "startUpdateAcls",
              "For older clients: access follows the product.", "NewUpdateTask", "UpdateTask",
              _CREATED, ("Idempotency-Key",)),
        Route("GET", _ACLS, "tasks:update_status", "updateAclsStatus", "For older clients.",
              None, "UpdateTask"),
        Route("PUT", "/products/{id}/relationships/derived_bands", "derived_bands:of_product",
              "derivedBandsOfProduct", "For older clients: there are none.", "AnySearch",
              "DerivedBandList", reads=True),
        *_crud("bands", "bands", "Band"),
        *_changes("bands", "bands", "Band"),
        Route("PUT", "/derived_bands", "derived_bands:search", "searchDerivedBands",
              "For older clients: there are none.", "AnySearch", "DerivedBandList", reads=True),
        Route("GET", "/derived_bands/{id}", "derived_bands:get", "getDerivedBand",
              "Always 404.", status=HTTPStatus.NOT_FOUND),
        Route("HEAD", "/derived_bands/{id}", "derived_bands:get", "hasDerivedBand",
              "Always 404.", status=HTTPStatus.NOT_FOUND),
        *_crud("images", "images", "Image"),
        *_changes("images", "images", "Image"),
        Route("POST", "/images/bulk", "images:create_many", "createImages",
              "Save many new images; each has its own result, in order.", "NewImages",
              "ImageResults", parameters=("Idempotency-Key",)),
        Route("PUT", "/images/summary/all", "summaries:total", "summarise",
              "Count images and bytes.", "ImageSearch", "ImageSummary", reads=True),
        # before the next one: h3 is no attribute
        Route("PUT", "/images/summary/h3/{resolution}", "summaries:by_cell", "summariseByCell",
              "Count images and bytes by H3 cell of their centroids.", "ImageSearch",
              "ImageCells", reads=True),
        Route("PUT", "/images/summary/{field}/{interval}", "summaries:by_interval",
              "summariseByInterval", "Count images and bytes by interval of time.",
              "IntervalSearch", "ImageSeries", reads=True),
        *_crud("uploads_v2", "uploads", "Upload"),
        Route("PATCH", "/uploads_v2/{id}", "uploads:update", "updateUpload",
              "Change attributes of an upload.", "UploadChange", "UploadAnswer",
              parameters=("include", "Idempotency-Key")),
    ),
)  # fmt: skip
