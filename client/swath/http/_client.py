"""A client: one catalog, one user."""

from __future__ import annotations

import threading
from typing import Any, Self

from swath.arguments import public
from swath.auth import TokenSource, token_source
from swath.config import Settings, load_settings

from ._session import HttpSession


@public
class Client:
    """A connection to one catalog on behalf of one user.

    Without arguments it takes what the environment and the configuration file say (`swath.config`).
    Every class method of the catalog takes `client=`; without it the default client is used. A copy
    of a client is the client itself; a pickled one carries its settings, the token included, and is
    one client per process again.
    """

    def __init__(
        self,
        *,
        url: str | None = None,
        token: str | None = None,
        profile: str | None = None,
        raster_url: str | None = None,
        tokens: TokenSource | None = None,
        settings: Settings | None = None,
    ) -> None:
        self.settings = settings or load_settings(
            url=url, token=token, profile=profile, raster_url=raster_url
        )
        self._given_tokens = tokens
        self.tokens = tokens or token_source(self.settings)
        self.http = HttpSession(self.settings, self.tokens)

    def catalog(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """One request to the catalog; `path` starts with a slash. Returns the JSON answer."""
        return self.http.json(method, self.settings.catalog_root + path, **options)

    def close(self) -> None:
        """Give the connections back."""
        self.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self.settings, self._given_tokens)

    def __repr__(self) -> str:
        return f"Client(url={self.settings.url!r}, profile={self.settings.profile!r})"


_lock = threading.Lock()
_default: list[Client] = []
_unpickled: dict[Settings, Client] = {}


def default_client() -> Client:
    """The client that is used where none is given; made on first use."""
    with _lock:
        if not _default:
            _default.append(Client())
        return _default[0]


@public
def set_default_client(client: Client | None) -> None:
    """Use `client` where none is given; None: make a new one from the settings on next use."""
    with _lock:
        _default[:] = [client] if client else []


@public
def configure(
    *,
    url: str | None = None,
    token: str | None = None,
    profile: str | None = None,
    raster_url: str | None = None,
) -> Client:
    """Make a client from these arguments (and the settings for the rest) the default one."""
    client = Client(url=url, token=token, profile=profile, raster_url=raster_url)
    set_default_client(client)
    return client


def _restored(settings: Settings, tokens: TokenSource | None) -> Client:
    """The client of a pickle: the default one if it is the same, else one for all pickles of it."""
    if tokens is not None:
        return Client(settings=settings, tokens=tokens)
    with _lock:
        if _default and _default[0].settings == settings:
            return _default[0]
        if settings not in _unpickled:
            _unpickled[settings] = Client(settings=settings)
        return _unpickled[settings]
