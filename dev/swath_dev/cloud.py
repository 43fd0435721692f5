"""The local cloud: an emulator process with a state folder of its own, and our stack on it."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from swath_dev._errors import CommandError
from swath_dev.build import ROOT, assemble, fix_times
from swath_dev.deploy import answer_of, deploy, probe_routes
from swath_dev.session import Session, session_of
from swath_dev.token import AUDIENCE, ISSUER, make_token, trusted_keys

from . import issuer_function, processes
from .issuer import CLIENT

STACK = "swath"
REGION = "us-east-1"
_API_ID = "swath"
_HOST = "127.0.0.1"
_START_SECONDS = 60.0
_PORT_SECONDS = 5.0
_STOP_SECONDS = 300.0

# What differs from AWS. An ingest or task whose process died is tried again within a minute and
# a half instead of an hour and a half.
_LOCAL_PARAMETERS = {
    "DeletionProtection": "false",
    "Issuer": ISSUER,
    "Audience": AUDIENCE,
    "ClientId": CLIENT,
    "LocalApiId": _API_ID,
    "TlsOnly": "false",
    "IngestRetryAfter": "90",
    "TaskRetryAfter": "90",
}


@dataclass(frozen=True)
class Deployed:
    """A stack on the local cloud: addresses, and the means to reach them."""

    cloud: LocalCloud
    api_url: str
    raster_url: str
    outputs: dict[str, str]

    @property
    def bucket(self) -> str:
        """The data bucket."""
        return self.outputs["DataBucket"]

    @property
    def session(self) -> Session:
        """A session of the cloud's administrator."""
        return self.cloud.session

    def token(self, org: str | None = "acme", subject: str = "developer", **claims: Any) -> str:
        """Return a token that the stack trusts; `claims` are those of `make_token`."""
        return self.cloud.token(org, subject, **claims)


class LocalCloud:
    """One local cloud: everything that it keeps is in `state`, and it listens on loopback only.

    A process that runs from an earlier call is found again through the state folder. Use one
    LocalCloud per state folder at a time: `exclusively` keeps others out meanwhile. `program` is
    what Python runs as the emulator, `variables` what it and its functions have in their
    environment, too.
    """

    def __init__(
        self,
        state: Path,
        port: int,
        program: Sequence[str] = ("-m", "ministack"),
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.state = state.resolve()
        self.port = port
        self._program = program
        self._variables = dict(variables or {})
        self._record = self.state / "cloud.json"

    @property
    def endpoint(self) -> str:
        """The address that stands in for AWS."""
        return f"http://{_HOST}:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """Variables with which the AWS tools reach this cloud and nothing else."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @property
    def session(self) -> Session:
        """A session of the cloud's administrator."""
        return session_of(self.environment)

    @contextmanager
    def exclusively(self) -> Iterator[None]:
        """Keep other calls for the same state folder waiting."""
        self.state.mkdir(parents=True, exist_ok=True)
        with (self.state / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    # -- the process ----------------------------------------------------------------------------

    def running(self) -> bool:
        """Say whether the process that this state folder knows is alive."""
        return self._process() is not None

    def start(self) -> bool:
        """Start the emulator unless it runs, and wait until it answers; say whether it was started.

        Raises CommandError when the port is taken or the emulator ends at once.
        """
        if self.running():
            self._agree_on_port()
            return False
        self._refuse_taken_port()
        process = self._launch()
        self._remember(process.pid)
        try:
            self._await_health(process)
        except BaseException:
            self.stop()
            raise
        return True

    def stop(self) -> bool:
        """End the process and wait until its state is written; say whether there was one.

        Raises CommandError when it does not end in time; killing it would lose data.
        """
        known = self._process()
        if known is None:
            self._record.unlink(missing_ok=True)
            return False
        pid, identity = known
        if not processes.end(pid, identity, _STOP_SECONDS):
            message = f"the local cloud (pid {pid}) has not ended after {_STOP_SECONDS:.0f} s"
            raise CommandError(message)
        self._record.unlink(missing_ok=True)
        shutil.rmtree(self.state / "tmp", ignore_errors=True)
        return True

    def _process(self) -> tuple[int, str] | None:
        try:
            record = json.loads(self._record.read_text())
            pid, identity = int(record["pid"]), str(record["identity"])
        except (OSError, ValueError, KeyError):
            return None
        return (pid, identity) if processes.identity(pid) == identity else None

    def _agree_on_port(self) -> None:
        port = json.loads(self._record.read_text())["port"]
        if port != self.port:
            message = f"the local cloud of {self.state} runs on port {port}, not on {self.port}"
            raise CommandError(message)

    def _refuse_taken_port(self) -> None:
        """Wait until the port is free; one that a killed process held is a moment later."""
        deadline = time.monotonic() + _PORT_SECONDS
        while not _is_free(self.port):
            if time.monotonic() > deadline:
                message = f"port {self.port} is in use; choose another: SWATH_PORT={self.port + 1}"
                raise CommandError(message)
            time.sleep(0.1)

    def _launch(self) -> subprocess.Popen[bytes]:
        for folder in ("state", "objects", "tmp"):
            (self.state / folder).mkdir(parents=True, exist_ok=True)
        log = (self.state / "cloud.log").open("wb")
        with log:
            return subprocess.Popen(
                [sys.executable, *self._program],
                env=self._emulator_environment(),
                cwd=self.state,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _emulator_environment(self) -> dict[str, str]:
        """Return the whole environment of the emulator, which its functions inherit.

        PYTHONPATH is left out: a function sees its own code, its layers and installed packages.
        """
        kept = ("PATH", "HOME", "LANG", "LC_ALL", "SSL_CERT_FILE", "LD_LIBRARY_PATH")
        return {
            **{name: os.environ[name] for name in kept if name in os.environ},
            **{k: v for k, v in self.environment.items() if k != "AWS_ENDPOINT_URL"},
            "BIND_HOST": _HOST,
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_HOST": _HOST,
            "MINISTACK_REGION": REGION,
            "AUTH": "true",
            "PERSIST_STATE": "1",
            "S3_PERSIST": "1",
            "STATE_DIR": str(self.state / "state"),
            "S3_DATA_DIR": str(self.state / "objects"),
            "TMPDIR": str(self.state / "tmp"),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "LOG_LEVEL": os.environ.get("SWATH_CLOUD_LOG_LEVEL", "WARNING"),
            # it would look for containers to clean up; there are none of ours
            "DOCKER_HOST": f"unix://{self.state}/no-docker.sock",
            **self._variables,
        }

    def _remember(self, pid: int) -> None:
        record = {"pid": pid, "identity": processes.identity(pid), "port": self.port}
        self._record.write_text(json.dumps(record))

    def _await_health(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while answer_of(f"{self.endpoint}/_ministack/health") != 200:  # noqa: PLR2004
            if process.poll() is not None:
                message = f"the local cloud did not start: {self._last_log_line()}"
                raise CommandError(message)
            if time.monotonic() > deadline:
                message = f"the local cloud does not answer; see {self.state / 'cloud.log'}"
                raise CommandError(message)
            time.sleep(0.1)
        # the program may have replaced its command line while it started
        self._remember(process.pid)

    def _last_log_line(self) -> str:
        lines = (self.state / "cloud.log").read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it wrote nothing"

    def bring_up(self, parameters: Mapping[str, str] | None = None) -> tuple[bool, Deployed]:
        """Start and deploy; say whether it was started, and where the stack is.

        When the deployment fails, a cloud that was started for it ends again.
        """
        with self.exclusively():
            started = self.start()
            try:
                return started, self.deploy(parameters)
            except BaseException:
                if started:
                    self.stop()
                raise

    # -- the stack ------------------------------------------------------------------------------

    @property
    def api_url(self) -> str:
        """The deployed API's address."""
        return f"{self.endpoint}/_aws/execute-api/{_API_ID}"

    def deploy(self, parameters: Mapping[str, str] | None = None) -> Deployed:
        """Deploy the repository's template and functions as they are now, and try their routes."""
        build = assemble(self.state / "build")
        fix_times(build)
        found = deploy(
            build,
            stack=STACK,
            parameters={
                **_LOCAL_PARAMETERS,
                "TrustedKeys": trusted_keys(self.state),
                "PublicUrl": self.api_url,
                "SignInUrl": self._put_issuer(),
                **(parameters or {}),
            },
            environment=self.environment,
            probe=lambda _: probe_routes({"ApiEndpoint": self.api_url}, patience=0),
        )
        return Deployed(self, self.api_url, self._function_url(found["RasterUrl"]), found)

    def _put_issuer(self) -> str:
        pages = (f"{self.api_url}/", f"{self.api_url}/docs")
        return issuer_function.put(self.session, self.state, self.endpoint, pages)

    def _function_url(self, url: str) -> str:
        """Return a function URL in the form that resolves without a name server."""
        identifier = url.removeprefix("https://").partition(".")[0]
        return f"{self.endpoint}/_aws/lambda-url/{identifier}"

    def token(self, org: str | None = "acme", subject: str = "developer", **claims: Any) -> str:
        """Return a token that the stack trusts; `claims` are those of `make_token`."""
        return make_token(self.state, org=org, subject=subject, **claims)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError:
            return False
    return True


def default_cloud() -> LocalCloud:
    """Return the local cloud that SWATH_STATE (default .swath) and SWATH_PORT (4566) name."""
    state = Path(os.environ.get("SWATH_STATE") or ROOT / ".swath")
    port = os.environ.get("SWATH_PORT") or "4566"
    if not port.isdecimal() or not 0 < int(port) < 65_536:  # noqa: PLR2004
        message = f"SWATH_PORT is not a port number: {port!r}"
        raise CommandError(message)
    return LocalCloud(state, int(port))
