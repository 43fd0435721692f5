"""What every deployment must be, read from template.yaml."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest

from swath_core.settings import Settings
from swath_dev import permissions
from swath_dev.build import FUNCTIONS, ROOT
from swath_dev.template import TEMPLATE, functions, load

FOUND = load()
RESOURCES: dict[str, dict[str, Any]] = FOUND["Resources"]


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    return {
        name: resource["Properties"]
        for name, resource in RESOURCES.items()
        if resource["Type"] == kind
    }


def statements(function: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for policy in function["Policies"]:
        for statement in policy["Statement"]:
            yield statement["Fn::If"][1] if "Fn::If" in statement else statement


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


LAMBDAS = of_type("AWS::Serverless::Function")


def test_every_function_has_its_room() -> None:
    assert [function.name for function in functions(FOUND)] == sorted(FUNCTIONS)
    for function in functions(FOUND):
        assert (ROOT / function.code / "handler.py").exists()


@pytest.mark.parametrize(
    ("layer", "carrying"),
    [("raster", {"ingest", "raster"}), ("stac", {"api"}), ("mirror", {"api", "rollup"})],
)
def test_only_those_that_need_a_layer_carry_it(layer: str, carrying: set[str]) -> None:
    assert {f.name for f in functions(FOUND) if layer in {p.name for p in f.layers}} == carrying


@pytest.mark.parametrize("name", LAMBDAS)
def test_policies_are_least_privilege(name: str) -> None:
    for statement in statements(LAMBDAS[name]):
        assert statement["Effect"] == "Allow"
        assert not [action for action in as_list(statement["Action"]) if "*" in action]
        for resource in as_list(statement["Resource"]):
            assert isinstance(resource, dict), f"{name} names a resource of no stack: {resource}"
            text = str(next(iter(resource.values())))
            assert not text.startswith("*")


@pytest.mark.parametrize("name", LAMBDAS)
def test_statements_of_a_policy_have_names_of_their_own(name: str) -> None:
    names = [statement["Sid"] for statement in statements(LAMBDAS[name])]
    assert len(names) == len(set(names)), "IAM refuses a policy that names two alike"


def test_raster_changes_no_document() -> None:
    reading = {"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"}
    for statement in statements(LAMBDAS["RasterFunction"]):
        actions = {a for a in as_list(statement["Action"]) if a.startswith("dynamodb:")}
        if not actions <= reading:
            key = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["!swath"]}}
            quota = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["!quota#*"]}}
            assert (actions, statement["Condition"]) in [
                ({"dynamodb:PutItem"}, key),
                ({"dynamodb:UpdateItem"}, quota),
            ]


def test_only_ingest_writes_images() -> None:
    writers = {
        name
        for name, function in LAMBDAS.items()
        for statement in statements(function)
        if "s3:PutObject" in as_list(statement["Action"])
        and any("/images/" in str(resource) for resource in as_list(statement["Resource"]))
    }

    assert writers == {"IngestFunction"}


@pytest.mark.parametrize("bucket", ["DataBucket", "MirrorBucket"])
def test_who_reads_objects_sees_whether_they_exist(bucket: str) -> None:
    """Without s3:ListBucket S3 answers 403 for an object that is gone, and not 404."""

    def with_right(action: str, ending: str) -> set[str]:
        return {
            name
            for name, function in LAMBDAS.items()
            for statement in statements(function)
            for resource in as_list(statement["Resource"])
            if action in as_list(statement["Action"]) and f"{bucket}{ending}" in str(resource)
        }

    readers = with_right("s3:GetObject", ".Arn}/")
    assert "ApiFunction" in readers
    assert readers <= with_right("s3:ListBucket", "")


@pytest.mark.parametrize("name", of_type("AWS::DynamoDB::Table"))
def test_tables_are_on_demand_encrypted_and_recoverable(name: str) -> None:
    table = of_type("AWS::DynamoDB::Table")[name]

    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["DeletionProtectionEnabled"] == {"Ref": "DeletionProtection"}
    assert RESOURCES[name]["DeletionPolicy"] == "RetainExceptOnCreate"


def test_there_are_five_tables() -> None:
    assert len(of_type("AWS::DynamoDB::Table")) == 5


@pytest.mark.parametrize("name", of_type("AWS::S3::Bucket"))
def test_buckets_are_private_encrypted_and_tls_only(name: str) -> None:
    bucket = of_type("AWS::S3::Bucket")[name]
    policies = of_type("AWS::S3::BucketPolicy").values()
    (policy,) = (p for p in policies if p["Bucket"] == {"Ref": name})
    (statement,) = policy["PolicyDocument"]["Statement"]

    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert "BucketEncryption" in bucket
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert FOUND["Parameters"]["TlsOnly"]["Default"] == "true"


def test_queues_that_trigger_functions_have_dead_letters_and_partial_failures() -> None:
    queues = of_type("AWS::SQS::Queue")
    sources = [
        event["Properties"]
        for function in LAMBDAS.values()
        for event in function.get("Events", {}).values()
        if event["Type"] == "SQS"
    ]

    assert len(sources) == 2
    for source in sources:
        queue = queues[source["Queue"]["Fn::GetAtt"].removesuffix(".Arn")]
        assert queue["RedrivePolicy"]["maxReceiveCount"] == 5
        assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_a_message_outlasts_six_runs_of_its_function() -> None:
    parameters = FOUND["Parameters"]

    assert parameters["IngestRetryAfter"]["Default"] >= 6 * parameters["IngestTimeout"]["Default"]
    assert parameters["TaskRetryAfter"]["Default"] >= 6 * LAMBDAS["RollupFunction"]["Timeout"]


def test_arrivals_of_both_doors_reach_ingest() -> None:
    bucket = of_type("AWS::S3::Bucket")["DataBucket"]
    prefixes = {
        configuration["Filter"]["S3Key"]["Rules"][0]["Value"]
        for configuration in bucket["NotificationConfiguration"]["QueueConfigurations"]
    }

    assert prefixes == {"uploads/", "drop/"}


def test_logs_are_kept_for_a_limited_time() -> None:
    groups = of_type("AWS::Logs::LogGroup")

    assert len(groups) == len(LAMBDAS) + 1
    assert all(g["RetentionInDays"] == {"Ref": "LogRetentionDays"} for g in groups.values())
    for function in LAMBDAS.values():
        assert function["LoggingConfig"]["LogGroup"]["Ref"] in groups


def watched() -> set[tuple[str, str]]:
    return {
        (alarm["MetricName"], str(alarm["Dimensions"][0]["Value"]))
        for alarm in of_type("AWS::CloudWatch::Alarm").values()
    }


@pytest.mark.parametrize("name", LAMBDAS)
@pytest.mark.parametrize("metric", ["Errors", "Throttles"])
def test_alarms_watch_every_function(name: str, metric: str) -> None:
    assert (metric, str({"Ref": name})) in watched()


@pytest.mark.parametrize("name", of_type("AWS::SQS::Queue"))
def test_alarms_watch_every_queue(name: str) -> None:
    dead = name.endswith("DeadLetters")
    metric = "ApproximateNumberOfMessagesVisible" if dead else "ApproximateAgeOfOldestMessage"

    assert (metric, str({"Fn::GetAtt": f"{name}.QueueName"})) in watched()


@pytest.mark.parametrize("name", of_type("AWS::DynamoDB::Table"))
@pytest.mark.parametrize("metric", ["ReadThrottleEvents", "WriteThrottleEvents"])
def test_alarms_watch_every_table(name: str, metric: str) -> None:
    assert (metric, str({"Ref": name})) in watched()


def test_alarms_watch_what_callers_see() -> None:
    assert {("5xx", str({"Ref": "HttpApi"})), ("Latency", str({"Ref": "HttpApi"}))} <= watched()
    assert ("Url5xxCount", str({"Ref": "RasterFunction"})) in watched()


OWN_METRICS = {"RollupLagSeconds", "RollupDrift", "MirrorDrift", "SweepProblems", "SweepBacklog"}


def test_alarms_watch_the_scheduled_work() -> None:
    alarms = of_type("AWS::CloudWatch::Alarm").values()
    own = {alarm["MetricName"]: alarm for alarm in alarms if alarm["Namespace"] == "Swath"}

    assert own.keys() == OWN_METRICS
    assert own["RollupLagSeconds"]["TreatMissingData"] == "breaching", "a run that never tells"


def test_alarms_and_dashboard_name_metrics_that_are_written() -> None:
    handler = (ROOT / "functions" / "rollup" / "handler.py").read_text()

    for metric in OWN_METRICS:
        assert f'"{metric}"' in handler
        assert f'"{metric}"' in str(RESOURCES["Dashboard"]["Properties"]["DashboardBody"])


def test_the_dashboard_is_json() -> None:
    (body,) = RESOURCES["Dashboard"]["Properties"]["DashboardBody"].values()

    assert len(json.loads(body)["widgets"]) == 8


def test_the_data_bucket_keeps_old_versions_as_long_as_tables_can_be_restored() -> None:
    bucket = of_type("AWS::S3::Bucket")["DataBucket"]
    rules = {rule.get("Prefix"): rule for rule in bucket["LifecycleConfiguration"]["Rules"]}

    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert rules["images/"]["NoncurrentVersionExpiration"]["NoncurrentDays"] > 35
    for prefix in ("uploads/", "drop/"):
        assert rules[prefix]["NoncurrentVersionExpiration"]["NoncurrentDays"] == 1


def test_the_table_of_permissions_is_up_to_date() -> None:
    page = permissions.PAGE.read_text()

    assert permissions.page_with_table(page) == page, "run python -m swath_dev permissions"


def test_the_environment_is_what_settings_read() -> None:
    known = {f"SWATH_{field.name.upper()}" for field in fields(Settings)}
    given = set(FOUND["Globals"]["Function"]["Environment"]["Variables"])
    for function in LAMBDAS.values():
        given |= set(function["Environment"]["Variables"])

    assert {name for name in given if name.startswith("SWATH_")} == known


def test_a_users_own_pool_lets_nobody_choose_their_organisation() -> None:
    client = of_type("AWS::Cognito::UserPoolClient")["UserPoolClient"]

    assert not {"custom:org", "email", "email_verified"} & set(client["WriteAttributes"])
    assert of_type("AWS::Cognito::UserPool")["UserPool"]["AdminCreateUserConfig"] == {
        "AllowAdminCreateUserOnly": True
    }


def test_a_users_own_pool_signs_in_by_a_code_that_comes_back_to_the_stack() -> None:
    client = of_type("AWS::Cognito::UserPoolClient")["UserPoolClient"]
    (domain,) = of_type("AWS::Cognito::UserPoolDomain").values()

    assert client["AllowedOAuthFlowsUserPoolClient"] is True
    assert client["AllowedOAuthFlows"] == ["code"]
    assert client["GenerateSecret"] is False
    assert client["CallbackURLs"] == client["LogoutURLs"]
    assert len(client["CallbackURLs"]) == 2
    assert "AWS::StackId" in str(domain["Domain"]), "its name is no other stack's"


LABELS = re.compile(FOUND["Parameters"]["LabelTiles"]["AllowedPattern"])


@pytest.mark.parametrize(
    "address",
    [
        "",
        "https://tiles.example/names/{z}/{x}/{y}.png",
        "https://tiles.example:8443/{z}/{y}/{x}?key=a-b_c&size=2",
    ],
)
def test_label_tiles_are_an_address_with_a_place_in_it(address: str) -> None:
    assert LABELS.fullmatch(address)


@pytest.mark.parametrize(
    "address",
    [
        "http://tiles.example/{z}/{x}/{y}.png",
        "https://tiles.example/names.png",
        "https://tiles.example/{z}/{x}.png",
        "https://tiles.example; script-src */{z}/{x}/{y}.png",
        "https://*/{z}/{x}/{y}.png",
        "https://me@tiles.example/{z}/{x}/{y}.png",
        "https://tiles.example/{s}/{z}/{x}/{y}.png",
        "https://tiles.example/{z}/{x}/{y}.png https://other.example",
    ],
)
def test_nothing_else_gets_into_the_pages_policy(address: str) -> None:
    assert not LABELS.fullmatch(address)


def test_the_map_has_no_labels_unless_a_parameter_says_whose() -> None:
    parameters = FOUND["Parameters"]

    assert parameters["LabelTiles"]["Default"] == parameters["LabelAttribution"]["Default"] == ""
    assert "LabelAttribution" in str(FOUND["Rules"]["LabelsNeedAttribution"]["Assertions"])


@pytest.mark.parametrize(("name", "value"), [("Runtime", "python3.13"), ("Architecture", "arm64")])
def test_the_runtime_is_a_parameter(name: str, value: str) -> None:
    assert FOUND["Parameters"][name]["Default"] == value
    assert LAMBDAS.keys() == {f"{function.capitalize()}Function" for function in FUNCTIONS}


def test_the_template_uses_no_yaml_that_cloudformation_refuses() -> None:
    import yaml

    tokens = yaml.scan(TEMPLATE.read_text())

    assert not [t for t in tokens if isinstance(t, yaml.AnchorToken | yaml.AliasToken)]
