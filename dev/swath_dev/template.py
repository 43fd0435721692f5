"""What the tools read from template.yaml: which functions there are and which layers they use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from swath_dev.build import ROOT

TEMPLATE = ROOT / "template.yaml"


@dataclass(frozen=True)
class Function:
    """A function of the template: its folder and its layers' folders, relative to the build."""

    name: str
    code: Path
    layers: tuple[Path, ...]


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags: `!Ref X` becomes {"Ref": "X"}, others {"Fn::..."}."""


def _intrinsic(loader: _Loader, tag: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(cast("yaml.MappingNode", node), deep=True)
    return {tag if tag in {"Ref", "Condition"} else f"Fn::{tag}": value}


_Loader.add_multi_constructor("!", _intrinsic)


def load(path: Path = TEMPLATE) -> dict[str, Any]:
    """Return a template with its short tags written out."""
    with path.open() as file:
        return dict(yaml.load(file, Loader=_Loader))  # noqa: S506 - a SafeLoader with more tags


def functions(template: dict[str, Any]) -> list[Function]:
    """Return the template's functions in the order of their names."""
    resources = template["Resources"]
    found = []
    for resource in resources.values():
        if resource["Type"] == "AWS::Serverless::Function":
            properties = resource["Properties"]
            layers = (resources[layer["Ref"]] for layer in properties["Layers"])
            paths = tuple(Path(layer["Properties"]["ContentUri"]) for layer in layers)
            code = Path(properties["CodeUri"])
            found.append(Function(code.name, code, paths))
    return sorted(found, key=lambda function: function.name)
