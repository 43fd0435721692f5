from __future__ import annotations

import json
import socket
import subprocess
from pathlib import Path

import pytest
from benchmarks import _report

from swath_dev import bench, package
from swath_dev.__main__ import main
from swath_dev._errors import CommandError
from swath_dev._uv import find_python
from swath_dev.cloud import LocalCloud, default_cloud
from swath_dev.template import Function


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWATH_STATE", str(tmp_path / "state"))


def test_a_token_is_all_that_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["token", "--org", "acme", "--sub", "ann", "--group", "a", "--group", "b"]) == 0

    (token,) = capsys.readouterr().out.split()
    assert token.count(".") == 2


def test_an_error_is_one_line_and_a_status(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWATH_PORT", "http")

    assert main(["env"]) == 1

    assert capsys.readouterr().err == "swath: SWATH_PORT is not a port number: 'http'\n"


def test_down_without_up_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["down"]) == 0

    assert capsys.readouterr().out == "the local cloud is not running\n"


def test_a_port_in_use_is_named_and_nothing_starts(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        cloud = LocalCloud(tmp_path / "state", other.getsockname()[1])

        with pytest.raises(CommandError, match="is in use"):
            cloud.start()

    assert not cloud.running()


def test_a_process_that_took_over_the_number_is_not_ours(tmp_path: Path) -> None:
    cloud = LocalCloud(tmp_path, 4999)
    record = {"pid": 1, "identity": "99 something of an earlier boot", "port": 4999}
    (tmp_path / "cloud.json").write_text(json.dumps(record))

    assert not cloud.running()
    assert not cloud.stop()


def test_the_state_and_port_come_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWATH_PORT", "4577")

    cloud = default_cloud()

    assert cloud.endpoint == "http://127.0.0.1:4577"
    assert cloud.state == tmp_path / "state"


def test_the_emulator_does_not_see_our_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "shared")
    monkeypatch.setenv("AWS_PROFILE", "production")

    environment = LocalCloud(tmp_path, 4577)._emulator_environment()

    assert "PYTHONPATH" not in environment
    assert "AWS_PROFILE" not in environment
    assert environment["BIND_HOST"] == "127.0.0.1"


def test_an_unknown_benchmark_is_refused_with_the_known_ones() -> None:
    with pytest.raises(CommandError, match="coldstart"):
        bench.bench("nothing")


def test_a_missed_bar_fails_the_run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_report, "_missed", [])
    _report.report("b", "c", "m", 1.0, "x", 1.5)
    _report.report("b", "c", "free", 9.0, "ms")
    _report.finish()

    _report.report("b", "c", "m", 1.6, "x", 1.5)
    with pytest.raises(SystemExit) as ended:
        _report.finish()

    assert ended.value.code == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["ok"] for line in lines] == [True, None, False]
    assert set(lines[0]) == {"bench", "case", "metric", "value", "unit", "bar", "ok"}


def test_a_package_over_the_limit_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(package, "BUILD", tmp_path)
    monkeypatch.setattr(package, "LIMIT", 1000)
    for folder, size in (("functions/api", 10), ("layers/core", 990), ("layers/base", 1)):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "file").write_bytes(b"x" * size)
    api, core, base = Path("functions/api"), Path("layers/core"), Path("layers/base")

    package._weigh([Function("api", api, (core,))], "3.13", "arm64")
    with pytest.raises(CommandError, match="over Lambda's limit: api"):
        package._weigh([Function("api", api, (core, base))], "3.13", "arm64")

    assert "1,001" in capsys.readouterr().out


def test_an_interpreter_that_does_not_start_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shim = tmp_path / "python3.99"
    shim.write_text("#!/bin/sh\necho not installed >&2\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    assert find_python("3.99") is None


def test_this_interpreter_is_found() -> None:
    version = "{}.{}".format(*__import__("sys").version_info)
    found = find_python(version)

    assert found is not None
    assert subprocess.run([found, "-c", ""], check=False).returncode == 0
