"""Deploying a build folder: the same steps for AWS and for the local cloud."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from swath_dev._errors import CommandError
from swath_dev.artifacts import artifact_bucket
from swath_dev.session import Session, session_of
from swath_dev.stacks import Say, clear_stillborn, first_failure, parameter, status

_CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND")
_PROTECTION = "DeletionProtection"
_ROUTES = ("/catalog/v2/products", "/raster/v2/")
_SERVER_ERROR = 500

Probe = Callable[[Mapping[str, str]], None]


def deploy(
    build: Path,
    *,
    stack: str,
    bucket: str | None = None,
    parameters: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    probe: Probe | None = None,
    say: Say = lambda _: None,
) -> dict[str, str]:
    """Bring a stack to what the build folder says, and return its outputs.

    A stack's tables are protected from deletion only after its routes have answered: a first
    deployment that fails can then be deleted and tried again. `probe` looks at the routes, given
    the outputs; it raises CommandError. `say` is told each step.

    The artifacts go to `bucket`, or to one named after the account and region that is made when
    missing. `environment` holds variables (credentials, region, AWS_ENDPOINT_URL) that replace
    this process's own. Raises CommandError with the first reason that CloudFormation gives.
    """
    variables = {**os.environ, **(environment or {})}
    session = session_of(variables)
    wanted = dict(parameters or {})
    is_protected = wanted.pop(_PROTECTION, "true")
    try:
        clear_stillborn(session, stack, say)
        is_new = status(session, stack) is None
        artifacts = bucket or artifact_bucket(session, stack)
        say(f"uploading code and template to s3://{artifacts}/{stack}/")
        apply = partial(_apply, _package(build, artifacts, stack, variables), artifacts, stack)
        say(f"{'creating' if is_new else 'updating'} the stack {stack} in {session.region}")
        unprotected = is_new or is_protected == "false"
        protection = {_PROTECTION: "false"} if unprotected else {}
        apply({**wanted, **protection}, variables)
        found = outputs(session, stack)
        say("asking the routes of the API and of raster")
        (probe or probe_routes)(found)
        if parameter(session, stack, _PROTECTION) != is_protected:
            say("the routes answer: protecting the tables from deletion")
            apply({_PROTECTION: is_protected}, variables)
        return outputs(session, stack)
    except _Refused as refused:
        reason = first_failure(session, stack) or str(refused)
        message = f"the deployment of {stack} failed: {reason}"
        raise CommandError(message) from refused
    except (ClientError, BotoCoreError) as error:
        message = f"the deployment of {stack} failed: {error}"
        raise CommandError(message) from error


def probe_routes(found: Mapping[str, str], patience: float = 30) -> None:
    """Make sure that functions answer at a stack's own address: a created stack proves nothing.

    A new address may take some seconds to be known. Raises CommandError.
    """
    for route in _ROUTES:
        url = found["ApiEndpoint"] + route
        deadline = time.monotonic() + patience
        while (answer := answer_of(url)) is None and time.monotonic() < deadline:
            time.sleep(1)
        if answer is None or answer >= _SERVER_ERROR:
            raise CommandError(
                f"deployed, but {url} answers {answer or 'nothing'}: the function's log says why"
            )


def answer_of(url: str) -> int | None:
    """Return the status with which an address answers, None where nothing does."""
    try:
        with urllib.request.urlopen(url, timeout=30) as response:  # noqa: S310 - the stack's own
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def outputs(session: Session, stack: str) -> dict[str, str]:
    """Return the outputs of a deployed stack by name."""
    (found,) = session.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return {o["OutputKey"]: o["OutputValue"] for o in found.get("Outputs", [])}


class _Refused(Exception):
    """A step of the AWS command line failed; the message is its last line."""


def _aws(arguments: list[str], variables: Mapping[str, str]) -> None:
    command = [sys.executable, "-m", "awscli", "cloudformation", *arguments]
    done = subprocess.run(command, env=dict(variables), capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise _Refused(lines[-1] if lines else f"aws exited with {done.returncode}")


def _package(build: Path, bucket: str, stack: str, variables: Mapping[str, str]) -> Path:
    packaged = build / "packaged.yaml"
    _aws(
        [
            *("package", "--template-file", str(build / "template.yaml")),
            *("--s3-bucket", bucket, "--s3-prefix", stack),
            *("--output-template-file", str(packaged)),
        ],
        variables,
    )
    return packaged


def _apply(
    packaged: Path,
    bucket: str,
    stack: str,
    parameters: Mapping[str, str],
    variables: Mapping[str, str],
) -> None:
    overrides = [f"{name}={value}" for name, value in parameters.items()]
    _aws(
        [
            *("deploy", "--template-file", str(packaged), "--stack-name", stack),
            *("--s3-bucket", bucket, "--s3-prefix", stack),
            *("--capabilities", *_CAPABILITIES, "--no-fail-on-empty-changeset"),
            *("--tags", f"swath:stack={stack}"),  # of everything in it: for the bill
            *(("--parameter-overrides", *overrides) if overrides else ()),
        ],
        variables,
    )
