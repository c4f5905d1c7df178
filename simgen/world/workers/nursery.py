"""The process that the workers are forked from: it has imported what they need, once, and does nothing else.

It is started by `subprocess`, not `multiprocessing`: workers must not import the caller's main module, must not be
reached by Ctrl-C, and must be gone when the owner of the pool is, even if that was killed. The owner's end of a socket
tells: when it closes, the nursery ends, and the kernel ends the workers with the nursery.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from multiprocessing.connection import Connection
from typing import Any

from simgen.errors import SimgenError
from simgen.world.workers.worker import Worker

_START = "from simgen.world.workers.nursery import main; main()"
_MESSAGE_BYTES = 65536
_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of linux/prctl.h


class NurseryDied(SimgenError):
    """The process that starts workers is gone."""


class Nursery:
    """The owner's side.

    Args:
        factory: "package.module:function" that makes worlds.
        environment: Variables of the workers, besides those of this process.
    """

    def __init__(self, factory: str, environment: dict[str, str]) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        path = os.pathsep.join(path or os.getcwd() for path in sys.path)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _START, str(theirs.fileno()), factory],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,  # a library that asks something there gets an error, not the user's input
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **environment, "PYTHONPATH": path},
                process_group=0,
            )

    @property
    def alive(self) -> bool:
        """Whether it can make workers."""
        return self._process.poll() is None

    def fork(self, connection: int, errors: int) -> int:
        """Starts a worker.

        Args:
            connection: Descriptor of its end of the connection.
            errors: Descriptor of the file for what it writes to stderr.

        Returns:
            Its process id.

        Raises:
            SimgenError: If the factory cannot be imported.
            NurseryDied: If the nursery is gone.
        """
        answer = self._ask(("fork",), (connection, errors))
        if isinstance(answer, str):
            raise SimgenError(answer)
        return answer

    def end(self, pid: int, patience: float) -> int:
        """Waits for the end of a worker, kills it if that takes too long [s], and returns its exit code (-signal)."""
        try:
            return self._ask(("end", pid, patience))
        except NurseryDied:  # the kernel has ended the workers with it
            return -signal.SIGKILL

    def _ask(self, request: tuple[Any, ...], descriptors: tuple[int, ...] = ()) -> Any:
        try:
            socket.send_fds(self._socket, [pickle.dumps(request)], descriptors)
            answer = self._socket.recv(_MESSAGE_BYTES)
        except ConnectionError:
            answer = b""
        if not answer:  # a process that ends closes its socket a moment before its parent is told: wait for that
            raise NurseryDied(f"the process that starts workers died ({ending(self._process.wait())}).")
        return pickle.loads(answer)

    def close(self) -> None:
        """Ends it, and every worker with it."""
        self._socket.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5.0)
        self._process.kill()
        self._process.wait()


def ending(code: int) -> str:
    """Says how a process ended."""
    if code >= 0:
        return f"exit code {code}"
    reason = f"signal {signal.Signals(-code).name}"
    return f"{reason}; was there enough memory?" if -code == signal.SIGKILL else reason


def main() -> None:
    """Runs the nursery; arguments: descriptor of its socket, factory."""
    for number in (signal.SIGINT, signal.SIGTERM):  # the owner gets them too, and tells us when to end
        signal.signal(number, signal.SIG_IGN)
    owner = socket.socket(fileno=int(sys.argv[1]))
    module, function = sys.argv[2].split(":")
    factory, problem = None, ""
    try:
        factory = getattr(importlib.import_module(module), function)
    except Exception as error:
        problem = f"cannot import {sys.argv[2]}: {type(error).__name__}: {error}."
    gc.collect()
    gc.freeze()  # so that the collector in the workers does not touch, and thus copy, the pages that they share
    while True:
        message, descriptors, _, _ = socket.recv_fds(owner, _MESSAGE_BYTES, 2)
        if not message:
            return
        request = pickle.loads(message)
        answer = problem or (_fork(owner, factory, *descriptors) if request[0] == "fork" else _end(*request[1:]))
        for descriptor in descriptors:
            os.close(descriptor)
        owner.send(pickle.dumps(answer))


def _fork(owner: socket.socket, factory: Any, connection: int, errors: int) -> int:
    nursery = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() != nursery:  # it died before the kernel knew what to do then
            os._exit(1)
        owner.close()
        os.dup2(errors, sys.stderr.fileno())
        os.close(errors)
        Worker(Connection(connection), factory).serve()
        code = 0
    except BaseException as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        sys.stderr.flush()
    finally:
        os._exit(code)  # without the libraries' own ways to end, of which some crash


def _end(pid: int, patience: float) -> int:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
