"""What is answered without a token: the description, its page, and that the API is there."""

from __future__ import annotations

from ._route import JSONAPI_TYPE, Route, RouteTable


def _page(path: str, target: str, name: str, summary: str, media_type: str) -> tuple[Route, ...]:
    types = (media_type,)
    return (
        Route("GET", path, target, f"get{name}", summary, media_types=types, public=True),
        Route("HEAD", path, target, f"has{name}", "Say that it is there.", public=True),
    )


PUBLIC = RouteTable(
    function="api",
    package="swath_api",
    routes=(
        *_page("/openapi.json", "pages:openapi", "Description", "Return this description.",
               "application/json"),
        *_page("/docs", "pages:docs", "Page", "Return this description as a page.",
               "text/html; charset=utf-8"),
        *_page("/health", "pages:health", "Health", "Say that the API answers.", JSONAPI_TYPE),
    ),
)  # fmt: skip
