"""The signed connection, against a server of the test's own on the loopback."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from swath_core.errors import Unavailable
from swath_core.store import fast, requests
from swath_core.store.fast import DynamoClient, DynamoError


class Server:
    """Answers with what it was told to, one after another, and keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, Any]] = []
        self.asked: list[tuple[dict[str, str], Any]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # head and body are two writes: the second would wait

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                server.asked.append((dict(self.headers), body))
                status, answer = server.answers.pop(0) if server.answers else (200, {"got": body})
                content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(requests, "FIRST_PAUSE", 0.001)
    server = Server()
    yield server
    server.http.shutdown()
    server.http.server_close()


def test_requests_are_signed_json(server: Server) -> None:
    answer = DynamoClient(server.url, "eu-west-1").call("Query", {"TableName": "t"})
    assert answer == {"got": {"TableName": "t"}}
    headers, _ = server.asked[0]
    assert headers["X-Amz-Target"] == "DynamoDB_20120810.Query"
    assert headers["Content-Type"] == "application/x-amz-json-1.0"
    assert "/eu-west-1/dynamodb/aws4_request" in headers["Authorization"]


def test_many_requests_are_answered_in_order(server: Server) -> None:
    bodies = [{"n": n} for n in range(40)]
    assert DynamoClient(server.url).call_all("Query", bodies) == [{"got": body} for body in bodies]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"),
        (400, "com.amazon.coral.availability#ThrottlingException"),
        (500, "com.amazonaws.dynamodb.v20120810#InternalServerError"),
        (503, ""),
    ],
)
def test_what_passes_is_tried_again(server: Server, status: int, kind: str) -> None:
    server.answers = [(status, {"__type": kind})] * 3
    assert DynamoClient(server.url).call("Query", {"n": 1}) == {"got": {"n": 1}}
    assert len(server.asked) == 4


def test_what_is_wrong_is_not_tried_again(server: Server) -> None:
    kind = "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"
    server.answers = [(400, {"__type": kind, "message": "no table"})]
    with pytest.raises(DynamoError, match=r"Query failed: .*no table"):
        DynamoClient(server.url).call("Query", {})
    assert len(server.asked) == 1


@pytest.mark.parametrize("content", [b"<html>", b"[]", b"\xff"])
def test_answers_that_are_no_json_end_in_an_error(server: Server, content: bytes) -> None:
    server.answers = [(500, content)] * requests.ATTEMPTS
    with pytest.raises(Unavailable):
        DynamoClient(server.url).call("Query", {})
    server.answers = [(404, content)]
    with pytest.raises(DynamoError):
        DynamoClient(server.url).call("Query", {})


def test_nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "FIRST_PAUSE", 0.001)
    began = time.monotonic()
    with pytest.raises(Unavailable) as caught:
        DynamoClient("http://127.0.0.1:9/").call("Query", {})
    assert "connect" in str(caught.value.__cause__).lower()
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("environment", "region", "endpoint"),
    [
        ({"AWS_ENDPOINT_URL": "http://localhost:4566"}, "us-east-1", "http://localhost:4566/"),
        (
            {"AWS_ENDPOINT_URL": "http://x", "AWS_ENDPOINT_URL_DYNAMODB": "http://y/"},
            "us-east-1",
            "http://y/",
        ),
        ({}, "eu-north-1", "https://dynamodb.eu-north-1.amazonaws.com/"),
        ({}, "cn-north-1", "https://dynamodb.cn-north-1.amazonaws.com.cn/"),
    ],
)
def test_endpoints(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], region: str, endpoint: str
) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert fast._endpoint(region) == endpoint
