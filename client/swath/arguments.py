"""Arguments of the public functions: full signatures, and mistakes that name the nearest one."""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

_Public = TypeVar("_Public")
_Function = TypeVar("_Function", bound=Callable[..., Any])
_OPEN = inspect.CO_VARKEYWORDS


def public(thing: _Public, name: str | None = None) -> _Public:
    """Make a function, or every public method of a class, refuse unknown arguments helpfully.

    The TypeError names the function and the nearest argument that it has. Functions that take any
    keyword are left alone: they say themselves what they do not know. `name`: of a function, where
    it is called by another than its own.
    """
    if not isinstance(thing, type):
        return _checked(thing, name)  # type: ignore[type-var]
    for own, member in list(vars(thing).items()):
        if own.startswith("_") and own != "__init__":
            continue
        called = thing.__name__ if own == "__init__" else own
        if isinstance(member, classmethod | staticmethod):
            setattr(thing, own, type(member)(_checked(member.__func__, called)))
        elif inspect.isfunction(member):
            setattr(thing, own, _checked(member, called))
    return thing


def takes(arguments: type, **defaults: object) -> Callable[[_Function], _Function]:
    """Put the members of a TypedDict into the signature of a function that unpacks it.

    `defaults`: what a member is where it is left out, None where nothing is said.
    """

    def expanded(function: _Function) -> _Function:
        signature = inspect.signature(function)
        own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
        more = [
            inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=defaults.get(name),
                annotation=getattr(hint, "__forward_arg__", hint),
            )
            for name, hint in arguments.__annotations__.items()
        ]  # fmt: skip
        made = signature.replace(parameters=[*own, *more])
        function.__signature__ = made  # type: ignore[attr-defined]
        return function

    return expanded


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: the nearest known one, or nothing."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _checked(function: _Function, called: str | None) -> _Function:
    code = function.__code__
    described = getattr(function, "__signature__", None)
    if code.co_flags & _OPEN and described is None:
        return function
    count = code.co_argcount + code.co_kwonlyargcount
    known = set(described.parameters if described else code.co_varnames[:count])

    @functools.wraps(function)
    def call(*positional: Any, **named: Any) -> Any:
        for name in named:
            if name not in known:
                hint = nearest(name, sorted(known - {"self", "cls"}))
                where = called or function.__name__
                raise TypeError(f"{where}() takes no argument {name!r}{hint}")
        return function(*positional, **named)

    return call  # type: ignore[return-value]
