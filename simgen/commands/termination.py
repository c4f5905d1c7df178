"""SIGTERM, by which batch systems and containers end processes, does what Ctrl-C does: what is finished is kept."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator

EXIT_CODE = 128 + signal.SIGTERM


@contextlib.contextmanager
def ends_as_by_ctrl_c() -> Iterator[None]:
    """Lets SIGTERM interrupt the block as Ctrl-C does; the process then ends with the exit code that shells give it."""
    if threading.current_thread() is not threading.main_thread():  # which alone is told of signals
        yield
        return
    told: list[int] = []

    def terminate(number: int, frame: object) -> None:
        told.append(number)
        signal.raise_signal(signal.SIGINT)  # and no exception, since some code holds Ctrl-C back for a moment

    def interrupt(number: int, frame: object) -> None:
        if told:
            raise KeyboardInterrupt

    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN  # as in what a shell starts with `&`
    if ignored:
        signal.signal(signal.SIGINT, interrupt)
    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    except KeyboardInterrupt:
        if not told:
            raise
        sys.stderr.write("terminated\n")
        raise SystemExit(EXIT_CODE) from None
    finally:
        signal.signal(signal.SIGTERM, before)
        if ignored:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
