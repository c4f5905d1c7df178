"""The command line as a user or a script meets it: help, errors, exit statuses, one JSON object as the last line."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from simgen import __version__, cli
from simgen.errors import BadInput, SimgenError

ENGINES = ("warp", "newton", "torch", "mujoco", "sapien", "mani_skill", "tyro")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "simgen.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def with_command(monkeypatch: pytest.MonkeyPatch, function: object) -> None:
    """Makes `function` the only sub-command, by the name `probe`."""
    entry = EntryPoint("probe", "tests:probe", cli.GROUP)
    monkeypatch.setattr(EntryPoint, "load", lambda self: function)
    monkeypatch.setattr(cli, "commands", lambda: {"probe": entry})


def test_help_lists_every_command_with_a_summary(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    text = capsys.readouterr().out
    for name in ("bench", "check", "generate", "info", "list", "replay", "report", "schema", "validate"):
        line = next(line for line in text.splitlines() if line.split()[:1] == [name])
        assert len(line.split()) > 3, f"no summary: {line}"


def test_help_is_quick_and_loads_no_engine() -> None:
    code = f"import sys; from simgen.cli import main; main(['--help']); print({ENGINES!r} & sys.modules.keys())"
    code = code.replace(repr(ENGINES), repr(set(ENGINES)))
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"
    assert time.perf_counter() - began < 2.0  # 0.15 s on an idle machine


def test_no_command_shows_the_help_and_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 2
    assert "usage: simgen" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"simgen {__version__}\n"


@pytest.mark.parametrize(("wrong", "right"), [("valdate", "validate"), ("generat", "generate")])
def test_unknown_command_names_the_nearest(wrong: str, right: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([wrong]) == 2
    message = capsys.readouterr().err
    assert f"did you mean '{right}'?" in message
    assert "Traceback" not in message


def test_wrong_arguments_exit_with_2() -> None:
    done = run("list", "nonsense")
    assert done.returncode == 2
    assert "nonsense" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(("error", "status"), [(SimgenError("disk full"), 1), (BadInput("no such robot"), 2)])
def test_errors_are_one_message_and_an_exit_status(
    error: SimgenError, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(argv: list[str]) -> int:
        raise error

    with_command(monkeypatch, failing)
    assert cli.main(["probe", "--json"]) == status
    captured = capsys.readouterr()
    assert captured.err == f"error: {error}\n"
    assert json.loads(captured.out.splitlines()[-1]) == {"error": str(error)}


def test_ctrl_c_exits_with_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(argv: list[str]) -> int:
        raise KeyboardInterrupt

    with_command(monkeypatch, interrupted)
    assert cli.main(["probe"]) == 130
    assert capsys.readouterr().err == "interrupted\n"


@pytest.mark.parametrize("what", ["tasks", "robots", "objects", "terms", "randomizations", "textures", "colors"])
def test_list_prints_names_as_the_last_line(what: str) -> None:
    done = run("list", what, "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout.splitlines()[-1])[what]
    assert rows
    assert all(row["name"] for row in rows)


def test_list_robots_states_source_and_licence() -> None:
    done = run("list", "robots", "--json")
    rows = json.loads(done.stdout.splitlines()[-1])["robots"]
    assert all(row["licence_note"] for row in rows)
    assert all(f"{row['name']}: {row['licence_note']}" in run("list", "robots").stderr for row in rows[:1])
    assert {"panda", "xarm7", "so100"} <= {row["name"].split("_")[0] for row in rows}
    assert all(row["source"] and row["licence"] for row in rows)


def test_schema_is_a_json_schema() -> None:
    schema = json.loads(run("schema").stdout)
    assert {"name", "scene", "robot", "randomize"} <= set(schema["properties"])


def test_validate_a_shipped_task() -> None:
    done = run("validate", "pick_cube", "--set", "episode.max_steps=50", "--json")
    assert done.returncode == 0, done.stderr
    (result,) = json.loads(done.stdout.splitlines()[-1])["files"]
    assert result["ok"]
    assert "cube" in result["objects"]


def test_validate_reports_every_wrong_file(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("name: wrong\nrobto: {use: panda}\n")
    done = run("validate", str(wrong), "pick_cube", "--json")
    assert done.returncode == 2
    assert "wrong.yaml" in done.stderr
    assert "robot" in done.stderr
    first, second = json.loads(done.stdout.splitlines()[-1])["files"]
    assert (first["ok"], second["ok"]) == (False, True)


@pytest.mark.parametrize("command", ["info", "check"])
def test_a_folder_without_a_dataset_is_bad_input(command: str, tmp_path: Path) -> None:
    done = run(command, str(tmp_path), "--json")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["error"]
