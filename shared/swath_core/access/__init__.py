"""Who the caller is and what they may do: decided here, before any read, closed by default."""

from ._rules import (
    ANONYMOUS,
    PLATFORM_ADMIN,
    PLATFORM_READER,
    PRIVILEGED,
    Caller,
    default_owners,
    lower_emails,
    may_await,
    may_own,
    may_read,
    may_write,
    namespaced,
    visible_attributes,
)
from ._tokens import authenticate

__all__ = [
    "ANONYMOUS",
    "PLATFORM_ADMIN",
    "PLATFORM_READER",
    "PRIVILEGED",
    "Caller",
    "authenticate",
    "default_owners",
    "lower_emails",
    "may_await",
    "may_own",
    "may_read",
    "may_write",
    "namespaced",
    "visible_attributes",
]
