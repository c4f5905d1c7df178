"""Ours against ManiSkill in one call: the peer at the best of a sweep, then all in turns, as ratios of each turn."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from simgen.bench.peer.config import PeerConfig
from simgen.bench.peer.meshes import write_urdf
from simgen.errors import BadInput
from simgen.machine import usable_cores
from simgen.spec import TaskSpec
from simgen.world.robot.card import load_card
from simgen.world.workers import WorkerPool

SWEEP_SECONDS, TURN_SECONDS = 3.0, 4.0
PROCESS_BYTES, WORLD_BYTES = 900_000_000, 200_000_000
Progress = Callable[[str, int], None]


class Peer:
    """Some processes with one of the peer's environments each.

    Args:
        config: What each runs.
        processes: How many.
    """

    def __init__(self, config: PeerConfig, processes: int) -> None:
        self.config, self.processes = config, processes
        self._pool = WorkerPool(
            "simgen.bench.peer.world:make_world", config, processes,
            process_bytes=PROCESS_BYTES, world_bytes=WORLD_BYTES, processes=processes,
        )  # fmt: skip

    def rate(self, seconds: float) -> float:
        """Returns steps per second of all processes together, which start at the same moment."""
        answers = self._pool.run("run", payloads=dict.fromkeys(range(self.processes), seconds))
        return sum(steps / taken for steps, taken in answers.values())

    def close(self) -> None:
        """Ends the processes."""
        self._pool.close()


def peer_id(task: TaskSpec, known: Iterator[str] | list[str]) -> str:
    """Returns ManiSkill's environment of the same name as a task of ours: pick_cube is PickCube-v1.

    Raises:
        BadInput: If there is none, or the robots differ.
    """
    wanted = "".join(word.capitalize() for word in task.name.split("_")) + "-v1"
    if wanted not in known:
        raise BadInput(f"--against maniskill: there is no {wanted} to compare {task.name!r} with.")
    if task.robot.use != "panda":
        raise BadInput(f"--against maniskill: {wanted} has the robot panda, and this task {task.robot.use}.")
    return wanted


def candidates(cores: int) -> list[tuple[int, int]]:
    """Returns the pairs of processes and render threads to try: powers of two up to the number of cores."""
    counts = sorted({1 << power for power in range(cores.bit_length()) if 1 << power <= cores} | {cores})
    return [(processes, threads) for processes in counts for threads in counts]


@contextmanager
def best_peer(base: PeerConfig, progress: Progress) -> Iterator[tuple[Peer, list[dict[str, Any]]]]:
    """Gives the fastest of the sweep, running, and what all of them did; the processes end with the block."""
    swept: list[dict[str, Any]] = []
    best: Peer | None = None
    try:
        for number, (processes, threads) in enumerate(candidates(usable_cores()), start=1):
            progress("peer: sweep over processes and threads", number)
            slower: Peer | None = (trial := Peer(replace(base, render_threads=threads), processes))
            try:
                trial.rate(1.0)
                rate = trial.rate(SWEEP_SECONDS)
                if rate > max((entry["fps"] for entry in swept), default=0.0):
                    best, slower = trial, best
                swept.append({"processes": processes, "render_threads": threads, "fps": rate})
            finally:
                if slower is not None:
                    slower.close()
        assert best is not None
        yield best, swept
    finally:
        if best is not None:
            best.close()


def compare(
    task: TaskSpec,
    env_id: str,
    ours: Mapping[str, Callable[[], float]],
    repetitions: int,
    progress: Progress,
    images: bool = True,
) -> dict[str, Any]:
    """Measures ours and the peer in turns.

    Args:
        task: Whose first camera's size and outputs the peer's camera gets.
        env_id: The peer's environment.
        ours: Each does one repetition of a configuration of ours and returns env-steps per second: "ours", and perhaps
            "ours_without_shadows", since the peer's environments draw none.
        repetitions: How many turns.
        progress: Called with what is being done.
        images: Whether images are made.

    Returns:
        "peer": the peer as shipped and with our meshes: rates, sweep; "ratio", "ratio_equal_meshes" (medians of the
        turns' ratios), "ratios" and "ratios_equal_meshes" of all turns; "without_shadows": the same ratios of ours
        without shadows, if that was measured.
    """
    camera = next(iter(task.cameras.values()), None) if images else None
    shipped = PeerConfig(env_id, camera.size if camera else None, camera.drawn if camera else (), 1)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        urdf = write_urdf(load_card(task.robot.use), task.render.triangles_per_link, folder)
        equal = replace(shipped, urdf=str(urdf))
        found = {name: stack.enter_context(best_peer(config, progress)) for name, config in
                 (("shipped", shipped), ("equal_meshes", equal))}  # fmt: skip
        turns: list[dict[str, float]] = []
        for number in range(1, repetitions + 1):
            progress("turns of ours and the peer", number)
            turn = {name: measure() for name, measure in ours.items()}
            turns.append(turn | {name: peer.rate(TURN_SECONDS) for name, (peer, _) in found.items()})
    sides = {name: _side(peer, swept, [turn[name] for turn in turns]) for name, (peer, swept) in found.items()}
    result = {"peer": {"env_id": env_id, **sides["shipped"], "equal_meshes": sides["equal_meshes"]}}
    result |= _ratios(turns, "ours")
    if "ours_without_shadows" in ours:
        result["without_shadows"] = _ratios(turns, "ours_without_shadows")
    return result


def _ratios(turns: list[dict[str, float]], ours: str) -> dict[str, Any]:
    """How many times as fast a configuration of ours is as the peer, as shipped and with our meshes."""
    shipped, equal = ([turn[ours] / turn[peer] for turn in turns] for peer in ("shipped", "equal_meshes"))
    return {
        "ours_fps": statistics.median(turn[ours] for turn in turns),
        "ratio": statistics.median(shipped),
        "ratio_equal_meshes": statistics.median(equal),
        "ratios": shipped,
        "ratios_equal_meshes": equal,
    }


def _side(peer: Peer, swept: list[dict[str, Any]], rates: list[float]) -> dict[str, Any]:
    return {
        "total_fps": statistics.median(rates),
        "spread": [min(rates), max(rates)],
        "processes": peer.processes,
        "render_threads": peer.config.render_threads,
        "sweep": swept,
    }
