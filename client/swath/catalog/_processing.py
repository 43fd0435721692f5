"""How a band's values are computed from stored pixels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Generic, TypeVar

from ._attribute import Attribute
from ._structure import Structure, StructureAttribute

Step = TypeVar("Step", bound=Structure)


class ProcessingLevels(
    Attribute[dict[str, str | list[Step]], Mapping[str, Any] | None], Generic[Step]
):
    """Names of levels, each with its steps or the name of the level that it is another name for."""

    def __init__(self, step: type[Step], **options: Any) -> None:
        super().__init__(**options)
        self._kind = step
        self._step = StructureAttribute(step)
        self._step.name = "processing_levels"

    def coerce(self, value: Any) -> dict[str, str | list[Step]]:
        """A mapping of names to names or lists of steps; steps may be mappings."""
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
            raise self.wrong(value, "a mapping of level names")
        return {name: self._level(level) for name, level in value.items()}

    def load(self, wire: Any) -> dict[str, str | list[Step]]:
        """A new dictionary with new steps."""
        return {
            name: level if isinstance(level, str) else list(map(self._kind.from_wire, level))
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

    def _level(self, level: Any) -> str | list[Step]:
        if isinstance(level, str):
            return level
        if isinstance(level, Mapping) or not isinstance(level, Iterable):
            raise self.wrong(level, "a mapping of level names to names or lists of steps; one is")
        return [self._step.coerce(step) for step in level]
