"""HTTP for every function: one application over one table of routes, its requests and responses.

A function's handler is ``Application("name")``; what it serves are the rows of
:mod:`swath_core.web.routes`, whose functions take a :class:`Request` and return a
:class:`Response`. :mod:`swath_core.web.jsonapi` has the forms of the catalog's documents,
:mod:`swath_core.web.openapi` the description that follows from the rows.
"""

from aws_lambda_powertools.event_handler import Response

from ._application import Application
from ._http import (
    JSONAPI,
    MEDIA_TYPE,
    Body,
    Request,
    answer,
    answer_nothing,
    answer_text,
    dumps,
    errors_body,
    json_kind,
)

__all__ = [
    "JSONAPI",
    "MEDIA_TYPE",
    "Application",
    "Body",
    "Request",
    "Response",
    "answer",
    "answer_nothing",
    "answer_text",
    "dumps",
    "errors_body",
    "json_kind",
]
