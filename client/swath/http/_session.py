"""One pool of connections to one catalog."""

from __future__ import annotations

import platform
import threading
import time
import uuid
import warnings
from typing import TYPE_CHECKING, Any, Protocol

from swath._version import __version__
from swath.auth import TokenSource
from swath.config import Settings
from swath.errors import ConnectionFailedError, ServerError, error_for

from ._retry import RetryPolicy

if TYPE_CHECKING:
    import requests

_POOL = 32
_ERROR = 400
JSON_API = "application/vnd.api+json"


class Rewindable(Protocol):
    """A file as a request's body."""

    def read(self, size: int = ..., /) -> bytes:
        """The next bytes."""
        ...

    def seek(self, offset: int, /) -> int:
        """Go back."""
        ...


class HttpSession:
    """Sends requests with the caller's token, retries what is worth retrying, raises the rest.

    Safe to use from several threads. A retried request carries the same `X-Request-Group`, by which
    the service recognises a replay of a request that it has carried out already.
    """

    def __init__(self, settings: Settings, tokens: TokenSource) -> None:
        self._settings = settings
        self._tokens = tokens
        self._session: requests.Session | None = None
        self._lock = threading.Lock()
        self._session_id = uuid.uuid4().hex
        self.retries = RetryPolicy(attempts=max(int(settings.attempts), 1))

    def request(  # noqa: PLR0913 - one keyword per part of a request
        self,
        method: str,
        url: str,
        *,
        json: object = None,
        data: bytes | Rewindable | None = None,
        params: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        signed: bool = False,
        stream: bool = False,
        read_timeout: float | None = None,
    ) -> requests.Response:
        """The answer to one request, of any status below 400.

        `signed` means that the URL carries its own authorisation: the token is not sent. `data`
        that is a file is sent again from its start on a retry. Raises an `ApiError` for an error
        status, ConnectionFailedError when nobody answers, AuthenticationError without a token.
        """
        group = uuid.uuid4().hex
        attempt = 0
        while True:
            attempt += 1
            if data is not None and not isinstance(data, bytes):
                data.seek(0)
            sent = self._headers(group, headers, signed=signed)
            answer, failure = self._once(
                method, url, json=json, data=data, params=params, headers=sent, stream=stream,
                timeout=(self._settings.connect_timeout, read_timeout or self._read_timeout),
            )  # fmt: skip
            status = None if answer is None else answer.status_code
            if answer is not None and answer.status_code < _ERROR:
                return answer
            if not self.retries.again(attempt, status):
                raise _failed(answer, failure, method, url, attempt)
            time.sleep(self.retries.wait(attempt, answer.headers if answer is not None else None))

    def json(self, method: str, url: str, **options: Any) -> dict[str, Any]:
        """Like `request`, for an answer that is a JSON object; its warnings are passed on."""
        headers = {"Accept": JSON_API, "Content-Type": JSON_API, **(options.pop("headers", {}))}
        answer = self.request(method, url, headers=headers, **options)
        if not answer.content:
            return {}
        try:
            body = answer.json()
        except ValueError as error:
            raise ServerError(f"{method} {url} was not answered with JSON") from error
        if not isinstance(body, dict):
            raise ServerError(f"{method} {url} was answered with JSON that is no object")
        _pass_on_warnings(body)
        return body

    def close(self) -> None:
        """Give the connections back; the session may be used again."""
        with self._lock:
            session, self._session = self._session, None
        if session is not None:
            session.close()

    @property
    def _read_timeout(self) -> float:
        return self._settings.read_timeout

    def _once(
        self, method: str, url: str, **options: Any
    ) -> tuple[requests.Response | None, Exception | None]:
        import requests

        try:
            return self._connections().request(method, url, **options), None
        except (requests.ConnectionError, requests.Timeout) as error:
            return None, error
        except requests.RequestException as error:
            raise ConnectionFailedError(f"{method} {url} cannot be sent: {error}") from error

    def _connections(self) -> requests.Session:
        with self._lock:
            if self._session is None:
                self._session = _new_session()
            return self._session

    def _headers(self, group: str, extra: dict[str, str] | None, *, signed: bool) -> dict[str, str]:
        headers = {"User-Agent": _user_agent(), "X-Request-Group": group}
        if signed:  # the signature covers named headers only, and the token is none of its business
            return {"User-Agent": headers["User-Agent"], **(extra or {})}
        headers["X-Client-Session"] = self._session_id
        headers["Authorization"] = f"Bearer {self._tokens.token()}"
        return {**headers, **(extra or {})}


def _new_session() -> requests.Session:
    import requests
    from requests.adapters import HTTPAdapter

    session = requests.Session()
    adapter = HTTPAdapter(pool_connections=8, pool_maxsize=_POOL)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _failed(
    answer: requests.Response | None,
    failure: Exception | None,
    method: str,
    url: str,
    attempts: int,
) -> Exception:
    tries = f" after {attempts} attempts" if attempts > 1 else ""
    place = url.split("?", 1)[0]
    if answer is None:
        error = ConnectionFailedError(
            f"nothing answers {method} {place}{tries} ({_reason(failure)}): "
            "is the service up and SWATH_URL right?"
        )
        error.__cause__ = failure
        return error
    try:
        body = answer.json()
    except ValueError:
        body = None
    text = answer.text[:500].strip() or answer.reason or ""
    return error_for(
        answer.status_code, body, f"{method} {place}: HTTP {answer.status_code}{tries}: {text}"
    )


def _reason(failure: Exception | None) -> str:
    """The last link of the chain that urllib3 wraps around the operating system's error."""
    reason: object = failure
    while isinstance(getattr(reason, "reason", None), Exception) or (
        isinstance(reason, Exception) and reason.args and isinstance(reason.args[0], Exception)
    ):
        reason = getattr(reason, "reason", None) or getattr(reason, "args", [reason])[0]
    return str(reason).rsplit(": ", 1)[-1]


def _pass_on_warnings(body: dict[str, Any]) -> None:
    meta = body.get("meta")
    for warning in (meta.get("warnings") or []) if isinstance(meta, dict) else []:
        category = getattr(__import__("builtins"), str(warning.get("category")), UserWarning)
        known = isinstance(category, type) and issubclass(category, Warning)
        warnings.warn(str(warning.get("message")), category if known else UserWarning, stacklevel=5)


def _user_agent() -> str:
    return f"swath/{__version__} Python/{platform.python_version()}"
