"""Completion of commands and options, generated from the parser."""

from __future__ import annotations

import argparse
from collections.abc import Iterator


def completion(parser: argparse.ArgumentParser, shell: str) -> None:
    """Print a script for `eval "$(swath completion bash)"`."""
    cases = "\n".join(
        f'    "{" ".join(path)}") words="{" ".join(words)}" ;;' for path, words in _levels(parser)
    )
    prelude = "autoload -U +X bashcompinit && bashcompinit\n" if shell == "zsh" else ""
    print(prelude + _SCRIPT.replace("CASES", cases).replace("GROUPS", "|".join(_groups(parser))))


def _groups(parser: argparse.ArgumentParser) -> list[str]:
    """The commands that have commands of their own."""
    return [
        " ".join(path)
        for path, words in _levels(parser)
        if path and not all(word.startswith("-") for word in words)
    ]


def _levels(
    parser: argparse.ArgumentParser, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """What may follow each command: its options, and its own commands."""
    words = [option for action in parser._actions for option in action.option_strings]
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            words += list(action.choices)
            for name, inner in action.choices.items():
                yield from _levels(inner, (*path, name))
    yield path, words


_SCRIPT = """_swath() {
  local path="" words="" word
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *)
      case "$path" in
        ""|GROUPS) path="${path:+$path }$word" ;;
      esac ;;
    esac
  done
  case "$path" in
CASES
  esac
  COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
  [ ${#COMPREPLY[@]} -eq 0 ] && COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _swath swath"""
