"""How a band's values are computed from stored pixels, or from other bands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from swath.catalog._attributes import Attribute, Enumerated, Integer, ListOf, Text, TupleOf
from swath.catalog._enums import DataType
from swath.catalog._structure import Structure, StructureAttribute


class ProcessingStep(Structure):
    """One step of a processing level."""

    function = Text(doc="Name of the function.")
    parameter = Text(doc="The image attribute that parameterises it.")
    index = Integer(doc="Which entry of that attribute.")
    data_type = Enumerated(DataType, doc="Type of the result.")
    data_range = TupleOf(2, doc="Least and greatest value of the result.")
    display_range = TupleOf(2, doc="Values of the result shown as black and as white.")
    physical_range = TupleOf(2, doc="What `data_range` stands for.")
    physical_range_unit = Text(doc="Unit of `physical_range`.")


class DerivedParams(Structure):
    """What a derived band is computed from."""

    function = Text(doc="Name of the function.")
    bands: ListOf[str] = ListOf(Text(), doc="Names of the bands it takes.")
    source_type = Enumerated(DataType, doc="Type that the bands are read as.")


Levels = dict[str, "str | list[ProcessingStep]"]


class ProcessingLevels(Attribute[Levels, Mapping[str, Any] | None]):
    """Names of levels, each with its steps or the name of the level that it is another name for."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._step = StructureAttribute(ProcessingStep)
        self._step.name = "processing_levels"

    def coerce(self, value: Any) -> Levels:
        """A mapping of names to names or lists of steps; steps may be mappings."""
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
            raise self.wrong(value, "a mapping of level names")
        return {name: self._level(level) for name, level in value.items()}

    def load(self, wire: Any) -> Levels:
        """A new dictionary with new steps."""
        return {
            name: level if isinstance(level, str) else list(map(ProcessingStep.from_wire, level))
            for name, level in (wire or {}).items()
        }

    def dump(self, value: Any) -> dict[str, Any]:
        """Checked once more: the mapping may have been changed in place."""
        return {
            name: level if isinstance(level, str) else [step.to_wire() for step in level]
            for name, level in self.coerce(value).items()
        }

    def is_set(self, owner: Any) -> bool:
        """A mapping that holds something is set, whoever filled it."""
        return super().is_set(owner) or bool(owner._values.get(self.name))

    def _level(self, level: Any) -> str | list[ProcessingStep]:
        if isinstance(level, str):
            return level
        if isinstance(level, Mapping) or not isinstance(level, Iterable):
            raise self.wrong(level, "a mapping of level names to names or lists of steps; one is")
        return [self._step.coerce(step) for step in level]
