"""Everything that can go wrong, under one base class.

An error of the service carries its HTTP status and the request it answers; an error found before
any request is a `ConfigurationError`, an `AttributeValidationError` or a plain `ValueError`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class SwathError(Exception):
    """Base class of every error that the client raises itself."""


class ConfigurationError(SwathError):
    """No catalog is configured, or the configuration cannot be read."""


class AuthenticationError(SwathError):
    """There is no token, or it cannot be used any more."""


class ConnectionFailedError(SwathError, ConnectionError):
    """The service did not answer, after every retry."""


class ApiError(SwathError):
    """The service answered with an error.

    `status` is the HTTP status, `errors` the JSON:API error objects of the answer (may be empty).
    """

    status: int = 0

    def __init__(
        self, message: str, *, status: int = 0, errors: list[dict[str, Any]] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status or self.status
        self.errors = errors or []


class BadRequestError(ApiError):
    """The request makes no sense to the service (400)."""

    status = 400


class UnauthorizedError(ApiError):
    """The token is missing, expired or not accepted (401)."""

    status = 401


class ForbiddenError(ApiError):
    """The caller may see the object but not do this with it (403)."""

    status = 403


class NotFoundError(ApiError):
    """There is no such object, or the caller may not know that there is (404)."""

    status = 404


class MethodNotAllowedError(ApiError):
    """The object does not support the operation (405)."""

    status = 405


class ConflictError(ApiError):
    """The object exists already, or somebody else changed it first (409)."""

    status = 409


class GoneError(ApiError):
    """The object was there once (410)."""

    status = 410


class ValidationError(BadRequestError):
    """An attribute has a value that the service refuses (422)."""

    status = 422


class RateLimitError(ApiError):
    """Too many requests, even after waiting (429)."""

    status = 429


class ServerError(ApiError):
    """The service failed (5xx), or answered something that is not the contract's."""

    status = 500


class AttributeValidationError(SwathError, ValueError):
    """A value does not fit the attribute it was assigned to."""


class UnsavedObjectError(SwathError):
    """The object must be saved before this can be done with it."""


class DeletedObjectError(SwathError):
    """The object was deleted from the catalog."""


class UploadError(SwathError):
    """An upload did not end in success; the message holds the event log."""


class MissingExtraError(SwathError, ImportError):
    """An optional package is needed for this; the message says which extra installs it."""


_BY_STATUS: dict[int, type[ApiError]] = {
    error.status: error
    for error in (
        BadRequestError,
        UnauthorizedError,
        ForbiddenError,
        NotFoundError,
        MethodNotAllowedError,
        ConflictError,
        GoneError,
        ValidationError,
        RateLimitError,
    )
}


def error_for(status: int, body: object, fallback: str) -> ApiError:
    """The exception for an error answer: `body` is its decoded JSON, or None."""
    errors = _error_objects(body)
    message = "; ".join(filter(None, map(_sentence, errors))) or fallback
    if status in _BY_STATUS:
        kind: type[ApiError] = _BY_STATUS[status]
    else:
        kind = ServerError if status >= ServerError.status else ApiError
    return kind(message, status=status, errors=errors)


def _error_objects(body: object) -> list[dict[str, Any]]:
    if not isinstance(body, dict) or not isinstance(body.get("errors"), list):
        return []
    return [error for error in body["errors"] if isinstance(error, dict)]


def _sentence(error: Mapping[str, Any]) -> str:
    """`title: detail (attribute)` of one JSON:API error object, whatever of it is there."""
    title = str(error.get("title") or error.get("status") or "")
    detail = str(error.get("detail") or "").strip(". ")
    text = f"{title}: {detail}" if title and detail else title or detail
    source = error.get("source")
    where = source.get("pointer") or source.get("parameter") if isinstance(source, dict) else None
    if not where:
        return text
    name = str(where).rsplit("/", 1)[-1]
    return text if name in text else f"{text} ({name})"
