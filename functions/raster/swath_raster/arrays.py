"""Arrays: ``/npz``."""

from __future__ import annotations

import time
from http import HTTPStatus

from swath_core.raster import (
    CONTENT_TYPE,
    Deadline,
    deliver,
    encode,
    parse_request,
    raster_service,
    results_bucket,
)
from swath_core.web import Request, Response

API_SECONDS = 29
"""When the HTTP API gives up on a call, with a second for the way."""
RESERVE = 0.1
"""Part of the time that is kept for what follows the last pixels: encoding, storing, answering."""


def npz(request: Request) -> Response[bytes]:
    """``POST /npz``: the stream, or a redirection to where a large one is."""
    wanted = parse_request(request.json)
    raster = raster_service().raster(request.caller, wanted, deadline(request))
    sent = deliver(encode(raster), results_bucket().begin)
    if sent.link is not None:
        return Response(HTTPStatus.SEE_OTHER, headers={"Location": sent.link}, body=b"")
    return Response(HTTPStatus.OK, content_type=CONTENT_TYPE, body=sent.body)


def deadline(request: Request) -> Deadline:
    """Return until when the request may compute: the HTTP API gives up before the function."""
    seconds, advice = request.time_left(), ""
    if ".lambda-url." not in request.domain:
        seconds = min(seconds, API_SECONDS)
        advice = "; or send it to the address of the stack's output RasterUrl, which allows minutes"
    return Deadline(time.monotonic() + seconds * (1 - RESERVE), advice)
