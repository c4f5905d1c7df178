"""Who writes a dataset at a URL: a file there, which its owner renews as long as it lives.

Plain file systems cannot create a file on condition that there is none. So two runs that begin in the same moment may
both believe for some seconds that the dataset is theirs; the one whose claim the other has overwritten stops as soon as
it notices. What both have published until then does no harm: the same episodes are the same bytes, and a record that
does not fit its file is dropped when the dataset is next opened. Only clocks that do not jump decide anything.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import logging
import os
import socket
import threading
import time
import uuid
from pathlib import Path
from typing import Any

from simgen.data.target import Target
from simgen.errors import SimgenError

CLAIM = "writer.json"
RENEWAL = 15.0  # how often an owner renews its claim [s]
PATIENCE = 90.0  # after so long without a renewal a claim is void [s]
_FAREWELL = 10.0  # for a renewal under way to end; it may hang in a network that is gone [s]
_SETTLING = 1.0  # until a claim is read again that was written in the same moment as another [s]

logger = logging.getLogger(__name__)
_held: set[str] = set()  # claims of this process


class Claim:
    """The claim of this run on a dataset.

    Args:
        url: Of the dataset.
    """

    def __init__(self, url: str) -> None:
        self._url, self._files, self._renewals = url, Target(url), 0
        self._values = {
            "owner": uuid.uuid4().hex,
            "machine": this_machine(),
            "host": socket.gethostname(),
            "process": os.getpid(),
            "begun": process_begun(os.getpid()),
            "since": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        }
        self._ended, self._thread = threading.Event(), threading.Thread(target=self._keep, daemon=True)
        self._problem: str | None = None

    def take(self) -> None:
        """Claims the dataset, also from an owner that is gone.

        Of an owner on this machine that is known at once; on another machine its next renewal is waited for.

        Raises:
            SimgenError: If another run is writing the dataset; says which.
        """
        found = self._read()
        if found is not None:
            self._require_gone(found)
        self._write()
        time.sleep(_SETTLING)
        self._require_mine()
        _held.add(self._values["owner"])
        self._thread.start()

    def require(self) -> None:
        """Makes sure that the claim still holds.

        Raises:
            SimgenError: If another run has taken the dataset over, or the claim could not be renewed for long.
        """
        if self._problem is not None:
            raise SimgenError(f"{self._url}: {self._problem} Everything that was finished is kept; --resume goes on.")

    def release(self) -> None:
        """Gives the dataset up; does nothing if it was not claimed or is another run's now."""
        if self._values["owner"] not in _held:
            return
        _held.discard(self._values["owner"])
        self._ended.set()
        self._thread.join(_FAREWELL)
        with contextlib.suppress(SimgenError):  # whoever comes next finds out that this process is gone
            if self._problem is None and _values(self._read()).get("owner") == self._values["owner"]:
                self._files.remove(CLAIM)

    def _keep(self) -> None:
        renewed = time.monotonic()
        while not self._ended.wait(RENEWAL):
            try:
                self._require_mine()
                self._write()
                renewed = time.monotonic()
            except _Lost as error:
                self._problem = str(error)
                return
            except (SimgenError, OSError) as error:
                if time.monotonic() - renewed > PATIENCE:
                    self._problem = f"cannot be reached any more ({error})."
                    return

    def _read(self) -> bytes | None:
        try:
            return self._files.read(CLAIM)
        except FileNotFoundError:
            return None

    def _write(self) -> None:
        self._renewals += 1
        self._files.write(CLAIM, json.dumps(self._values | {"renewals": self._renewals}).encode())

    def _require_mine(self) -> None:
        found = self._read()
        owner = "nobody" if found is None else _values(found).get("owner", self._values["owner"])  # else: cut off
        if owner != self._values["owner"]:
            raise _Lost(f"another run has taken this dataset over ({_said(_values(found))}).")

    def _require_gone(self, found: bytes) -> None:
        values = _values(found)
        if values.get("machine") != this_machine() or not values.get("begun"):
            if not self._silent(found):
                return
        elif _runs_here(values):
            raise SimgenError(f"{self._url}: another run is writing this dataset ({_said(values)}).")
        logger.warning("%s: goes on in the place of a run that is gone (%s)", self._url, _said(values))

    def _silent(self, found: bytes) -> bool:
        """Waits; returns whether the claim has only stood there, and False if its owner has taken it away."""
        logger.warning(
            "%s: %s says that it is writing this dataset; waiting for a sign of life, at most %g s. "
            "If it is gone for certain, remove %s there to go on at once.",
            self._url, _said(_values(found)), PATIENCE, CLAIM,
        )  # fmt: skip
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            time.sleep(min(RENEWAL / 5, PATIENCE / 5))
            now = self._read()
            if now is None:
                return False
            if now != found:
                raise SimgenError(
                    f"{self._url}: another run is writing this dataset ({_said(_values(now))}, which is alive). Wait "
                    "for its end, or end it there and continue with --resume."
                )
        return True


class _Lost(SimgenError):
    """Another run has the dataset."""


def this_machine() -> str:
    """Returns what tells apart this machine, since it was started, and the container that this process is in."""
    parts = [socket.gethostname()]
    with contextlib.suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
        parts.append(os.readlink("/proc/self/ns/pid"))
    return " ".join(parts)


def process_begun(process: int) -> str | None:
    """Returns when a process of this machine began, in the kernel's count; None if it has ended, or without /proc."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]  # dead, but for somebody who takes note of it


def _runs_here(values: dict[str, Any]) -> bool:
    """Whether the owner of a claim is a process of this machine that still runs."""
    if values.get("process") == os.getpid() and values.get("begun") == process_begun(os.getpid()):
        return values.get("owner") in _held
    process = values.get("process")
    return isinstance(process, int) and values.get("begun") == process_begun(process)


def _values(claim: bytes | None) -> dict[str, Any]:
    """What a claim says; nothing if it was cut off."""
    try:
        values = json.loads(claim or b"")
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}


def _said(values: dict[str, Any]) -> str:
    if not values:
        return "a run that left no name"
    return f"process {values.get('process')} on {values.get('host')}, since {values.get('since')}"
