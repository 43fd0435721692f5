"""A raster request, sent until it is answered whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from swath.errors import ApiError, ConnectionFailedError, ServerError
from swath.http import Client
from swath.progress import progress_bar

from ._stream import RasterStream

if TYPE_CHECKING:
    from numpy.typing import NDArray

_R = TypeVar("_R")


@dataclass(frozen=True, slots=True)
class Pixels:
    """An array of shape (bands, rows, columns), its mask (True: masked) and what is known of it."""

    data: NDArray[Any]
    mask: NDArray[Any]
    info: dict[str, Any]


def read_pixels(
    client: Client, request: dict[str, Any], *, progress: bool | None = False
) -> Pixels:
    """The whole answer to a raster request in memory. Pixels that no image covers are masked.

    `progress`: whether a bar counts the bytes of the array; None: on terminals.
    """
    return read_stream(client, request, lambda stream: _gather(stream, progress))


def read_stream(client: Client, request: dict[str, Any], use: Callable[[RasterStream], _R]) -> _R:
    """What `use` makes of the stream; a stream that breaks off is asked for again, from its start.

    Raises BadRequestError and NotFoundError as the service says, ServerError when it keeps failing.
    """
    policy = client.http.retries
    attempt = 0
    while True:
        attempt += 1
        try:
            with _answer(client, {**request, "of": "blosc"}) as source:
                return use(RasterStream(source))
        except (ServerError, ConnectionFailedError) as error:
            broken = isinstance(error, ConnectionFailedError) or error.status == ServerError.status
            if not broken or attempt >= policy.attempts:
                raise
        time.sleep(policy.wait(attempt))


@contextmanager
def _answer(client: Client, request: dict[str, Any]) -> Iterator[Any]:
    import urllib3

    answer = client.http.request(
        "POST",
        f"{client.settings.raster_root}/npz",
        json=request,
        stream=True,
        headers={"Accept-Encoding": "identity"},
        read_timeout=client.settings.raster_timeout,
    )
    try:
        yield answer.raw
    except (urllib3.exceptions.HTTPError, OSError) as error:
        if isinstance(error, ApiError | ConnectionFailedError):
            raise
        raise ConnectionFailedError(f"the raster stream broke off: {error}") from error
    finally:
        answer.close()


def _gather(stream: RasterStream, progress: bool | None) -> Pixels:  # noqa: FBT001
    import numpy as np

    data = np.zeros(stream.shape, stream.dtype)
    mask = np.ones(stream.shape, np.bool_)
    bar = progress_bar(data.nbytes, "read", "B", show=progress)
    try:
        for chunk in stream:
            data[chunk.window] = chunk.data
            mask[chunk.window] = chunk.mask
            bar.update(chunk.data.nbytes)
    finally:
        bar.close()
    return Pixels(data, mask, stream.metadata)
