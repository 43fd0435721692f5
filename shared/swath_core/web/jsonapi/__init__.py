"""Documents as JSON:API, and requests out of it: the only package that knows the wire's shapes."""

from ._requests import (
    MOST_BODY_BYTES,
    SearchBody,
    is_true,
    parse_json,
    parse_members,
    parse_object,
    parse_resource,
    parse_search,
)
from ._responses import (
    JSONAPI,
    MOST_RESPONSE_BYTES,
    dumps,
    errors_body,
    listing,
    message,
    page_within,
    resource,
    single,
    task,
    warning,
)
from ._v1 import v1_properties

__all__ = [
    "JSONAPI",
    "MOST_BODY_BYTES",
    "MOST_RESPONSE_BYTES",
    "SearchBody",
    "dumps",
    "errors_body",
    "is_true",
    "listing",
    "message",
    "page_within",
    "parse_json",
    "parse_members",
    "parse_object",
    "parse_resource",
    "parse_search",
    "resource",
    "single",
    "task",
    "v1_properties",
    "warning",
]
