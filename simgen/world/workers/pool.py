"""The pool's owner's side: which process holds which world, what it is asked, and what happens when it dies."""

from __future__ import annotations

import os
import pickle
import weakref
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from simgen.errors import BadInput, SimgenError
from simgen.machine import usable_cores
from simgen.world.workers.arrays import Arena, ArraySpec
from simgen.world.workers.memory import require_arrays, require_memory
from simgen.world.workers.nursery import Nursery, NurseryDied
from simgen.world.workers.process import WorkerDied, WorkerProcess
from simgen.world.workers.worker import Answers, Build, Failure, Run

if TYPE_CHECKING:
    import torch

RECYCLE_RESETS = 1000  # episodes of one process
RECYCLE_BYTES = 1_000_000_000  # growth of one process
_PATIENCE = 5.0  # with a process that should end [s]
_BUILDS = 2  # tries to make worlds in a fresh process


class WorkerPool:
    """Processes that each hold some worlds.

    Args:
        factory: "package.module:function"; function(config) makes a World. The module is imported once, in a process
            that the others are forked from, so importing it must start no thread.
        config: For the factory; picklable.
        num_worlds: N.
        process_bytes: Memory of a process besides its worlds.
        world_bytes: Memory of a world.
        processes: How many; None: one per core, but not more than worlds.
        recycle_resets: Episodes after which a process is replaced.
        recycle_bytes: Growth of its memory after which a process is replaced.

    Raises:
        BadInput: If memory does not allow so many, or the factory raises it.
        SimgenError: If a process dies while it makes its worlds, or the factory raises it.
    """

    def __init__(
        self,
        factory: str,
        config: Any,
        num_worlds: int,
        *,
        process_bytes: int,
        world_bytes: int,
        processes: int | None = None,
        recycle_resets: int = RECYCLE_RESETS,
        recycle_bytes: int = RECYCLE_BYTES,
    ) -> None:
        if num_worlds < 1 or (processes is not None and processes < 1):
            raise BadInput("a pool has at least one world and one process.")
        self.num_worlds, self.processes = num_worlds, min(num_worlds, processes or usable_cores())
        require_memory(num_worlds, self.processes, process_bytes, world_bytes)
        self._factory, self._config = factory, pickle.dumps(config)
        self._limits = recycle_resets, recycle_bytes
        self._all: list[WorkerProcess] = []
        self._newest: dict[int, WorkerProcess] = {}  # by slot, of which each holds every P-th world
        self._home: dict[int, WorkerProcess] = {}
        self._arenas: list[Arena] = []
        self._nurseries: list[Nursery] = []
        self.deaths: dict[int, str] = {}
        self._release = weakref.finalize(self, _release, os.getpid(), self._all, self._nurseries, self._arenas)
        try:
            self._place(range(num_worlds))
        except BaseException:
            self._release()
            raise

    @property
    def lost(self) -> frozenset[int]:
        """Worlds whose process died since they were last renewed; `deaths` says how."""
        return frozenset(self.deaths)

    @property
    def pids(self) -> dict[int, int]:
        """Process id of every world that is not lost."""
        return {world: process.pid for world, process in sorted(self._home.items())}

    def describe(self) -> Any:
        """Returns what the first world says about itself."""
        answers = self.run("describe", [min(self._home)])
        if not answers:
            raise SimgenError("a worker process died while it described its world.")
        return next(iter(answers.values()))

    def allocate(self, specs: Mapping[str, ArraySpec]) -> dict[str, torch.Tensor]:
        """Makes arrays in shared memory and binds every world to its rows, besides those that it had.

        Returns:
            Zeroed tensors. Shape: (num_worlds, *spec.shape) each. They stay valid after `close`.

        Raises:
            BadInput: If memory does not allow them.
        """
        import torch  # here, because the workers import this package and their worlds may not need it

        require_arrays(self.num_worlds, sum(spec.bytes for spec in specs.values()))
        arena = Arena.make(specs, self.num_worlds)
        self._arenas.append(arena)
        living = [process for process in self._all if not process.dead]
        for process in living:
            process.share(arena)
        _raise_first(self._collect(living))
        return {name: torch.from_numpy(array) for name, array in arena.arrays().items()}

    def run(
        self, command: str, worlds: Sequence[int] | None = None, payloads: Mapping[int, Any] | None = None
    ) -> dict[int, Any]:
        """Does a command in worlds: in parallel over processes, in order inside one; waits for all.

        Args:
            command: Which; "describe" asks the world to describe itself.
            worlds: Which ones; None: all.
            payloads: For the command, by world.

        Returns:
            What each world returned. Worlds that are lost, or are now, are left out.

        Raises:
            SimgenError: What a world raised (the first of them), with its type if it is one of simgen's errors; all
                other worlds have done the command.
        """
        answers = self.attempt(command, worlds, payloads)
        _raise_first(answers)
        return answers

    def attempt(
        self, command: str, worlds: Sequence[int] | None = None, payloads: Mapping[int, Any] | None = None
    ) -> dict[int, Any]:
        """Does what `run` does, but a world's error is a value (a SimgenError) of what it returns."""
        asked: dict[WorkerProcess, list[int]] = {}
        for world in range(self.num_worlds) if worlds is None else worlds:
            if world in self._home:
                asked.setdefault(self._home[world], []).append(world)
        for process, members in asked.items():
            some = {world: payloads[world] for world in members if world in payloads} if payloads else None
            process.send(Run(command, members, some))
        found = self._collect(list(asked))
        return {world: found.get(world) for members in asked.values() for world in members if world in self._home}

    def _collect(self, processes: Sequence[WorkerProcess]) -> Answers:
        """Waits for the answers of processes; notes which of them died."""
        answers: Answers = {}
        waiting = list(processes)
        try:
            while waiting:
                try:
                    answers |= waiting[0].receive()
                except WorkerDied as death:
                    self._bury(waiting[0], str(death))
                waiting.pop(0)
        except BaseException:  # Ctrl-C: half of an answer may have been read
            for process in waiting:
                self._bury(process, process.end())
            raise
        for world, answer in answers.items():
            if isinstance(answer, Failure):
                answer.error.add_note(answer.trace)
                answers[world] = answer.error
        return answers

    def _bury(self, process: WorkerProcess, how: str) -> None:
        for world in process.worlds:
            del self._home[world]
            self.deaths[world] = f"its worker process died ({how})."
        self._all.remove(process)

    def renew(self, worlds: Sequence[int]) -> None:
        """Gives worlds whose process died or is old a fresh one, without their state; to be called before a reset.

        An old process ends when its last world has left it.

        Raises:
            SimgenError: If the fresh process dies too.
        """
        moving = [world for world in worlds if world not in self._home or self._is_old(self._home[world])]
        if moving:
            self._leave([world for world in moving if world in self._home])
            self._place(moving)
        for world in worlds:
            process = self._home[world]
            process.resets += 1
            if process.grown_from is None and process.resets > len(process.worlds):
                process.grown_from = process.resident_bytes()

    def _is_old(self, process: WorkerProcess) -> bool:
        resets, growth = self._limits
        resident = process.resident_bytes()  # 0: it is gone, but nothing was asked of it since
        if process.dead or not resident or process.resets >= resets:
            return True
        return process.grown_from is not None and resident > process.grown_from + growth

    def _leave(self, worlds: Sequence[int]) -> None:
        leaving: dict[WorkerProcess, list[int]] = {}
        for world in worlds:
            leaving.setdefault(self._home.pop(world), []).append(world)
        for process, members in leaving.items():
            process.leave(members, _PATIENCE)
            if process.dead:
                self._bury(process, "it ended while a world left it")

    def _place(self, worlds: Sequence[int]) -> None:
        """Makes worlds in the newest process of their slot, or in a fresh one if that is old."""
        for _ in range(_BUILDS):
            placed: dict[WorkerProcess, list[int]] = {}
            for world in worlds:
                placed.setdefault(self._process_of(world % self.processes), []).append(world)
            for process, members in placed.items():
                process.send(Build(members, self._config))
                process.worlds.update(members)
                self._home.update(dict.fromkeys(members, process))
                for world in members:
                    self.deaths.pop(world, None)
            _raise_first(self._collect(list(placed)))
            worlds = [world for world in worlds if world not in self._home]
            if not worlds:
                return
        raise SimgenError(f"worlds cannot be made: {self.deaths[worlds[0]]}")

    def _process_of(self, slot: int) -> WorkerProcess:
        process = self._newest.get(slot)
        if process is None or self._is_old(process):
            process = self._fork()
            self._all.append(process)
            self._newest[slot] = process
            for arena in self._arenas:
                process.share(arena)
            for _ in self._arenas:
                process.receive()
        return process

    def _fork(self) -> WorkerProcess:
        try:
            return WorkerProcess(self._nursery())
        except NurseryDied:  # it was alive when it was looked at
            return WorkerProcess(self._nursery())

    def _nursery(self) -> Nursery:
        if not self._nurseries or not self._nurseries[-1].alive:
            threads = str(max(1, usable_cores() // self.processes))
            environment = {"LP_NUM_THREADS": threads, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
            self._nurseries.append(Nursery(self._factory, environment))
        return self._nurseries[-1]

    def close(self) -> None:
        """Closes the worlds and ends all processes."""
        for process in list(self._all):
            process.leave(list(process.worlds), _PATIENCE)
        self._home.clear()
        self._release()

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _raise_first(answers: Answers) -> None:
    for world in sorted(answers):
        if isinstance(answers[world], SimgenError):
            raise answers[world]


def _release(owner: int, processes: list[WorkerProcess], nurseries: list[Nursery], arenas: list[Arena]) -> None:
    """Ends all processes and frees what the owner holds, but not from a fork of the owner."""
    if os.getpid() != owner:
        return
    for process in processes:
        process.end()
    for nursery in nurseries:
        nursery.close()
    for arena in arenas:
        arena.close()
    processes.clear()
    nurseries.clear()
    arenas.clear()
