"""The errors of the contract: one base class, one class per HTTP status that may leave the service.

Published clients crash on 4xx statuses that they have no class for, so the set is closed
(wire contract, section 0, surprise 7).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar


class SwathError(Exception):
    """An error that is the caller's to see: what is wrong, where, and what would be right.

    ``pointer`` is a JSON pointer into the request body (``/data/attributes/name``),
    ``parameter`` the name of a query parameter or of a member of a search body. Where
    ``retry_after`` is set, the response carries it as ``Retry-After``: seconds.
    """

    status: ClassVar[int] = 400
    title: ClassVar[str] = "Bad request"
    retry_after: int | None = None

    def __init__(
        self,
        detail: str,
        *,
        title: str | None = None,
        pointer: str | None = None,
        parameter: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headline = title or type(self).title
        self.pointer = pointer
        self.parameter = parameter

    @property
    def code(self) -> str:
        """The name of the kind of error that this is: one a status, however special inside."""
        kinds = [each for each in type(self).__mro__ if SwathError in each.__bases__]
        return kinds[0].__name__

    def __iter__(self) -> Iterator[SwathError]:
        """Yield the single errors that this one stands for: itself."""
        yield self

    def to_json(self) -> dict[str, Any]:
        """Return the error as one member of a JSON:API ``errors`` array."""
        document: dict[str, Any] = {
            "status": str(self.status),
            "title": self.headline,
            "detail": self.detail,
        }
        if self.pointer is not None:
            document["source"] = {"pointer": self.pointer}
        elif self.parameter is not None:
            document["source"] = {"parameter": self.parameter}
        return document


class BadRequest(SwathError):
    """400: the request cannot be understood or asks for something that is not offered."""


class Unauthorized(SwathError):
    """401: no valid token came with the request."""

    status = 401
    title = "Unauthorized"


class Forbidden(SwathError):
    """403: the caller may see the object but not do this to it."""

    status = 403
    title = "Forbidden"


class NotFound(SwathError):
    """404: there is no such object, or the caller may not know that there is."""

    status = 404
    title = "Object not found"


class MethodNotAllowed(SwathError):
    """405: the path exists, but not for this method."""

    status = 405
    title = "Method not allowed"


class Conflict(SwathError):
    """409: the object's present state does not allow the change."""

    status = 409
    title = "Conflict"


class Gone(SwathError):
    """410: what was asked for existed and will not come back."""

    status = 410
    title = "Gone"


class Invalid(SwathError):
    """422: the document is well formed but an attribute's value is not acceptable."""

    status = 422
    title = "Validation error"


class TooManyRequests(SwathError):
    """429: the caller must slow down; published clients do not retry this by themselves."""

    status = 429
    title = "Too many requests"

    def __init__(self, detail: str, *, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class Unavailable(SwathError):
    """503: something that is needed does not answer now; published clients try again."""

    status = 503
    title = "Service unavailable"
    retry_after = 1


class Errors(SwathError):
    """Several errors of one request, answered together under the first one's status."""

    def __init__(self, errors: Iterable[SwathError]) -> None:
        self.errors = tuple(errors)
        first = self.errors[0]
        super().__init__("; ".join(error.detail for error in self.errors), title=first.headline)
        self.status = first.status  # type: ignore[misc]  # an instance answers for its members

    def __iter__(self) -> Iterator[SwathError]:
        """Yield each member."""
        for error in self.errors:
            yield from error


def raise_all(errors: Iterable[SwathError]) -> None:
    """Raise the errors there are: one as itself, several as :class:`Errors`."""
    found = tuple(errors)
    if len(found) == 1:
        raise found[0]
    if found:
        raise Errors(found)
