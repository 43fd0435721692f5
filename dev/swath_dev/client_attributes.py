"""The client's attributes, generated from the service's definitions.

One module of descriptors: the enumerations, the structures inside of attributes, and one class of
attributes for each kind of object, from which the client's public classes inherit.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from swath_core.definitions import (
    BAND,
    BAND_TYPES,
    BANDS,
    COLORMAPS,
    DATA_TYPES,
    EVENT_SEVERITIES,
    EVENT_TYPES,
    FILE,
    IMAGE,
    PRODUCT,
    RESAMPLERS,
    STORAGE_STATES,
    UPLOAD,
    UPLOAD_EVENT,
    UPLOAD_OPTIONS,
    UPLOAD_STATUSES,
    UPLOAD_TYPES,
    AnyOf,
    Attribute,
    AttributeType,
    Boolean,
    Choice,
    Footprint,
    Integer,
    JsonObject,
    ListOf,
    MapOf,
    Nodata,
    Number,
    OrNull,
    Record,
    Resolution,
    Text,
    Timestamp,
)

TARGET = Path(__file__).parents[2] / "client" / "swath" / "catalog" / "_generated.py"
_SIMPLE: dict[type[AttributeType], tuple[str, str]] = {
    Text: ("Text", "str"),
    Number: ("Number", "float"),
    Nodata: ("Number", "float"),
    Integer: ("Integer", "int"),
    Boolean: ("Boolean", "bool"),
    Timestamp: ("Timestamp", "datetime"),
    Resolution: ("ResolutionAttribute", "Resolution"),
    Footprint: ("GeometryAttribute", "Any"),
}
_ENUMERATIONS = {
    "BandType": (BAND_TYPES, "What a band measures; decides the class of a band object."),
    "DataType": (DATA_TYPES, "The type of a pixel."),
    "Colormap": (COLORMAPS, "Named colormaps for bands of one value per pixel."),
    "StorageState": (STORAGE_STATES, "Whether the catalog holds an image's files itself."),
    "OverviewResampler": (RESAMPLERS, "How overviews are computed from full-resolution pixels."),
    "ImageUploadType": (UPLOAD_TYPES, "What is uploaded."),
    "ImageUploadStatus": (UPLOAD_STATUSES, "How far an upload has come."),
    "ImageUploadEventType": (EVENT_TYPES, "What happened to an upload."),
    "ImageUploadEventSeverity": (EVENT_SEVERITIES, "How bad an event of an upload is."),
}
_BASES = {"ImageUploadStatus": "UploadState"}
"""An enumeration's base, where it can do more than hold its values."""

_LEVELS = BAND.attribute("processing_levels").type
_STRUCTURES = {
    "File": (
        FILE,
        "Where pixels of an image are stored: a remote one needs `href` or `provider_href`.",
    ),
    "ProcessingStep": (_LEVELS.item.types[1].item, "One step of a processing level."),  # type: ignore[attr-defined]
    "DerivedParams": (BAND.attribute("derived_params").type, "What a derived band is made of."),
    "ImageUploadOptions": (UPLOAD_OPTIONS, "How an upload becomes an image."),
    "UploadEventAttributes": (UPLOAD_EVENT, "What an event of an upload says."),
}
_NODATA = {"finite": "False"}
"""The client lets through what only the service can judge: the nodata of a float may be NaN."""


def write() -> None:
    """Write the module into the client."""
    TARGET.write_text(generated(), "utf-8")
    print(TARGET)


def generated() -> str:
    """The source of the module, formatted."""
    parts = [_HEAD, *map(_enumeration, _ENUMERATIONS), *map(_structure, _STRUCTURES)]
    parts += [_attributes(name, said, found) for name, said, found in _classes()]
    return _formatted("\n\n".join(parts))


def _classes() -> Iterator[tuple[str, str, Iterable[Attribute]]]:
    """The classes of attributes: those that several kinds share, then each kind's own."""
    everywhere = {"created", "modified"}
    named = ("name", "product_id")
    yield "ObjectAttributes", "Of every object.", [a for a in PRODUCT if a.name in everywhere]
    in_product = replace(IMAGE.attribute("name"), description="Unique in its product.")
    both = [in_product, IMAGE.attribute("product_id")]
    yield "NamedAttributes", "Of bands and images.", both
    yield "ProductAttributes", "Of products.", _without(PRODUCT, everywhere)
    common = set.intersection(*(set(resource.attributes) for resource in BANDS.values()))
    shared = _without(BAND, everywhere | {*named} | (set(BAND.attributes) - common))
    yield "BandAttributes", "Of bands of all types.", shared
    for kind in BAND_TYPES:
        own = _without(BANDS[kind], common)
        yield f"{kind.capitalize()}BandAttributes", f"Of {kind} bands.", own
    yield "ImageAttributes", "Of images.", _without(IMAGE, everywhere | {*named})
    yield "UploadAttributes", "Of uploads.", _without(UPLOAD, everywhere)


def _without(resource: Iterable[Attribute], names: set[str]) -> list[Attribute]:
    return [attribute for attribute in resource if attribute.name not in names]


def _enumeration(name: str) -> str:
    values, said = _ENUMERATIONS[name]
    members = [f"    {value.upper()} = {value!r}" for value in values]
    bases = ", ".join([_BASES[name]] if name in _BASES else ["Choices"])
    return "\n".join([f"class {name}({bases}):", f'    """{said}"""', "", *members])


def _structure(name: str) -> str:
    record, said = _STRUCTURES[name]
    assert isinstance(record, Record)  # noqa: S101 - for the type checker
    lines = [
        _member(member, field.type, field.description, {})
        for member, field in record.fields.items()
    ]
    return "\n".join([f"class {name}(Structure):", f'    """{said}"""', "", *lines])


def _attributes(name: str, said: str, attributes: Iterable[Attribute]) -> str:
    lines = [_attribute(attribute) for attribute in attributes]
    return "\n".join([f"class {name}(AttributeOwner):", f'    """{said}"""', "", *lines])


def _attribute(attribute: Attribute) -> str:
    options = {}
    if attribute.read_only:
        options["read_only"] = "True"
    elif not attribute.mutable:
        options["mutable"] = "False"
    if attribute.name == "nodata":
        options |= _NODATA
    kind = BAND.attribute("type").type if attribute.name == "type" else attribute.type
    return _member(attribute.name, kind, attribute.description, options)


def _member(name: str, kind: AttributeType, said: str, options: dict[str, str]) -> str:
    annotation, made, arguments = _descriptor(kind)
    given = [*arguments, *(f"{key}={value}" for key, value in options.items()), f"doc={said!r}"]
    annotation = f": {annotation}" if annotation else ""
    return f"    {name}{annotation} = {made}({', '.join(given)})"


def _descriptor(kind: AttributeType) -> tuple[str, str, list[str]]:
    """The annotation of an attribute (empty where it is inferred), its class and arguments."""
    if isinstance(kind, Choice):
        return "", "Enumerated", [_enumeration_of(kind)]
    if isinstance(kind, Record):
        return "", "StructureAttribute", [_structure_of(kind)]
    if isinstance(kind, ListOf):
        return _list(kind)
    if isinstance(kind, MapOf):
        levels = kind == _LEVELS
        return (
            ("", "ProcessingLevels", ["ProcessingStep"]) if levels else ("", "ExtraProperties", [])
        )
    if isinstance(kind, AnyOf | JsonObject):
        return "Attribute[Any, Any]", "Attribute", []
    return "", _SIMPLE[type(kind)][0], []


def _list(kind: ListOf) -> tuple[str, str, list[str]]:
    if kind.item == Number() and kind.shortest == kind.longest:
        return "", "TupleOf", [str(kind.longest)]
    nullable = isinstance(kind.item, OrNull)
    item = kind.item.item if isinstance(kind.item, OrNull) else kind.item
    _, made, arguments = _descriptor(item)
    arguments = [*arguments, *(["nullable=True"] if nullable else [])]
    return f"ListOf[{_held(kind.item)}]", "ListOf", [f"{made}({', '.join(arguments)})"]


def _held(kind: AttributeType) -> str:
    """The type of a value in Python."""
    if isinstance(kind, OrNull):
        return f"{_held(kind.item)} | None"
    if isinstance(kind, ListOf):
        return f"list[{_held(kind.item)}]"
    if isinstance(kind, Record):
        return _structure_of(kind)
    return _SIMPLE[type(kind)][1]


def _enumeration_of(kind: Choice) -> str:
    return next(name for name, (values, _) in _ENUMERATIONS.items() if values == kind.values)


def _structure_of(kind: Record) -> str:
    return next(name for name, (record, _) in _STRUCTURES.items() if record is kind)


def _formatted(source: str) -> str:
    tool: list[Any] = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(TARGET), "-"]
    done = subprocess.run(tool, input=source, capture_output=True, text=True, check=True)
    return done.stdout


_HEAD = '''"""Attributes of the catalog's objects, generated from the service's definitions.

`python -m swath_dev client-attributes` writes this module; a test compares it with what it writes.
"""

from __future__ import annotations

from typing import Any

from ._attribute import Attribute, AttributeOwner
from ._attributes import (
    Boolean,
    Enumerated,
    ExtraProperties,
    Integer,
    ListOf,
    Number,
    Text,
    Timestamp,
    TupleOf,
)
from ._enums import Choices, UploadState
from ._geometry import GeometryAttribute
from ._processing import ProcessingLevels
from ._resolution import ResolutionAttribute
from ._structure import Structure, StructureAttribute
'''
