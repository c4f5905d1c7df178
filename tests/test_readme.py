"""What the README says: its snippets run, its output is what they print, its links and commands exist."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

from simgen.cli import main

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


@pytest.fixture
def beside_the_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a small dataset where the snippets expect that of `make demo`."""
    small = ["--set", "cameras.base.size=[32,32]", "--num-envs", "2"]
    assert main(["generate", "pick_cube", "--out", str(tmp_path / "demo"), "--teacher", "2", *small]) == 0
    monkeypatch.chdir(tmp_path)


@pytest.mark.slow
@pytest.mark.usefixtures("beside_the_demo")
def test_the_snippets_run_and_print_what_stands_below_them() -> None:
    printed = ""
    for snippet in blocks("python"):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(snippet, "README.md", "exec"), {"__name__": "readme"})
        printed += out.getvalue()
    for expected in blocks("text"):
        assert expected in printed


def test_its_links_lead_to_files() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if not link.startswith(("http", "#"))]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_its_commands_and_their_options_exist(capsys: pytest.CaptureFixture[str]) -> None:
    named = sorted(set(re.findall(r"`simgen ([a-z]+)", README)))
    assert {"generate", "report", "check", "replay", "bench"} <= set(named)
    for command in named:
        with pytest.raises(SystemExit) as stopped:
            main([command, "--help"])
        assert stopped.value.code == 0
    helped = capsys.readouterr().out
    for option in set(re.findall(r"(?<=[ `])--[a-z-]+", README)):
        assert option in helped or option in ("--help",), option


def test_it_is_short() -> None:
    assert len(README.splitlines()) <= 200
