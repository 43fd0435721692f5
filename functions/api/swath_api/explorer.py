"""The explorer: the built pages, their files, and what they need to know of the stack.

``built/`` is what ``make explorer`` makes of the folder ``explorer/``: pages as they are, and under
``explorer/`` files named after their content, each compressed in two ways. A name is looked up
among those that are there and never joined to a path.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from html import escape
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from swath_core.errors import MethodNotAllowed, NotFound
from swath_core.settings import Settings, settings
from swath_core.store.s3 import bucket_origin
from swath_core.web import Request, Response

FOLDER = "/explorer/"
REFERENCE = "docs.html"
"""The page that shows what the API can do, which routes of their own serve."""
_BUILT = Path(__file__).with_name("built")
_JSON, _HTML = "application/json", "text/html; charset=utf-8"
_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".geojson": "application/geo+json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
_ENCODINGS = {".br": "br", ".gz": "gzip"}
"""How files are kept compressed, the better way first."""
_FOREVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"


def respond(request: Request) -> Response[Any] | None:
    """Return what the explorer has at a path that no route has; None where it has nothing to say.

    Raises NotFound below its folder, where there is no such file.
    """
    if request.path == "/":
        return page(request, "index.html") if _wants_page(request) else None
    if not request.path.startswith(FOLDER):
        return None
    name = request.path.removeprefix(FOLDER)
    if request.method not in {"GET", "HEAD"}:
        raise MethodNotAllowed(f"{request.method} is not offered here, only GET, HEAD")
    if name == "config.json":
        return _json(configuration())
    return _file(request, name)


def _wants_page(request: Request) -> bool:
    """Return whether the caller names HTML among what it takes, no less gladly than JSON."""
    if request.method not in {"GET", "HEAD"}:
        return False
    weights = _weights(request.headers.get("accept", ""))
    html = weights.get("text/html", 0.0)
    return html > 0 and html >= weights.get(_JSON, 0.0)


def _weights(header: str) -> dict[str, float]:
    """Return the members of ``Accept`` or ``Accept-Encoding`` with their weights (RFC 9110)."""
    found = {}
    for member in header.split(","):
        name, *parameters = (part.strip().lower() for part in member.split(";"))
        weight = next((p.removeprefix("q=") for p in parameters if p.startswith("q=")), "1")
        try:
            found[name] = float(weight)
        except ValueError:
            found[name] = 0.0
    return found


# ---- pages


def page(request: Request, name: str) -> Response[Any]:
    """Return a built page. Its addresses are relative to where the API is, which it is told."""
    base = f'<base href="{escape(urlsplit(request.root).path.rstrip("/"), quote=True)}/">'
    html = _text(name).replace("<head>", f"<head>\n    {base}", 1)
    etag = f'"{sha256(html.encode()).hexdigest()[:32]}"'
    headers = {
        "Content-Security-Policy": policy(),
        "Cache-Control": _ASK_AGAIN,
        "ETag": etag,
        "Referrer-Policy": "no-referrer",
        "Vary": "Accept",
    }
    return _unless_known(request, etag, headers, lambda: Response(
        HTTPStatus.OK, content_type=_HTML, body=html, headers=dict(headers)))  # fmt: skip


def policy() -> str:
    """Return the pages' Content-Security-Policy: everything comes from where the page does.

    MapLibre draws empty tiles and Swagger UI its signs from ``data:``, and previews that were
    fetched with a token are ``blob:``. Scripts, styles and workers are files of ours, nothing
    inline. Beside the API the page may speak to the data bucket, whose presigned URLs take and give
    files, to the issuer, and to the host of labels where the stack names one: MapLibre fetches
    tiles.
    """
    bucket = bucket_origin(settings().need("data_bucket"))
    origins = ("'self'", bucket, *_sign_in_origins(), *_label_origins())
    return (
        f"default-src 'self'; connect-src {' '.join(origins)}; img-src 'self' data: blob:; "
        "object-src 'none'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'"
    )


@cache
def _text(name: str) -> str:
    return (_BUILT / name).read_text(encoding="utf-8")


# ---- files


@cache
def _names() -> dict[str, tuple[str, ...]]:
    """Return the files that there are: the endings that each is kept with, the better first."""
    found: dict[str, tuple[str, ...]] = {}
    for ending in _ENCODINGS:
        for path in (_BUILT / "explorer").glob(f"*{ending}"):
            name = path.name.removesuffix(ending)
            found[name] = (*found.get(name, ()), ending)
    return found


def _file(request: Request, name: str) -> Response[Any]:
    endings = _names().get(name)
    if endings is None:
        raise NotFound(f"there is nothing at {request.path[:1000]}")
    accepted = _weights(request.headers.get("accept-encoding", ""))
    ending = next((e for e in endings if accepted.get(_ENCODINGS[e], 0.0) > 0), None)
    headers = {"Cache-Control": _FOREVER, "ETag": f'"{name}"', "Vary": "Accept-Encoding"}
    if ending is not None:
        headers["Content-Encoding"] = _ENCODINGS[ending]
    return _unless_known(request, headers["ETag"], headers, lambda: Response(
        HTTPStatus.OK, content_type=_type(name), body=_bytes(name, ending),
        headers=dict(headers)))  # fmt: skip


def _type(name: str) -> str:
    return _TYPES.get(Path(name).suffix, "application/octet-stream")


def _bytes(name: str, ending: str | None) -> bytes:
    folder = _BUILT / "explorer"
    if ending is None:
        return gzip.decompress((folder / f"{name}.gz").read_bytes())
    return (folder / f"{name}{ending}").read_bytes()


def _unless_known(
    request: Request, etag: str, headers: dict[str, str], make: Callable[[], Response[Any]]
) -> Response[Any]:
    """Return 304 where the browser has the very thing already."""
    if not request.has_version(etag):
        return make()
    kept = {name: value for name, value in headers.items() if name != "Content-Encoding"}
    return Response(HTTPStatus.NOT_MODIFIED, content_type=None, body="", headers=dict(kept))


# ---- what the page asks


def configuration() -> dict[str, Any]:
    """Return what the page must know before anybody has signed in; none of it is a secret."""
    found = settings()
    return {
        "anonymous": found.anonymous,
        "signIn": _sign_in(found),
        "labels": _labels(found),
    }


def _sign_in(found: Settings) -> dict[str, str] | None:
    """Return how the page signs in by OpenID Connect; None where it has no client at the issuer.

    An ID token is for the client (its ``aud``). Where that is the audience that the API wants, as
    in a Cognito pool of its own, the API is sent the ID token, else the access token.
    """
    if not (found.client_id and found.issuer):
        return None
    return {
        "issuer": found.issuer,
        "metadata": f"{_issuer_address(found)}/.well-known/openid-configuration",
        "client": found.client_id,
        "scope": found.sign_in_scope,
        "token": "id_token" if found.client_id == found.audience else "access_token",
    }


def _labels(found: Settings) -> dict[str, str] | None:
    """Return the tiles with names that the map shows above all else; None: it shows none."""
    if not found.label_tiles:
        return None
    return {"tiles": found.label_tiles, "attribution": found.label_attribution}


def _label_origins() -> tuple[str, ...]:
    address = settings().label_tiles
    return (_origin(address),) if address else ()


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _issuer_address(found: Settings) -> str:
    return (found.sign_in_url or found.issuer).rstrip("/")


def _sign_in_origins() -> tuple[str, ...]:
    """Return the other origins that the page asks while it signs in."""
    found = settings()
    if _sign_in(found) is None:
        return ()
    addresses = (_issuer_address(found), *found.sign_in_origins)
    return tuple(dict.fromkeys(map(_origin, addresses)))


def _json(body: dict[str, Any]) -> Response[Any]:
    headers: dict[str, Any] = {"Cache-Control": "no-store"}
    return Response(HTTPStatus.OK, content_type=_JSON, body=json.dumps(body), headers=headers)
