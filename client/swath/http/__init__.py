"""Requests to the service: connections kept, retried, timed out, with errors as exceptions."""

from swath.http._client import Client, configure, default_client, set_default_client
from swath.http._retry import RetryPolicy
from swath.http._session import HttpSession

__all__ = [
    "Client",
    "HttpSession",
    "RetryPolicy",
    "configure",
    "default_client",
    "set_default_client",
]
