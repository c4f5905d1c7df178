"""What runs in a worker process: worlds that do as they are told until the owner of the pool has gone."""

from __future__ import annotations

import os
import pickle
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle
from typing import Any, Protocol

import numpy as np

from simgen.errors import SimgenError
from simgen.world.workers.arrays import Arena, ArraySpec


class World(Protocol):
    """One world, which lives in a worker process."""

    def describe(self) -> Any:
        """Returns picklable facts; asked of one world before anything is bound."""

    def bind(self, rows: dict[str, np.ndarray]) -> None:
        """Takes its row of every shared array; results are written there from now on."""

    def call(self, command: str, payload: Any = None) -> Any:
        """Does something, such as "reset" or "step", and returns what is small enough to be pickled."""

    def close(self) -> None:
        """Frees what the world holds."""


@dataclass(frozen=True)
class Build:
    """Make these worlds, and bind them to the arrays that there are."""

    worlds: Sequence[int]
    config: bytes


@dataclass(frozen=True)
class Share:
    """Map another arena, whose descriptor follows, and bind all worlds to it too."""

    specs: Mapping[str, ArraySpec]
    num_worlds: int


@dataclass(frozen=True)
class Run:
    """Do a command in these worlds, one after the other."""

    command: str
    worlds: Sequence[int]
    payloads: Mapping[int, Any] | None = None


@dataclass(frozen=True)
class Leave:
    """Close these worlds."""

    worlds: Sequence[int]


@dataclass(frozen=True)
class Failure:
    """An exception that came out of a world, and where from."""

    error: SimgenError
    trace: str


Answers = dict[int, Any]  # by world; only those that are not None


class Worker:
    """The worlds of this process.

    Args:
        connection: To the owner of the pool.
        factory: Makes a world from the pool's configuration.
    """

    def __init__(self, connection: Connection, factory: Callable[[Any], World]) -> None:
        self._connection, self._factory = connection, factory
        self._worlds: dict[int, World] = {}
        self._arrays: dict[str, np.ndarray] = {}

    def serve(self) -> None:
        """Does what is asked until the other end is closed."""
        while True:
            try:
                request = pickle.loads(self._connection.recv_bytes())
                answers = self._answer(request)
                self._connection.send_bytes(pickle.dumps(answers) if answers else b"")
            except (EOFError, ConnectionError):
                return

    def _answer(self, request: Build | Share | Run | Leave) -> Answers:
        match request:
            case Run():
                return self._run(request)
            case Build():
                return self._each(request.worlds, lambda world: self._build(world, request.config))
            case Share():
                descriptor = recv_handle(self._connection)
                self._arrays |= Arena(descriptor, request.specs, request.num_worlds).arrays()
                os.close(descriptor)
                return self._each(list(self._worlds), self._bind)
            case Leave():
                return self._each(request.worlds, lambda world: self._worlds.pop(world).close())

    def _run(self, request: Run) -> Answers:
        payloads = request.payloads or {}
        return self._each(request.worlds, lambda world: self._worlds[world].call(request.command, payloads.get(world)))

    def _build(self, world: int, config: bytes) -> None:
        self._worlds[world] = self._factory(pickle.loads(config))
        if self._arrays:
            self._bind(world)

    def _bind(self, world: int) -> None:
        self._worlds[world].bind({name: array[world, ...] for name, array in self._arrays.items()})

    def _each(self, worlds: Sequence[int], action: Callable[[int], Any]) -> Answers:
        """Does something in every world, whatever happens in the others."""
        answers: Answers = {}
        for world in worlds:
            try:
                answer = action(world)
                if answer is not None:
                    pickle.dumps(answer)  # what cannot be sent is this world's failure, not the process's
                    answers[world] = answer
            except (Exception, SystemExit) as error:
                answers[world] = Failure(_portable(error), traceback.format_exc())
        return answers


def _portable(error: BaseException) -> SimgenError:
    """Returns the error as one that can be sent to a process that may not know its class."""
    if not isinstance(error, SimgenError):
        return SimgenError(f"{type(error).__name__}: {error}")
    try:
        return error if type(pickle.loads(pickle.dumps(error))) is type(error) else SimgenError(str(error))
    except Exception:  # whatever its own constructor raises
        return SimgenError(str(error))
