"""The writer's side of the encoders: starts them, hands them episodes through shared memory, notices when one dies.

The processes are started by `subprocess`, not `multiprocessing`: they must not import the caller's main module (it
may load torch or a simulator), and they must not be reached by Ctrl-C.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from typing import Any

from simgen.data.encoder import Done, EncoderSettings, Failed, SealTask, Slots, Staged, UnsealTask, put_episode
from simgen.data.episode import Episode
from simgen.errors import SimgenError

_START = "from simgen.data.encoder import main; main()"


class EncoderDied(SimgenError):
    """An encoder is gone without a word; what it had not answered for is lost, everything else is kept."""


def queue_of(processes: int) -> int:
    """Episodes that may be handed over to so many encoders and unfinished; each takes memory."""
    return 2 * processes + 2


class EncoderPool:
    """Encoder processes behind a bounded queue of episodes.

    Args:
        processes: how many encoders.
        queue_size: episodes that may be handed over and unfinished; each keeps a slot of shared memory.
        inherited: descriptors that the encoders hold as long as they live (the dataset's lock).
    """

    def __init__(
        self, settings: EncoderSettings, processes: int, queue_size: int, inherited: tuple[int, ...] = ()
    ) -> None:
        self._slots = Slots([_anonymous_file() for _ in range(queue_size)])
        self._free = list(range(queue_size))
        self._outstanding: dict[Connection, int] = {}
        self._processes: dict[Connection, subprocess.Popen[bytes]] = {}
        self.kill = weakref.finalize(self, _release, os.getpid(), self._processes, self._slots.descriptors)
        try:
            for _ in range(processes):
                self._start(settings, inherited)
        except BaseException as error:
            self.kill()
            if isinstance(error, OSError):
                raise SimgenError(f"cannot start an encoder process: {error}.") from error
            raise

    def _start(self, settings: EncoderSettings, inherited: tuple[int, ...]) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            environment = {
                **os.environ,
                "PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path),
                "BLOSC_NTHREADS": "1",
                "OPENBLAS_NUM_THREADS": "1",
            }
            process = subprocess.Popen(
                [sys.executable, "-P", "-c", _START, str(theirs.fileno()), str(os.getpid())],
                pass_fds=(theirs.fileno(), *self._slots.descriptors, *inherited),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=environment,
                process_group=0,
            )
            connection = Connection(ours.detach())
        self._processes[connection] = process
        self._outstanding[connection] = 0
        connection.send((settings, self._slots.descriptors))

    @property
    def outstanding(self) -> int:
        """Tasks without an answer."""
        return sum(self._outstanding.values())

    @property
    def pids(self) -> list[int]:
        """Process ids of the encoders."""
        return [process.pid for process in self._processes.values()]

    @property
    def full(self) -> bool:
        """Whether the next episode has to wait."""
        return not self._free

    def submit_episode(self, episode: Episode) -> None:
        """Hands an episode to the encoder with least to do; there must be a free slot."""
        slot = self._free[-1]
        task = put_episode(self._slots, slot, episode)
        with uninterrupted():
            self._free.pop()
            self._send(task)

    def submit(self, task: SealTask | UnsealTask) -> None:
        """Asks for a shard to be assembled or taken apart."""
        with uninterrupted():
            self._send(task)

    def _send(self, task: Any) -> None:
        connection = min(self._outstanding, key=self._outstanding.__getitem__)
        self._outstanding[connection] += 1
        try:
            connection.send(task)
        except OSError as error:
            raise self._death(connection) from error

    def wait(self) -> None:
        """Waits for an answer, or for the end of an encoder."""
        while self.outstanding and not wait(list(self._processes), 1.0):
            if any(process.poll() is not None for process in self._processes.values()):
                return

    def replies(self) -> list[Staged | Done]:
        """The answers that are there, without waiting; call it inside `uninterrupted` with what depends on them.

        Raises:
            SimgenError: if an encoder reports an error or is dead.
        """
        ready = [connection for connection in self._processes if connection.poll()]
        replies = [self._receive(connection) for connection in ready]
        for connection, process in self._processes.items():
            if process.poll() is not None and not connection.poll():
                raise self._death(connection)
        return replies

    def _receive(self, connection: Connection) -> Staged | Done:
        try:
            reply = connection.recv()
        except (EOFError, OSError) as error:
            raise self._death(connection) from error
        if isinstance(reply, Failed):
            raise SimgenError(reply.message)
        self._outstanding[connection] -= 1
        if isinstance(reply, Staged):
            self._free.append(reply.slot)
        return reply

    def _death(self, connection: Connection) -> SimgenError:
        with contextlib.suppress(OSError, EOFError):
            while connection.poll():
                reply = connection.recv()
                if isinstance(reply, Failed):
                    return SimgenError(reply.message)
        process = self._processes[connection]
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5.0)
        code = process.returncode
        reason = f"exit code {code}"
        if code is not None and code < 0:
            reason = f"signal {signal.Signals(-code).name}; was there enough memory?"
        return EncoderDied(
            f"an encoder process died ({reason}). Everything that was finished is kept; continue with --resume."
        )

    def close(self, patience: float = 30.0) -> None:
        """Lets the encoders end, then makes sure that they did."""
        for connection in self._processes:
            with contextlib.suppress(OSError):
                connection.send(None)
        deadline = time.monotonic() + patience
        for process in self._processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
        self.kill()


def _release(owner: int, processes: dict[Connection, subprocess.Popen[bytes]], descriptors: list[int]) -> None:
    """Ends the encoders at once and frees the shared memory, but not from a fork of the owner."""
    if os.getpid() != owner:
        return
    for connection, process in processes.items():
        if process.poll() is None:
            process.kill()
        process.wait()
        connection.close()
    processes.clear()
    while descriptors:
        os.close(descriptors.pop())


def _anonymous_file() -> int:
    """A file without a name that processes can map; it is gone when the last of them is."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("simgen-episode", os.MFD_CLOEXEC)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Holds Ctrl-C back for the few instructions that must happen together, then delivers it."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is None:
        yield
        return
    pending: list[Any] = []
    handler = signal.signal(signal.SIGINT, lambda number, frame: pending.append((number, frame)))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
    if pending and callable(handler):
        handler(*pending[0])
