"""Putting the local issuer's pages on the local cloud, beside the stack."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

from swath_dev.session import Session

from . import issuer

_NAME = "swath-local-issuer"
_CODE = ("__init__.py", "issuer.py", "token.py")
_TRUST = '{"Version": "2012-10-17", "Statement": []}'


def put(session: Session, state: Path, endpoint: str, pages: Iterable[str]) -> str:
    """Create or update the function; return its address on the local cloud.

    `pages` are the addresses of the stack that codes are given to.
    """
    client = session.client("lambda")
    variables = {
        issuer.STATE: str(state),
        issuer.ENDPOINT: endpoint,
        issuer.PAGES: " ".join(pages),
    }
    try:
        url = client.get_function_url_config(FunctionName=_NAME)["FunctionUrl"]
    except client.exceptions.ResourceNotFoundException:
        client.create_function(
            FunctionName=_NAME,
            Runtime="python3.13",
            Handler="swath_dev.issuer.lambda_handler",
            Role=_role(session),
            Code={"ZipFile": _code()},
            Environment={"Variables": variables},
        )
        url = client.create_function_url_config(FunctionName=_NAME, AuthType="NONE")["FunctionUrl"]
    else:
        client.update_function_code(FunctionName=_NAME, ZipFile=_code())
        client.update_function_configuration(
            FunctionName=_NAME, Environment={"Variables": variables}
        )
    identifier = str(url).removeprefix("https://").partition(".")[0]
    return f"{endpoint}/_aws/lambda-url/{identifier}"


def _role(session: Session) -> str:
    """Return a role that may do nothing: the function asks nothing of the cloud."""
    client = session.client("iam")
    try:
        found = client.create_role(RoleName=_NAME, AssumeRolePolicyDocument=_TRUST)
    except client.exceptions.EntityAlreadyExistsException:
        found = client.get_role(RoleName=_NAME)
    return str(found["Role"]["Arn"])


def _code() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in _CODE:
            text = Path(__file__).with_name(name).read_text(encoding="utf-8")
            archive.writestr(f"swath_dev/{name}", text)
    return packed.getvalue()
