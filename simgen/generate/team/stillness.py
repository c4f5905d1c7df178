"""How long a process and what it has started have done nothing: they are stopped, or wait for what never comes."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_NOTHING = 0.05  # processor time that a process may take and still count as one that does nothing [s]
_PAUSE = 1.0  # between two looks at a process [s]
_GAP = 60.0  # who has not looked for so long was perhaps frozen together with the process [s]


@dataclass
class _Look:
    at: float
    processor: float
    since: float


class Stillness:
    """Looks at processes again and again."""

    def __init__(self) -> None:
        self._looks: dict[int, _Look] = {}

    def forget(self, pid: int) -> None:
        """Begins anew with a process: it was given something to do, or is gone."""
        self._looks.pop(pid, None)

    def seconds(self, pid: int) -> float:
        """Returns for how long a process has been seen to do nothing [s]."""
        now = time.monotonic()
        look = self._looks.get(pid)
        if look is not None and now - look.at < _PAUSE:
            return look.at - look.since
        used = sum(map(_processor_seconds, family(pid)))
        if look is None or now - look.at > _GAP or abs(used - look.processor) > _NOTHING:
            self._looks[pid] = _Look(now, used, now)
            return 0.0
        look.at = now
        return now - look.since


def family(pid: int) -> list[int]:
    """Returns a process and everything that it has started and that still runs."""
    found = [pid]
    for each in found:
        for children in _PROC.glob(f"{each}/task/*/children"):
            with contextlib.suppress(OSError):  # it has just ended
                found += map(int, children.read_text().split())
    return found


def _processor_seconds(pid: int) -> float:
    """Processor time of a process and of its children that have ended [s]."""
    try:
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
