"""The owner's side of one worker process."""

from __future__ import annotations

import contextlib
import os
import pickle
import socket
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.reduction import send_handle
from pathlib import Path

from simgen.world.workers.arrays import Arena
from simgen.world.workers.nursery import Nursery, ending
from simgen.world.workers.worker import Answers, Build, Leave, Run, Share

_PAGE = os.sysconf("SC_PAGE_SIZE")
_LAST_WORDS = 400  # characters


class WorkerDied(Exception):
    """The process is gone; the text says how it ended."""


class WorkerProcess:
    """One process and the worlds in it.

    Args:
        nursery: Which it is forked from.

    Attributes:
        worlds: That it holds.
        resets: How many episodes it has begun.
        grown_from: Its resident memory when each world had begun one [bytes]; None before.
    """

    def __init__(self, nursery: Nursery) -> None:
        ours, theirs = socket.socketpair()
        self._errors = os.memfd_create("simgen-errors", os.MFD_CLOEXEC)
        self._nursery = nursery
        try:
            with ours, theirs:
                self.pid = nursery.fork(theirs.fileno(), self._errors)
                self._connection = Connection(ours.detach())
        except BaseException:
            os.close(self._errors)
            raise
        self.worlds: set[int] = set()
        self.resets = 0
        self.grown_from: int | None = None
        self.dead = False

    def send(self, request: Build | Share | Run | Leave) -> None:
        """Asks for something; `receive` has the answer."""
        with contextlib.suppress(OSError):  # `receive` notices
            self._connection.send_bytes(pickle.dumps(request))

    def share(self, arena: Arena) -> None:
        """Asks to map an arena."""
        self.send(Share(arena.specs, arena.num_worlds))
        with contextlib.suppress(OSError):
            send_handle(self._connection, arena.descriptor, self.pid)

    def receive(self) -> Answers:
        """Waits for the answer to the oldest request without one.

        Raises:
            WorkerDied: If there will be none.
        """
        try:
            answer = self._connection.recv_bytes()
        except (EOFError, OSError):
            raise WorkerDied(self.end(5.0)) from None
        return pickle.loads(answer) if answer else {}

    def resident_bytes(self) -> int:
        """Returns how much of the memory it uses is in memory [bytes]; 0 if it is gone."""
        try:
            return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * _PAGE
        except (OSError, IndexError):
            return 0

    def leave(self, worlds: Sequence[int], patience: float) -> None:
        """Closes worlds of it, and ends it when it has none left."""
        self.worlds.difference_update(worlds)
        self.send(Leave(list(worlds)))
        if self.worlds:
            with contextlib.suppress(WorkerDied):
                self.receive()
        else:
            if self._connection.poll(patience):
                with contextlib.suppress(EOFError, OSError):
                    self._connection.recv_bytes()
            self.end(patience)

    def end(self, patience: float = 0.0) -> str:
        """Lets it end, makes sure that it does within `patience` [s], and says how it ended."""
        if self.dead:
            return "it was ended"
        self.dead = True
        self._connection.close()
        how = ending(self._nursery.end(self.pid, patience))
        size = os.fstat(self._errors).st_size
        words = os.pread(self._errors, _LAST_WORDS, max(0, size - _LAST_WORDS)).decode("utf-8", "replace").strip()
        os.close(self._errors)
        return f"{how}; its last words: {words}" if words else how
