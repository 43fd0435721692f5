"""Credentials, region and endpoint in one: AWS, or the local cloud."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3

from swath_dev._errors import CommandError


class Session:
    """A boto3 session bound to one endpoint: AWS, or the local cloud."""

    def __init__(self, session: boto3.Session, endpoint: str | None) -> None:
        self._session = session
        self.endpoint = endpoint

    @property
    def region(self) -> str:
        """The region of the session."""
        return str(self._session.region_name)

    def client(self, service: str, **options: Any) -> Any:
        """Return a client of the service at this endpoint."""
        return self._session.client(service, endpoint_url=self.endpoint, **options)

    def resource(self, service: str) -> Any:
        """Return a boto3 resource of the service at this endpoint."""
        return self._session.resource(service, endpoint_url=self.endpoint)


def session_of(variables: Mapping[str, str]) -> Session:
    """Return the session that these environment variables describe."""
    region = variables.get("AWS_REGION") or variables.get("AWS_DEFAULT_REGION")
    session = boto3.Session(
        aws_access_key_id=variables.get("AWS_ACCESS_KEY_ID"),
        aws_secret_access_key=variables.get("AWS_SECRET_ACCESS_KEY"),
        aws_session_token=variables.get("AWS_SESSION_TOKEN"),
        region_name=region,
        profile_name=variables.get("AWS_PROFILE"),
    )
    if session.region_name is None:
        message = "no region: set AWS_REGION, or a region in the AWS profile"
        raise CommandError(message)
    return Session(session, variables.get("AWS_ENDPOINT_URL"))
