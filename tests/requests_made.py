"""Which requests pynamodb makes of DynamoDB, for tests that count them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from pynamodb.connection import Connection


@contextmanager
def dispatched() -> Iterator[list[str]]:
    """Yield the names of the operations that are asked for while the block runs, in order."""
    names: list[str] = []
    dispatch = Connection.dispatch

    def counted(self: Connection, operation_name: str, operation_kwargs: dict[str, Any]) -> Any:
        names.append(operation_name)
        return dispatch(self, operation_name, operation_kwargs)

    with mock.patch.object(Connection, "dispatch", counted):
        yield names
