"""Runs commands in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from simgen.cli import main


@pytest.fixture
def simgen_command(capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, dict[str, Any], str]]:
    """Runs a command in this process; returns its exit code, the JSON on its last line, and its stderr."""

    def run(*argv: object) -> tuple[int, dict[str, Any], str]:
        capfd.readouterr()
        try:
            code = main([str(argument) for argument in argv])
        except SystemExit as end:
            code = int(end.code or 0)
        captured = capfd.readouterr()
        lines = captured.out.strip().splitlines()
        return code, json.loads(lines[-1]) if "--json" in argv and lines else {}, captured.err

    return run
