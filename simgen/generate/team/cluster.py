"""Workers that are actors of a Ray cluster (`simgen-toolkit[ray]`)."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import socket
import tempfile
from pathlib import Path
from typing import Any

from simgen.errors import BadInput, SimgenError
from simgen.generate.team.messages import Death, Order, Report, Setup
from simgen.machine import versions

AUTO, LOCAL = "auto", "local"
CORES_PER_WORKER = 2  # one simulates, the other helps to draw and compresses
_PATIENCE = 10.0  # with an address that does not answer [s]
_MUST_AGREE = ("python", "simgen-toolkit", "numpy", "torch", "newton", "warp-lang", "mujoco-warp", "sapien")


def require_ray() -> Any:
    """Returns the module.

    Raises:
        BadInput: If it is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # actors without a GPU see none, and no warning
    try:
        import ray
    except ImportError:
        raise BadInput("--ray needs Ray: pip install 'simgen-toolkit[ray]'.") from None
    return ray


class Cluster:
    """A connection to a cluster; use it as a context manager.

    Args:
        address: HOST:PORT or ray://HOST:PORT; "auto": the running cluster, else one here; "local": one here.
        workers: How many actors; None: one for each GPU, or for each two cores where the device is the CPU.
        device: Of the run.

    Attributes:
        workers: How many actors.
        neighbours: Most of them on one machine.

    Raises:
        BadInput: If Ray is not installed, or nothing answers at the address.
        SimgenError: If the cluster has nothing to run workers on.
    """

    def __init__(self, address: str, workers: int | None, device: str) -> None:
        self._ray = require_ray()
        self._address, self._wanted, self._gpu = address, workers, device.startswith("cuda")
        self._connected = False

    def __enter__(self) -> Cluster:
        if not self._ray.is_initialized():
            self._connect()
        resources = self._ray.cluster_resources()
        scarce = resources.get("GPU" if self._gpu else "CPU", 0.0)
        if not scarce:
            self.__exit__()
            raise SimgenError(f"the Ray cluster has no {'GPU' if self._gpu else 'CPU'} to run workers on.")
        default = scarce if self._gpu else scarce // CORES_PER_WORKER
        self.workers = self._wanted or max(1, int(default))
        each = scarce / self.workers
        each = float(int(each)) if each >= 1 else each
        cores = max(1.0, resources.get("CPU", 1.0) // self.workers)
        self._options = {"num_gpus": each, "num_cpus": 0} if self._gpu else {"num_cpus": each}
        self._cores = int(cores)
        machines = sum(node["Alive"] for node in self._ray.nodes())
        self.neighbours = -(-self.workers // max(1, machines))
        return self

    def _connect(self) -> None:
        reachable(self._address)
        address = {AUTO: None}.get(self._address, self._address)
        settings: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
        if address is None or address == LOCAL:
            settings["include_dashboard"] = False
        try:
            self._ray.init(address=address, **settings)
        except ValueError:  # there is a cluster, which has its own settings
            self._ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False)
        except (ConnectionError, RuntimeError, OSError) as error:
            raise BadInput(f"--ray {self._address}: cannot connect to the cluster ({error}).") from error
        self._connected = True

    def __exit__(self, *_: object) -> None:
        if self._connected:
            self._ray.shutdown()
            self._connected = False

    def team(self, setup: Setup) -> RayTeam:
        """Returns the workers."""
        return RayTeam(self._ray, setup, self._options, self._cores)


def reachable(address: str) -> None:
    """Makes sure that something answers at an address, since Ray itself would wait for long.

    Raises:
        BadInput: If it does not.
    """
    if address in (AUTO, LOCAL):
        return
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        raise BadInput(f"--ray {address}: is no address; allowed are HOST:PORT, ray://HOST:PORT, auto and local.")
    try:
        socket.create_connection((host, int(port)), _PATIENCE).close()
    except (OSError, OverflowError) as error:
        raise BadInput(f"--ray {address}: nothing answers there ({error}).") from error


class RayTeam:
    """Starts actors and talks to them.

    Args:
        ray: The module.
        setup: Of the run.
        resources: Of an actor.
        cores: Of an actor.
    """

    def __init__(self, ray: Any, setup: Setup, resources: dict[str, float], cores: int) -> None:
        self._ray, self._cores = ray, cores
        self._setup = ray.put((setup, versions()))
        threads = str(cores)
        environment = {"OMP_NUM_THREADS": threads, "LP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": "1"}
        actor = ray.remote(Actor)
        self._actor = actor.options(max_restarts=0, runtime_env={"env_vars": environment}, **resources)
        self._actors: dict[str, Any] = {}
        self._reports: dict[Any, str] = {}

    def start(self, name: str, slot: int) -> None:
        """Starts an actor; it reports once it is ready for orders."""
        self._actors[name] = self._actor.remote()
        self._reports[self._actors[name].begin.remote(self._setup, name, self._cores)] = name

    def send(self, name: str, order: Order) -> None:
        """Gives an actor an order; it will report once."""
        self._reports[self._actors[name].do.remote(order)] = name

    def wait(self, seconds: float) -> list[tuple[str, Report | Death]]:
        """Waits until an actor reports or dies, but not longer."""
        ready, _ = self._ray.wait(list(self._reports), num_returns=1, timeout=seconds) if self._reports else ([], [])
        return [(self._reports.pop(each), self._receive(each)) for each in ready]

    def _receive(self, report: Any) -> Report | Death:
        try:
            return self._ray.get(report)
        except self._ray.exceptions.RayError as error:
            lines = [line for line in str(error).splitlines() if line.strip()]
            return Death(lines[0] if lines else type(error).__name__)

    def dismiss(self, name: str) -> None:
        """Ends an actor that has reported for the last time."""
        actor = self._actors.pop(name, None)
        if actor is not None:
            self._ray.kill(actor)

    def close(self) -> None:
        """Ends all actors at once."""
        for name in list(self._actors):
            with contextlib.suppress(Exception):  # the connection to the cluster may be what has failed
                self.dismiss(name)


class Actor:
    """A worker in a process of Ray's."""

    def __init__(self) -> None:
        self._worker: Any = None
        self._core_lock: int | None = None

    def begin(self, setup: tuple[Setup, dict[str, str]], name: str, cores: int) -> Report:
        """Gets ready."""
        from simgen.generate.team.worker import Worker, portable

        try:
            _require_same(setup[1], versions())
            self._core_lock = claim_cores(cores)
            self._worker = Worker(setup[0], name)
        except Exception as error:
            return Report(error=portable(error))
        return Report()

    def do(self, order: Order) -> Report:
        """Carries out an order."""
        from simgen.generate.team.worker import portable

        try:
            report = self._worker.do(order)
            if order.end:
                self._worker.close()
        except Exception as error:
            return Report(error=portable(error))
        return report


def _require_same(coordinator: dict[str, str], worker: dict[str, str]) -> None:
    """Refuses to simulate with other versions, which would give other episodes."""
    for name in _MUST_AGREE:
        if coordinator.get(name) != worker.get(name):
            raise SimgenError(
                f"a machine of the cluster has {name} {worker.get(name)}, the coordinator {coordinator.get(name)}; "
                "all machines need the same versions."
            )


def claim_cores(count: int) -> int | None:
    """Restricts this process to cores that no other actor on the machine has claimed, if there are so many.

    Returns:
        A descriptor that holds the claim until it is closed; None where all are taken: then nothing is restricted.
    """
    cores = sorted(os.sched_getaffinity(0))
    for group in range(len(cores) // count):
        path = Path(tempfile.gettempdir()) / f"simgen-cores-{os.getuid()}-{count}-{group}.lock"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            continue
        os.sched_setaffinity(0, cores[group * count : (group + 1) * count])
        return descriptor
    return None
