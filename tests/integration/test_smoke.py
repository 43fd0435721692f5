"""`make smoke`: the main job against a deployed stack, and what it says of one that is broken."""

from __future__ import annotations

import pytest

from swath_dev.cloud import Deployed
from swath_dev.smoke import smoke

pytestmark = pytest.mark.stack


def test_a_sound_stack_passes_and_is_left_as_it_was(
    stack: Deployed, capsys: pytest.CaptureFixture[str]
) -> None:
    assert smoke(stack.api_url, stack.token(org="canary")) == 0

    lines = capsys.readouterr().out.splitlines()
    assert len([line for line in lines if line.startswith("     ok  ")]) == 9
    assert lines[-1].startswith("passed in ")


def test_a_refusal_is_told_and_ends_the_run(
    stack: Deployed, capsys: pytest.CaptureFixture[str]
) -> None:
    assert smoke(stack.api_url, "no-token") == 1

    said = capsys.readouterr().out
    assert " FAILED " in said
    assert "answered 401" in said
    assert "upload" not in said


def test_a_stack_that_does_not_answer_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert smoke("http://127.0.0.1:9", "any") == 1
    assert "FAILED" in capsys.readouterr().out
