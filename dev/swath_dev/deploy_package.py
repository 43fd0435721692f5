"""`make deploy`: what `make package` built goes to AWS."""

from __future__ import annotations

import json
from collections.abc import Sequence

from swath_dev._errors import CommandError
from swath_dev.deploy import deploy
from swath_dev.package import BUILD, BUILT


def deploy_package(stack: str, bucket: str | None, assignments: Sequence[str]) -> dict[str, str]:
    """Deploy the packaged build to the account and region of the environment; print the outputs.

    `assignments` are template parameters as NAME=VALUE. Runtime and architecture are those that
    the wheels were built for.
    """
    if not BUILT.exists():
        message = "nothing is packaged; make package comes first"
        raise CommandError(message)
    parameters = {**_parameters(assignments), **json.loads(BUILT.read_text())}
    found = deploy(BUILD, stack=stack, bucket=bucket, parameters=parameters, say=print)
    for name, value in sorted(found.items()):
        print(f"{name:20} {value}")
    return found


def _parameters(assignments: Sequence[str]) -> dict[str, str]:
    parameters = {}
    for assignment in assignments:
        name, separator, value = assignment.partition("=")
        if not separator or not name:
            message = f"a parameter is NAME=VALUE, not {assignment!r}"
            raise CommandError(message)
        parameters[name] = value
    return parameters
