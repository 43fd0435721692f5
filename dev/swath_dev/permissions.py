"""What each function may do, read from the policies in template.yaml."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

from swath_dev.build import ROOT
from swath_dev.template import load

PAGE = ROOT / "docs" / "operations.md"
_BEGIN = "<!-- permissions: python -m swath_dev permissions -->\n"
_END = "<!-- end of permissions -->\n"


class Grant(NamedTuple):
    """One action of one statement: function is the template's name of it (``ApiFunction``)."""

    function: str
    sid: str
    action: str
    resources: tuple[str, ...]


def grants(template: dict[str, Any] | None = None, *, optional: bool = False) -> Iterator[Grant]:
    """Yield every grant of the template, action by action.

    Those that a parameter must turn on are left out unless ``optional``.
    """
    for name, resource in (template or load())["Resources"].items():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        for policy in resource["Properties"]["Policies"]:
            for statement in policy["Statement"]:
                if "Fn::If" in statement and not optional:
                    continue
                given = statement["Fn::If"][1] if "Fn::If" in statement else statement
                resources = tuple(_resource(each) for each in _listed(given["Resource"]))
                for action in _listed(given["Action"]):
                    yield Grant(name, given["Sid"], action, resources)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _resource(value: dict[str, Any]) -> str:
    """Return a resource without the noise of its ARN: ``DataBucket/uploads/*``.

    ARNs that are put together of a list are called by the list's name.
    """
    text = next(iter(value.values()))
    if not isinstance(text, str):
        return next(_references(text))
    return text.replace("${", "").replace("}", "").replace(".Arn", "")


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict) and "Ref" in value:
        yield value["Ref"]
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _references(each)


def table() -> str:
    """Return the table of functions, actions and resources as Markdown."""
    rows: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for grant in grants():
        function = grant.function.removesuffix("Function").lower()
        rows[function, grant.resources].append(f"`{grant.action}`")
    lines = ["| function | on | may |", "|---|---|---|"]
    for (function, resources), actions in rows.items():
        where = ", ".join(f"`{each}`" for each in resources)
        lines.append(f"| {function} | {where} | {' '.join(dict.fromkeys(actions))} |")
    return "\n".join(lines) + "\n"


def page_with_table(page: str) -> str:
    """Return the page of operations with the table as it is now."""
    before, rest = page.split(_BEGIN)
    _, after = rest.split(_END)
    return f"{before}{_BEGIN}\n{table()}\n{_END}{after}"


def write() -> None:
    """Bring the table in docs/operations.md up to date."""
    PAGE.write_text(page_with_table(PAGE.read_text()))
