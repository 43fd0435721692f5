"""Where the catalog is and who is asking: arguments, environment, then a profile on disk.

    SWATH_URL          root of the API; the catalog is under /catalog/v2, raster under /raster/v2
    SWATH_RASTER_URL   root for raster requests, where it differs (a function URL, for example)
    SWATH_TOKEN        bearer token
    SWATH_PROFILE      section of the configuration file
    SWATH_CONFIG       path of that file, instead of ~/.config/swath/config.toml

The file is TOML with one table per profile:

    [default]
    url = "https://catalog.example.org"
    token = "..."

Instead of `token`, a profile may hold `token_url`, `client_id` and `client_secret` (OAuth 2 client
credentials) or `refresh_token`; tokens are then fetched and renewed by the client.
"""

from __future__ import annotations

import json
import os
import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from .errors import ConfigurationError

DEFAULT_PROFILE = "default"


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What a client needs to know; times in seconds."""

    url: str = ""
    raster_url: str = ""
    token: str = ""
    token_url: str = ""
    client_id: str = ""
    client_secret: str = ""
    refresh_token: str = ""
    profile: str = DEFAULT_PROFILE
    connect_timeout: float = 9.5
    read_timeout: float = 35.0
    raster_timeout: float = 300.0
    attempts: int = 5

    @property
    def catalog_root(self) -> str:
        """Base URL of the catalog, without a trailing slash."""
        return _under(self._required_url(), "/catalog/v2")

    @property
    def stac_root(self) -> str:
        """Base URL of the STAC API, without a trailing slash."""
        return _under(self._required_url(), "/stac")

    @property
    def raster_root(self) -> str:
        """Base URL of the raster service, without a trailing slash."""
        return _under(self.raster_url or self._required_url(), "/raster/v2")

    def _required_url(self) -> str:
        if not self.url:
            raise ConfigurationError(
                "no catalog is configured: set SWATH_URL, call swath.configure(url=...), "
                "or store one with `swath login --url URL`"
            )
        return self.url


def load_settings(*, profile: str | None = None, **explicit: str | float | None) -> Settings:
    """The settings in force: explicit arguments win over the environment, which wins over the file.

    Raises ConfigurationError for an unreadable file, an unknown profile or an unknown setting.
    """
    chosen = profile or os.environ.get("SWATH_PROFILE") or DEFAULT_PROFILE
    stored = _stored(chosen, required=bool(profile or os.environ.get("SWATH_PROFILE")))
    known = {field.name: field for field in fields(Settings)}
    given = {name: value for name, value in explicit.items() if value is not None}
    merged = {**stored, **_from_environment(), **given}
    unknown = sorted(set(merged) - set(known))
    if unknown:
        raise ConfigurationError(
            f"unknown setting {unknown[0]!r}; known are {', '.join(sorted(known))}"
        )
    typed = {name: _typed(name, value) for name, value in merged.items()}
    return replace(Settings(profile=chosen), **typed)


def config_path() -> Path:
    """The configuration file, whether or not it exists."""
    explicit = os.environ.get("SWATH_CONFIG")
    if explicit:
        return Path(explicit)
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "swath" / "config.toml"


def read_profiles() -> dict[str, dict[str, Any]]:
    """Every profile of the configuration file; empty without a file."""
    path = config_path()
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"cannot read {path}: {error}") from error
    return {name: table for name, table in tables.items() if isinstance(table, dict)}


def store_profile(profile: str, **values: str) -> Path:
    """Write `values` into a profile, keep everything else; the file is readable by its owner only.

    An empty value removes the setting. Returns the path of the file.
    """
    profiles = read_profiles()
    merged = {**profiles.get(profile, {}), **values}
    profiles[profile] = {name: value for name, value in merged.items() if value != ""}
    path = config_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.touch(mode=0o600)
    partial.chmod(0o600)
    partial.write_text(_toml(profiles), "utf-8")
    partial.replace(path)
    return path


def _stored(profile: str, *, required: bool) -> dict[str, Any]:
    profiles = read_profiles()
    if profile not in profiles and required:
        known = ", ".join(sorted(profiles)) or "none"
        raise ConfigurationError(f"no profile {profile!r} in {config_path()}; there are: {known}")
    return profiles.get(profile, {})


def _from_environment() -> dict[str, str]:
    named = {
        "url": "SWATH_URL",
        "raster_url": "SWATH_RASTER_URL",
        "token": "SWATH_TOKEN",
        "token_url": "SWATH_TOKEN_URL",
        "client_id": "SWATH_CLIENT_ID",
        "client_secret": "SWATH_CLIENT_SECRET",
        "refresh_token": "SWATH_REFRESH_TOKEN",
    }
    found = {name: os.environ.get(variable, "") for name, variable in named.items()}
    return {name: value for name, value in found.items() if value}


def _typed(name: str, value: Any) -> Any:
    """`value` as the type of the setting's default."""
    wanted = type(getattr(Settings(), name))
    if wanted is str and not isinstance(value, str):
        raise ConfigurationError(f"setting {name!r} must be a string, not {value!r}")
    try:
        return wanted(value)
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"setting {name!r} must be a number, not {value!r}") from error


def _under(root: str, path: str) -> str:
    root = root.rstrip("/")
    return root if root.endswith(path) else root + path


def _toml(profiles: dict[str, dict[str, Any]]) -> str:
    lines: list[str] = []
    for name, table in profiles.items():
        lines.append(f"[{_toml_string(name)}]")
        lines += [f"{key} = {_toml_value(value)}" for key, value in table.items()]
        lines.append("")
    return "\n".join(lines)


def _toml_value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, int | float) else _toml_string(str(value))


def _toml_string(text: str) -> str:
    return json.dumps(text)  # a JSON string is a TOML basic string
