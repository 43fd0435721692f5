"""Athena's table is of the columns of the mirror's files, in the template and in the docs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from arro3.core import DataType
from arro3.io import read_parquet

from swath_core.index import key_of
from swath_core.mirror import write_file
from swath_core.store.postings import PostingRow
from swath_dev.template import load

PAGE = Path(__file__).parents[2] / "docs" / "analytics.md"
RESOURCES = load()["Resources"]
TABLE: dict[str, Any] = RESOURCES["AnalyticsTable"]["Properties"]["TableInput"]


def _hive(kind: DataType) -> str:
    """Return Hive's name of an Arrow type."""
    if DataType.is_struct(kind):
        return f"struct<{','.join(f'{each.name}:{_hive(each.type)}' for each in kind.fields)}>"
    if DataType.is_list(kind):
        return f"array<{_hive(kind.value_type)}>"
    if DataType.is_timestamp(kind):
        return "timestamp"
    names = {
        DataType.utf8(): "string",
        DataType.binary(): "binary",
        DataType.float64(): "double",
        DataType.int64(): "bigint",
    }
    return next(name for each, name in names.items() if each == kind)


def _columns_of_files() -> list[tuple[str, str]]:
    row = PostingRow(key_of("2020-02-03T00:00:00.000000Z", "acme:p:x"), None, "{}", 0, 1)
    schema = read_parquet(write_file("acme:p", [row])).schema
    # Athena takes no colons in names: columns are told by their places
    return [(name.replace(":", "_"), _hive(schema.field(name).type)) for name in schema.names]


def test_the_table_has_the_columns_of_the_files_in_their_order() -> None:
    storage = TABLE["StorageDescriptor"]
    told = [(each["Name"], each["Type"]) for each in storage["Columns"]]

    assert told == _columns_of_files()
    assert storage["SerdeInfo"]["Parameters"] == {"parquet.column.index.access": "true"}


def test_partitions_lie_where_the_mirror_links_its_files() -> None:
    template = TABLE["Parameters"]["storage.location.template"]["Fn::Sub"]
    keys = [each["Name"] for each in TABLE["PartitionKeys"]]

    assert template == ("s3://${MirrorBucket}/mirror/links/product=${!product}/month=${!month}/")
    for key in keys:
        assert TABLE["Parameters"][f"projection.{key}.type"] in {"injected", "date"}


def test_the_statement_of_the_docs_makes_the_table_of_the_template() -> None:
    (statement,) = re.findall(r"```sql\n(CREATE EXTERNAL TABLE.*?)```", PAGE.read_text(), re.DOTALL)
    (columns,) = re.findall(r"images \(\n(.*?)\n\)\n", statement, re.DOTALL)
    told = re.findall(r"^ +(\w+) (\S+?),?$", columns, re.MULTILINE)
    properties = dict(re.findall(r"'([\w.]+)' = '([^']*)'", statement))
    storage = TABLE["StorageDescriptor"]

    assert told == [(each["Name"], each["Type"]) for each in storage["Columns"]]
    assert properties.pop("storage.location.template") == (
        "s3://BUCKET/mirror/links/product=${product}/month=${month}/"
    )
    assert properties.pop("parquet.column.index.access") == "true"
    assert properties.items() <= TABLE["Parameters"].items()
    assert storage["InputFormat"] in statement
    assert storage["OutputFormat"] in statement


def test_analytics_are_off_unless_asked_for() -> None:
    names = [name for name in RESOURCES if name.startswith("Analytics")]

    assert sorted(names) == ["AnalyticsDatabase", "AnalyticsTable", "AnalyticsWorkGroup"]
    assert {RESOURCES[name]["Condition"] for name in names} == {"HasAnalytics"}
    parameters = load()["Parameters"]
    assert parameters["Analytics"]["Default"] == "false"
    limit = RESOURCES["AnalyticsWorkGroup"]["Properties"]["WorkGroupConfiguration"]
    assert limit["BytesScannedCutoffPerQuery"] == {"Ref": "AnalyticsBytes"}
    assert limit["EnforceWorkGroupConfiguration"] is True
