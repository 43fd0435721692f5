"""Requests to the service: connections kept, retried, timed out, with errors as exceptions."""

from ._client import Client, configure, default_client, set_default_client
from ._retry import RetryPolicy
from ._session import HttpSession

__all__ = [
    "Client",
    "HttpSession",
    "RetryPolicy",
    "configure",
    "default_client",
    "set_default_client",
]
