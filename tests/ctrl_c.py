"""For tests that interrupt a process as Ctrl-C does."""

from __future__ import annotations

import signal


def heed_ctrl_c() -> None:
    """Lets the child be interrupted; to be its `preexec_fn`, since what a shell starts with `&` ignores Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
