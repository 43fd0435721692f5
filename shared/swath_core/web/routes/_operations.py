"""The routes of those who run the service."""

from __future__ import annotations

from ._route import Route, RouteTable

OPERATIONS = RouteTable(
    function="api",
    package="swath_api",
    base="/operations",
    refusals=(401, 403, 404, 429, 503),
    routes=(
        Route("GET", "", "operations:report", "getOperations",
              "Return queues, dead letters, lag and failed uploads; for operators.", None,
              "Operations"),
        Route("POST", "/queues/{queue}/redrive", "operations:redrive", "redriveDeadLetters",
              "Send the dead letters of a queue again; for platform administrators.", None,
              "Redrive"),
    ),
)  # fmt: skip
