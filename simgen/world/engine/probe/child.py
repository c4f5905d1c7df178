"""Runs a probe in a child process, since what is probed may crash, hang, or write as it likes."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What a probe said before it ended.

    Args:
        facts: The last JSON object that it wrote; empty if it wrote none.
        failure: Why the process did not end well, "" if it did: its error, its signal, or that it took too long.
    """

    facts: Mapping[str, Any]
    failure: str


def ask(module: str, *arguments: str, timeout: float | None, show: bool = False) -> Answer:
    """Runs a module and returns the last JSON object that it wrote on a line of its standard output.

    Args:
        module: Name of the module, which is run as a script.
        arguments: Its arguments.
        timeout: Seconds after which it is ended with everything that it started; None: never.
        show: Whether what it writes on its standard error is shown to the user.
    """
    command = [sys.executable, "-P", "-m", module, *arguments]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=None if show else subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        out, errors = process.communicate(timeout=timeout)
        failure = _failure(process.returncode, errors or "")
    except subprocess.TimeoutExpired:
        _end(process)
        out, _ = process.communicate()
        failure = f"it did not end within {timeout:.0f} s"
    except BaseException:
        _end(process)
        raise
    return Answer(_last_object(out.splitlines()), failure)


def _end(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _failure(status: int, errors: str) -> str:
    if status == 0:
        return ""
    if status < 0:
        return f"the process was ended by {signal.Signals(-status).name}"
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    return lines[-1] if lines else f"the process ended with status {status}"


def _last_object(lines: Sequence[str]) -> Mapping[str, Any]:
    for line in reversed(lines):
        with contextlib.suppress(ValueError):
            found = json.loads(line)
            if isinstance(found, dict):
                return found
    return {}
