"""Workers that are processes of this machine.

They are started by `subprocess`, not `multiprocessing`: they must not import the caller's main module and must not be
reached by Ctrl-C. The kernel ends them with their owner.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pickle
import signal
import socket
import subprocess
import sys
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait

from simgen.generate.team.messages import Death, Order, Report, Setup
from simgen.generate.team.stillness import Stillness, family
from simgen.world.workers.nursery import ending

# The cores are chosen before anything is imported, because libraries start threads.
_START = (
    "import os, sys; os.sched_setaffinity(0, map(int, sys.argv[3].split(','))); "
    "from simgen.generate.team.local import main; main()"
)
_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of linux/prctl.h
_LAST_WORDS = 2000  # characters
_PATIENCE = 10.0  # with a process that was told to end [s]
STILL = 1800.0  # after so long without any use of the processor a worker that has something to do is replaced [s]


@dataclass
class _Process:
    process: subprocess.Popen[bytes]
    connection: Connection
    errors: int
    busy: bool = True


class LocalTeam:
    """Starts workers and talks to them.

    Args:
        setup: Of the run.
        workers: How many there will be at a time; each gets its share of the cores.
    """

    def __init__(self, setup: Setup, workers: int) -> None:
        self._setup, self._workers = pickle.dumps(setup), workers
        self._members: dict[str, _Process] = {}
        self._stillness = Stillness()
        self._release = weakref.finalize(self, _end_all, os.getpid(), self._members)

    def start(self, name: str, slot: int) -> None:
        """Starts a worker in one of the places for them; it reports once it is ready for orders."""
        ours, theirs = socket.socketpair()
        errors = os.memfd_create("simgen-worker-errors", os.MFD_CLOEXEC)
        cores = share_of_cores(slot, self._workers)
        threads = str(len(cores))
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path),
            "OMP_NUM_THREADS": threads,
            "LP_NUM_THREADS": threads,
            "OPENBLAS_NUM_THREADS": "1",
        }
        with ours, theirs:
            process = subprocess.Popen(
                [sys.executable, "-P", "-c", _START, str(theirs.fileno()), str(os.getpid()), ",".join(map(str, cores))],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env=environment,
                process_group=0,
            )
            self._members[name] = _Process(process, Connection(ours.detach()), errors)
        with contextlib.suppress(OSError):  # `wait` notices
            self._members[name].connection.send((self._setup, name, slot))

    def send(self, name: str, order: Order) -> None:
        """Gives a worker an order; it will report once."""
        self._members[name].busy = True
        with contextlib.suppress(OSError):  # `wait` notices
            self._members[name].connection.send(order)

    def wait(self, seconds: float) -> list[tuple[str, Report | Death]]:
        """Waits until a worker reports or dies, but not longer."""
        names = {member.connection: name for name, member in self._members.items()}
        heard = [(names[ready], self._receive(names[ready])) for ready in wait(list(names), seconds) if ready in names]  # pyright: ignore[reportArgumentType]
        return heard + [(name, Death(self._end_still(name))) for name in self._still()]

    def _receive(self, name: str) -> Report | Death:
        member = self._members[name]
        self._stillness.forget(member.process.pid)
        try:
            report = member.connection.recv()
        except (EOFError, OSError):
            return Death(_end(self._members.pop(name), _PATIENCE))
        member.busy = False
        return report

    def _still(self) -> list[str]:
        """The workers that have something to do and do nothing."""
        busy = [(name, member.process.pid) for name, member in self._members.items() if member.busy]
        return [name for name, pid in busy if self._stillness.seconds(pid) > STILL]

    def _end_still(self, name: str) -> str:
        member = self._members.pop(name)
        for pid in family(member.process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        _end(member, _PATIENCE)
        return f"it did nothing for {STILL:g} s and was ended"

    @property
    def pids(self) -> Sequence[int]:
        """Process ids of the workers."""
        return [member.process.pid for member in self._members.values()]

    def dismiss(self, name: str) -> None:
        """Lets a worker end that has reported for the last time, and makes sure that it does."""
        member = self._members.pop(name, None)
        if member is not None:
            _end(member, _PATIENCE)

    def close(self) -> None:
        """Ends all workers at once."""
        self._release()


def share_of_cores(slot: int, workers: int) -> list[int]:
    """Returns the cores of the slot-th of so many workers: all have as many, and share only what is scarce."""
    cores = sorted(os.sched_getaffinity(0))
    each = max(1, len(cores) // workers)
    first = slot * each % len(cores)
    return cores[first : first + each]


def _end(member: _Process, patience: float) -> str:
    """Closes the connection, lets the process end, and says how it ended."""
    member.connection.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        member.process.wait(patience)
    if member.process.poll() is None:
        member.process.kill()
    how = ending(member.process.wait())
    size = os.fstat(member.errors).st_size
    words = os.pread(member.errors, _LAST_WORDS, max(0, size - _LAST_WORDS)).decode("utf-8", "replace").strip()
    os.close(member.errors)
    return f"{how}; its last words: {words}" if words else how


def _end_all(owner: int, members: dict[str, _Process]) -> None:
    if os.getpid() != owner:
        return
    for member in members.values():
        member.process.kill()
    while members:
        _end(members.popitem()[1], _PATIENCE)


def main() -> None:
    """Runs a worker; arguments: descriptor of its connection, process id of the owner, its cores."""
    for number in (signal.SIGINT, signal.SIGTERM):  # the owner gets them too, and tells us when to end
        signal.signal(number, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != int(sys.argv[2]):  # it died before the kernel knew what to do then
        os._exit(1)
    connection = Connection(int(sys.argv[1]))
    with contextlib.suppress(EOFError, ConnectionError):
        _serve(connection)
    sys.stderr.flush()
    os._exit(0)  # without the libraries' own ways to end, of which some crash


def _serve(connection: Connection) -> None:
    from simgen.generate.team.worker import Worker, portable  # not for the coordinator

    setup, name, slot = connection.recv()
    worker = None
    try:
        worker = Worker(pickle.loads(setup), name, slot)
        connection.send(Report())
        while True:
            order: Order = connection.recv()
            connection.send(worker.do(order))
            if order.end:
                return
    except (EOFError, ConnectionError):
        raise
    except Exception as error:
        connection.send(Report(error=portable(error)))
    finally:
        if worker is not None:
            worker.close()
