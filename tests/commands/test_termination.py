"""SIGTERM interrupts long work as Ctrl-C does, also where the shell has Ctrl-C ignored."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import os, signal
from simgen.commands.termination import ends_as_by_ctrl_c
from simgen.data.pool import uninterrupted
with ends_as_by_ctrl_c():
    with uninterrupted():
        print("first", flush=True)
        os.kill(os.getpid(), signal.SIGTERM)
        print("second", flush=True)
    print("third", flush=True)
"""


@pytest.mark.parametrize("ignored", [False, True])
def test_what_must_happen_together_does(ignored: bool) -> None:
    begin = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n" if ignored else ""
    done = subprocess.run([sys.executable, "-c", begin + SCRIPT], capture_output=True, text=True, timeout=60)
    assert done.returncode == 143, done.stderr
    assert done.stdout == "first\nsecond\n"
    assert done.stderr == "terminated\n"
