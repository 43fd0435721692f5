from __future__ import annotations

import io
import time
from pathlib import Path

import pytest
from tests.client.conftest import token
from tests.client.fake import FakeCatalog, ok

import swath
from swath import config
from swath.auth import FetchedToken, StaticToken, read_claims
from swath.catalog import Product
from swath.errors import (
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    ConnectionFailedError,
    RateLimitError,
    ServerError,
    UnauthorizedError,
    ValidationError,
    error_for,
)
from swath.http import RetryPolicy
from swath.progress import TextBar


def test_transient_failures_are_tried_again_as_the_same_request(
    client: swath.Client, fake: FakeCatalog
) -> None:
    fake.fail_once(503)
    fake.fail_once(0)
    Product(id="p", name="P").save()
    sent = fake.requests("POST", "/products")
    assert len(sent) == 3
    assert len({request.headers["x-request-group"] for request in sent}) == 1
    assert sent[0].headers["user-agent"].startswith("swath/")


def test_retry_after_is_obeyed(client: swath.Client, fake: FakeCatalog) -> None:
    client.http.retries = RetryPolicy(attempts=2, base=0.0, cap=1.0)
    fake.fail_once(429, Retry_After="0.3")
    began = time.monotonic()
    assert Product.search().count() == 0
    assert 0.29 < time.monotonic() - began < 2


def test_giving_up_says_how_often_it_was_tried(client: swath.Client, fake: FakeCatalog) -> None:
    fake.faults.append(lambda _: (500, {}, b"boom"))
    with pytest.raises(ServerError, match=r"HTTP 500 after 3 attempts: boom"):
        Product.search().count()
    fake.faults[:] = [lambda _: (429, {}, b"")]
    with pytest.raises(RateLimitError):
        Product.search().count()


def test_errors_of_the_caller_are_not_tried_again(client: swath.Client, fake: FakeCatalog) -> None:
    fake.faults.append(lambda _: (400, {}, b"no"))
    with pytest.raises(BadRequestError):
        Product.search().count()
    assert len(fake.seen) == 1


def test_nobody_there_is_said_clearly() -> None:
    client = swath.Client(url="http://127.0.0.1:1", token=token())
    client.http.retries = RetryPolicy(attempts=2, base=0.001)
    with pytest.raises(
        ConnectionFailedError, match=r"nothing answers PUT .* after 2 attempts .*refused"
    ):
        Product.search(client=client).count()


def test_error_messages_name_attribute_and_reason() -> None:
    body = {
        "errors": [
            {
                "title": "Bad value", "detail": "must be positive.",
                "source": {"pointer": "/data/attributes/x_pixels"},
            },
            {"status": "422", "detail": "second"},
        ]
    }  # fmt: skip
    error = error_for(422, body, "fallback")
    assert isinstance(error, ValidationError)
    assert str(error) == "Bad value: must be positive (x_pixels); 422: second"
    assert error.status == 422
    assert str(error_for(418, None, "tea")) == "tea"
    assert type(error_for(418, None, "tea")) is swath.errors.ApiError


def test_warnings_of_the_service_are_passed_on(client: swath.Client, fake: FakeCatalog) -> None:
    warning = {"message": "it moves", "category": "FutureWarning"}
    fake.faults.append(lambda _: ok({"meta": {"warnings": [warning], "count": 3}}))
    with pytest.warns(FutureWarning, match="it moves"):
        assert Product.search().count() == 3


def test_answers_that_are_not_the_contracts(client: swath.Client, fake: FakeCatalog) -> None:
    fake.faults.append(lambda _: (200, {}, b"<html>"))
    with pytest.raises(ServerError, match="not answered with JSON"):
        Product.get("acme:p")
    fake.faults[:] = [lambda _: ok({"data": []})]
    with pytest.raises(ServerError, match="no `data`"):
        Product.get("acme:p")


def test_tokens_are_judged_before_anything_is_sent(fake: FakeCatalog) -> None:
    client = swath.Client(url=fake.url, token=token(exp=time.time() - 7300))
    with pytest.raises(AuthenticationError, match="expired 2 hours ago"):
        Product.search(client=client).count()
    with pytest.raises(AuthenticationError, match="there is no token"):
        Product.search(client=swath.Client(url=fake.url)).count()
    with pytest.raises(AuthenticationError, match="not a JSON web token"):
        StaticToken("opaque").token()
    assert not fake.seen


def test_a_refused_token_is_an_error_of_its_own(client: swath.Client, fake: FakeCatalog) -> None:
    fake.faults.append(lambda _: (401, {}, b'{"errors":[{"title":"Unauthorized"}]}'))
    with pytest.raises(UnauthorizedError, match="Unauthorized"):
        Product.search().count()


def test_tokens_are_fetched_and_kept(fake: FakeCatalog) -> None:
    made = token()
    fake.faults.append(
        lambda seen: (
            ok({"access_token": made, "expires_in": 3600}) if seen.path == "/token" else None
        )
    )
    fake.faults.append(lambda _: ok({"meta": {"count": 0}}))
    settings = config.Settings(
        url=fake.url, token_url=f"{fake.url}/signed/token", client_id="me", client_secret="s"
    )
    source = FetchedToken(settings)
    fake.faults.insert(0, lambda _: ok({"access_token": made, "expires_in": 3600}))
    assert source.token() == source.token() == made
    assert len(fake.seen) == 1
    assert b"client_credentials" in fake.seen[0].raw


def test_a_failing_token_endpoint_says_why(fake: FakeCatalog) -> None:
    fake.faults.append(lambda _: (400, {}, b'{"error":"invalid_client"}'))
    settings = config.Settings(url=fake.url, token_url=f"{fake.url}/signed/token", client_id="me")
    with pytest.raises(AuthenticationError, match="invalid_client"):
        FetchedToken(settings).token()


def test_claims() -> None:
    claims = read_claims(token(email="A@b.c", groups=["acme:org-admin"]))
    assert claims.subjects(admin=True) >= {"org:acme", "email:a@b.c", "group:acme:org-admin"}
    assert "org:acme" not in read_claims(token()).subjects(admin=True)


def test_settings_come_from_arguments_environment_and_file(monkeypatch: pytest.MonkeyPatch) -> None:
    config.store_profile("default", url="http://file", token="t")
    config.store_profile("other", url='http://"other"', read_timeout="7")
    assert config.config_path().stat().st_mode & 0o777 == 0o600
    assert config.load_settings().url == "http://file"
    assert config.load_settings(profile="other").url == 'http://"other"'
    assert config.load_settings(profile="other").read_timeout == 7.0
    monkeypatch.setenv("SWATH_URL", "http://env/")
    assert config.load_settings().catalog_root == "http://env/catalog/v2"
    assert config.load_settings(url="http://arg").raster_root == "http://arg/raster/v2"
    assert config.load_settings(raster_url="http://r/raster/v2").raster_root == "http://r/raster/v2"
    config.store_profile("default", token="")
    assert config.load_settings().token == ""


def test_configuration_mistakes_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="no profile 'x'"):
        config.load_settings(profile="x")
    with pytest.raises(ConfigurationError, match="SWATH_URL"):
        _ = config.load_settings().catalog_root
    config.store_profile("default", colour="red")
    with pytest.raises(ConfigurationError, match="unknown setting 'colour'"):
        config.load_settings()
    config.config_path().write_text("[default\n")
    with pytest.raises(ConfigurationError, match="cannot read"):
        config.load_settings()


def test_a_text_bar_takes_progress_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("swath.progress._DELAY", 0.0)
    monkeypatch.setattr("swath.progress._EVERY", 0.0)
    out = io.StringIO()
    bar = TextBar(2048, "upload", "B", out)
    for step in (1024, -1024, 2048):
        bar.update(step)
    bar.close()
    drawn = out.getvalue().split("\r\x1b[K")
    assert " 50% 1 KiB/2 KiB" in drawn[1]
    assert "  0% 0 B" in drawn[2]
    assert drawn[-1].rstrip().endswith("100% 2 KiB/2 KiB")


def test_no_test_of_the_client_reads_the_home_folder() -> None:
    assert Path.home() not in config.config_path().parents
