"""`make up` and `make down`: what they start, keep, refuse and leave behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import jwt
import pytest
from botocore.exceptions import ClientError

from swath_dev import build, processes, replay, stacks
from swath_dev._errors import CommandError
from swath_dev.cloud import Deployed, LocalCloud
from swath_dev.deploy import deploy
from swath_dev.undeploy import undeploy

pytestmark = pytest.mark.stack

HANDLER = """
import json, os
import boto3
import swath_core

def lambda_handler(event, context):
    print(json.dumps(event))
    if "requestContext" in event:
        return {"statusCode": 200, "body": json.dumps(attempt(event))}
    return {"batchItemFailures": [
        {"itemIdentifier": record["messageId"]} for record in event.get("Records", [])
        if "poison" in record["body"]
    ]}

def attempt(event):
    # do what the caller asks for with this function's own rights
    asked = json.loads(event.get("body") or "null") or {}
    if not asked:
        return {"answer": ANSWER}
    client = boto3.client(asked["service"])
    try:
        getattr(client, asked["call"])(**asked["with"])
    except client.exceptions.ClientError as error:
        return {"error": error.response["Error"]["Code"]}
    return {"answer": "allowed"}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """This repository's template over functions that do what they are told."""
    root = tmp_path_factory.mktemp("repository")
    shutil.copytree(build.ROOT / "layers", root / "layers")
    shutil.copy(build.ROOT / "template.yaml", root)
    (root / "shared" / "swath_core").mkdir(parents=True)
    (root / "shared" / "swath_core" / "__init__.py").touch()
    write_handlers(root, "first")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "ROOT", root)
        yield root


def write_handlers(root: Path, answer: str) -> None:
    for function in build.FUNCTIONS:
        folder = root / "functions" / function
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "handler.py").write_text(HANDLER.replace("ANSWER", repr(answer)))


@pytest.fixture(scope="module")
def own(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    cloud = LocalCloud(tmp_path_factory.mktemp("own"), free_port())
    _, deployed = cloud.bring_up({"IngestRetryAfter": "1"})
    yield deployed
    cloud.stop()


def ask(url: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    data = json.dumps(body).encode() if body else None
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(url, data=data, headers=headers)
    with urllib.request.urlopen(request, timeout=30) as response:
        return dict(json.loads(response.read()))


def may(url: str, service: str, call: str, **arguments: Any) -> bool:
    asked = {"service": service, "call": call, "with": arguments}
    return ask(url, asked).get("error") not in {"AccessDenied", "AccessDeniedException"}


def test_api_and_raster_answer_at_their_routes(own: Deployed) -> None:
    assert ask(f"{own.api_url}/anything/at/all") == {"answer": "first"}
    assert ask(f"{own.api_url}/raster/v2/npz") == {"answer": "first"}
    assert ask(f"{own.raster_url}/raster/v2/npz") == {"answer": "first"}


def test_the_cloud_listens_on_loopback_only(own: Deployed) -> None:
    listening = subprocess.run(
        [sys.executable, "-c", "print(open('/proc/net/tcp').read())"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    if not listening:
        pytest.skip("only Linux tells")
    port = f":{own.cloud.port:04X}"
    addresses = {line.split()[1] for line in listening.splitlines()[1:] if line.strip()}
    assert {address for address in addresses if address.endswith(port)} == {f"0100007F{port}"}


def test_functions_run_with_their_own_rights_only(own: Deployed) -> None:
    api, raster = f"{own.api_url}/x", f"{own.api_url}/raster/x"
    image = {"Bucket": own.bucket, "Key": "images/acme/w/a.tif"}
    item = {"TableName": own.outputs["ImagesTable"], "Item": {"id": {"S": "a"}}}

    assert may(api, "dynamodb", "put_item", **item)
    assert not may(raster, "dynamodb", "put_item", **item)
    assert may(raster, "dynamodb", "scan", TableName="nothing") is False
    assert may(api, "s3", "put_object", Bucket=own.bucket, Key="uploads/u/0/a.tif", Body="x")
    assert not may(api, "s3", "put_object", **image, Body="x")
    assert not may(raster, "s3", "put_object", **image, Body="x")
    assert not may(raster, "s3", "delete_object", **image)
    assert not may(raster, "sqs", "send_message", QueueUrl="TasksQueue", MessageBody="x")
    assert may(raster, "s3", "put_object", Bucket=own.outputs["ResultsBucket"], Key="a", Body="x")
    assert may(api, "sqs", "send_message", QueueUrl=own.outputs["TasksQueue"], MessageBody="x")


def test_objects_are_private(own: Deployed) -> None:
    own.session.client("s3").put_object(Bucket=own.bucket, Key="private/a", Body=b"x")

    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"{own.cloud.endpoint}/{own.bucket}/private/a", timeout=10)


def log_of(deployed: Deployed, function: str) -> str:
    logs = deployed.session.client("logs")
    try:
        events = logs.filter_log_events(logGroupName=f"/swath/swath/{function}")["events"]
    except ClientError:
        return ""
    return "\n".join(event["message"] for event in events)


def eventually(condition: Any, seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


@pytest.mark.parametrize("key", ["uploads/u1/0/a.tif", "drop/acme/w/b.tif"])
def test_arrivals_reach_ingest_through_the_queue(own: Deployed, key: str) -> None:
    own.session.client("s3").put_object(Bucket=own.bucket, Key=key, Body=b"x")

    assert eventually(lambda: key in log_of(own, "ingest"))


def test_what_no_attempt_can_do_becomes_a_dead_letter_and_can_be_sent_again(own: Deployed) -> None:
    sqs = own.session.client("sqs")
    dead = own.outputs["IngestDeadLetters"]
    count = "ApproximateNumberOfMessages"

    def dead_letters() -> int:
        answer = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=[count])
        return int(answer["Attributes"][count])

    sqs.send_message(QueueUrl=own.outputs["IngestQueue"], MessageBody='{"poison": 1}')
    assert eventually(lambda: dead_letters() == 1, 60)

    assert replay.move(own.session, dead, own.outputs["IngestQueue"]) == 1
    assert dead_letters() == 0
    assert eventually(lambda: dead_letters() == 1, 60)


def test_up_again_deploys_changed_code_and_keeps_the_data(own: Deployed, repository: Path) -> None:
    pid = json.loads((own.cloud.state / "cloud.json").read_text())["pid"]
    table = own.session.resource("dynamodb").Table(own.outputs["ImagesTable"])
    table.put_item(Item={"id": "kept"})
    write_handlers(repository, "second")

    started, again = own.cloud.bring_up({"IngestRetryAfter": "1"})

    assert not started
    assert json.loads((own.cloud.state / "cloud.json").read_text())["pid"] == pid
    assert again.outputs == own.outputs
    assert ask(f"{again.api_url}/") == {"answer": "second"}
    assert table.get_item(Key={"id": "kept"})["Item"] == {"id": "kept"}


def test_data_and_addresses_survive_down_and_up(own: Deployed) -> None:
    table = own.session.resource("dynamodb").Table(own.outputs["ImagesTable"])
    table.put_item(Item={"id": "survivor"})
    s3 = own.session.client("s3")
    s3.put_object(Bucket=own.bucket, Key="images/a.tif", Body=b"pixels")
    token = own.token()

    assert own.cloud.stop()
    assert not own.cloud.running()
    started, again = own.cloud.bring_up({"IngestRetryAfter": "1"})

    assert started
    assert (again.api_url, again.bucket) == (own.api_url, own.bucket)
    assert "Item" in table.get_item(Key={"id": "survivor"})
    assert s3.get_object(Bucket=own.bucket, Key="images/a.tif")["Body"].read() == b"pixels"
    assert token.split(".")[0] == own.token().split(".")[0]


@pytest.fixture(scope="module")
def bare(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A cloud to which tests deploy stacks as one does to AWS."""
    cloud = LocalCloud(tmp_path_factory.mktemp("bare"), free_port())
    cloud.start()
    yield cloud
    cloud.stop()


def deployed(cloud: LocalCloud, folder: Path, said: list[str], **options: Any) -> dict[str, str]:
    options = {"probe": lambda _: None} | options
    return deploy(build.assemble(folder), environment=cloud.environment, say=said.append, **options)


def is_protected(cloud: LocalCloud, table: str) -> bool:
    answer = cloud.session.client("dynamodb").describe_table(TableName=table)
    # the emulator keeps the parameter's text
    return str(answer["Table"]["DeletionProtectionEnabled"]).lower() == "true"


def test_the_templates_defaults_deploy_with_a_pool_of_callers(
    bare: LocalCloud, tmp_path: Path
) -> None:
    out = deployed(bare, tmp_path / "b", [], stack="Own")
    callers = bare.session.client("cognito-idp")
    pool, password = out["UserPool"], "Correct-horse-9"
    callers.admin_create_user(
        UserPoolId=pool,
        Username="ann",
        UserAttributes=[{"Name": "custom:org", "Value": "acme"}],
    )
    callers.admin_set_user_password(
        UserPoolId=pool, Username="ann", Password=password, Permanent=True
    )
    answer = callers.initiate_auth(
        ClientId=out["UserPoolClient"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ann", "PASSWORD": password},
    )

    token = answer["AuthenticationResult"]["IdToken"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["iss"] == out["Issuer"]
    assert claims["aud"] == out["UserPoolClient"]
    assert claims["custom:org"] == "acme"


def test_a_stack_is_protected_once_its_routes_answer_and_undeploy_keeps_its_data(
    bare: LocalCloud, tmp_path: Path
) -> None:
    said: list[str] = []
    seen: list[bool] = []

    def probe(found: Mapping[str, str]) -> None:
        seen.append(is_protected(bare, found["ImagesTable"]))

    out = deployed(bare, tmp_path / "b", said, stack="Protected", probe=probe)

    assert seen == [False]
    assert is_protected(bare, out["ImagesTable"])
    assert said[-3:] == [
        "creating the stack Protected in us-east-1",
        "asking the routes of the API and of raster",
        "the routes answer: protecting the tables from deletion",
    ]
    (found,) = bare.session.client("cloudformation").describe_stacks(StackName="Protected")[
        "Stacks"
    ]
    assert {"Key": "swath:stack", "Value": "Protected"} in found["Tags"]

    table = bare.session.resource("dynamodb").Table(out["ImagesTable"])
    table.put_item(Item={"id": "kept"})
    said.clear()

    undeploy("Protected", environment=bare.environment, say=said.append)

    assert stacks.status(bare.session, "Protected") is None
    assert table.get_item(Key={"id": "kept"})["Item"] == {"id": "kept"}
    bare.session.client("s3").head_bucket(Bucket=out["DataBucket"])
    bare.session.client("cognito-idp").describe_user_pool(UserPoolId=out["UserPool"])
    kept = " ".join(said)
    assert all(out[name] in kept for name in ("ImagesTable", "DataBucket", "UserPool"))


def test_a_failed_first_deployment_is_mended_by_the_next_and_undeploy_can_delete_all(
    bare: LocalCloud, tmp_path: Path
) -> None:
    def refuse(_: Mapping[str, str]) -> None:
        raise CommandError("deployed, but it answers 502")

    with pytest.raises(CommandError, match="502"):
        deployed(bare, tmp_path / "b", [], stack="Gone", probe=refuse)
    out = deployed(bare, tmp_path / "c", [], stack="Gone")

    assert is_protected(bare, out["ImagesTable"])
    s3 = bare.session.client("s3")
    for body in (b"one", b"two"):
        s3.put_object(Bucket=out["DataBucket"], Key="images/a.tif", Body=body)
    s3.delete_object(Bucket=out["DataBucket"], Key="images/a.tif")
    taken_down = partial(
        undeploy, "Gone", delete_data=True, environment=bare.environment, say=lambda _: None
    )

    with pytest.raises(CommandError, match="nothing was deleted"):
        taken_down(confirm=lambda: "gone")
    assert is_protected(bare, out["ImagesTable"])
    taken_down(confirm=lambda: "Gone")

    assert stacks.status(bare.session, "Gone") is None
    tables = bare.session.client("dynamodb").list_tables()["TableNames"]
    assert not {out["ImagesTable"], out["UploadsTable"]} & set(tables)
    with pytest.raises(ClientError, match="404"):
        s3.head_bucket(Bucket=out["DataBucket"])
    with pytest.raises(CommandError, match="there is no stack Gone"):
        taken_down(confirm=lambda: "Gone")


def test_a_failed_deployment_is_one_line_and_leaves_nothing_running(
    repository: Path, tmp_path: Path
) -> None:
    cloud = LocalCloud(tmp_path / "state", free_port())

    with pytest.raises(CommandError) as raised:
        cloud.bring_up({"Architecture": "sparc"})

    assert "\n" not in str(raised.value)
    assert "Architecture" in str(raised.value)
    assert not cloud.running()


def test_after_a_failed_deployment_up_works(repository: Path, tmp_path: Path) -> None:
    cloud = LocalCloud(tmp_path / "state", free_port())
    with pytest.raises(CommandError):
        cloud.bring_up({"LogRetentionDays": "30", "IngestTimeout": "901"})

    started, deployed = cloud.bring_up()
    cloud.stop()

    assert started
    assert deployed.bucket


def test_a_cloud_that_was_killed_comes_up_again(repository: Path, tmp_path: Path) -> None:
    cloud = LocalCloud(tmp_path / "state", free_port())
    cloud.bring_up()
    pid = json.loads((cloud.state / "cloud.json").read_text())["pid"]
    os.killpg(pid, signal.SIGKILL)
    assert eventually(lambda: processes.identity(pid) is None)

    started, deployed = cloud.bring_up()
    answer = ask(f"{deployed.api_url}/")
    cloud.stop()

    assert started
    assert "answer" in answer
