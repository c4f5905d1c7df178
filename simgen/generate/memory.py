"""What recording needs of the machine's memory, and whether there is enough.

Only what would obviously not fit is refused: what a process needs is counted as little as it was ever measured, and
held against all the memory that is left.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass

import gymnasium
import numpy as np

from simgen.data.pool import queue_of
from simgen.env.base import BaseEnv
from simgen.errors import BadInput
from simgen.generate.options import GenerateOptions
from simgen.machine import available_bytes
from simgen.spec import TaskSpec
from simgen.spec.camera import PIXELS, Output

# Measured as memory that belongs to one process alone and cannot be given up (Pss_Anon + Pss_Shmem), on the CPU with 1
# to 256 worlds of pick_cube, tidy_table, nav_rooms and nav_people: 370 MB after loading, 530 MB with one world, then
# for each further world 0.76, 1.3, 3.2 and 3.5 MB (2.5 MB for pick_cube at 256 x 256). Whole runs of pick_cube with
# 16 worlds had 783 MB alone and 776 MB in each of two workers; these terms add up to 774 MB.
IMPORTED_BYTES = 370_000_000  # of a process that has loaded everything and built nothing
BUILD_BYTES = 130_000_000  # what one world adds to that, most of it once: 0.16 GB
ENCODER_BYTES = 30_000_000  # of an encoder, beside the episodes that it shares with its writer
WORLD_BYTES = 100_000  # of each further world, beside its pixels: 0.1 to 1.1 MB
PIXEL_BYTES = 35  # of each pixel of a world's cameras while it is drawn
_STEP_BYTES = 16  # reward and flags of a step


@dataclass(frozen=True)
class Need:
    """What one process and its encoders need [bytes].

    Args:
        fixed: Whatever it simulates.
        world: Of each world, without its episode.
        episode: Of each episode of full length: one is under way in each world, others wait for an encoder.
        waiting: How many may wait; as many can end at a time as there are worlds.
    """

    fixed: int
    world: int
    episode: int
    waiting: int

    def of(self, num_envs: int) -> int:
        """Returns all of it with so many worlds."""
        return self.fixed + num_envs * self.world + (num_envs + min(num_envs, self.waiting)) * self.episode


def need_before(task: TaskSpec, options: GenerateOptions, started: bool) -> Need:
    """Returns what is known before the worlds are built; of the episodes that is their images.

    Args:
        task: What to simulate.
        options: Of the run.
        started: Whether the process is there already; what it has is then not counted.
    """
    cameras = task.cameras.values()
    pixels = sum(view.size[0] * view.size[1] for view in cameras)
    frame = sum(view.size[0] * view.size[1] * sum(map(_pixel_bytes, view.outputs)) for view in cameras)
    return Need(
        fixed=BUILD_BYTES + (0 if started else IMPORTED_BYTES) + options.processes * ENCODER_BYTES,
        world=WORLD_BYTES + pixels * PIXEL_BYTES if options.device == "cpu" else 0,
        episode=(frame + _STEP_BYTES) * (task.episode.max_steps + 1),
        waiting=queue_of(options.processes),
    )


def require_memory_before(
    task: TaskSpec, num_envs: int, options: GenerateOptions, processes: int = 1, started: bool = True
) -> None:
    """Refuses more worlds than can be recorded at once; for before they are built.

    Args:
        task: What to simulate.
        num_envs: Worlds of each process.
        options: Of the run.
        processes: On this machine, each with as many worlds.
        started: Whether they are there already.

    Raises:
        BadInput: Says how much is needed, how much there is, and how many worlds or processes would fit.
    """
    _require(need_before(task, options, started), num_envs, task.episode.max_steps, processes)


def require_memory(env: BaseEnv, options: GenerateOptions, processes: int = 1) -> None:
    """Refuses worlds, which are there already, if their episodes do not fit.

    Raises:
        BadInput: As `require_memory_before`.
    """
    need = Need(fixed=0, world=0, episode=episode_bytes(env), waiting=queue_of(options.processes))
    _require(need, env.num_envs, env.max_steps, processes)


def _require(need: Need, num_envs: int, max_steps: int, processes: int) -> None:
    available, needed = available_bytes(), processes * need.of(num_envs)
    if available is None or needed <= available:
        return
    fitting = bisect.bisect_right(range(1, num_envs), available / processes, key=need.of)
    fewer = min(processes - 1, available // need.of(num_envs))
    advice = [f"--num-envs {fitting}"] if fitting else []
    if processes > 1:
        advice += [f"--workers {fewer}" if fewer > 1 else "no --workers"] if fewer else []
    worlds = f"{num_envs} world{'s' * (num_envs > 1)}" + (f" in each of {processes} workers" if processes > 1 else "")
    waiting = min(num_envs, need.waiting)
    raise BadInput(
        f"recording {worlds} needs {_gigabytes(needed)} of memory: {_gigabytes(need.episode)} for each episode of up "
        f"to {max_steps} steps, of which each process holds {num_envs} under way and {waiting} that wait to be "
        f"written, and {_gigabytes(need.fixed + num_envs * need.world)} for each process and its worlds; "
        f"{_gigabytes(available)} are available. " + _advised(advice, processes)
    )


def _advised(advice: list[str], processes: int) -> str:
    if advice:
        return f"What fits: {' or '.join(advice)}."
    least = "one world" + (f" in each of {processes} workers" if processes > 1 else "")
    return (
        f"Not even {least} would fit: "
        + ("take fewer workers, " if processes > 1 else "")
        + "make the cameras' images smaller or episode.max_steps shorter."
    )


def _pixel_bytes(output: Output) -> int:
    numbers, dtype = PIXELS[output]
    return numbers * np.dtype(dtype).itemsize


def episode_bytes(env: BaseEnv) -> int:
    """Returns the size of the buffers for one episode of full length [bytes]."""
    states = sum(state.shape[1] for state in env.env_states().values())
    row = _space_bytes(env.single_observation_space) + 4 * (states + 2 * env.action_mode.dim) + _STEP_BYTES
    return row * (env.max_steps + 1)


def _space_bytes(space: gymnasium.Space) -> int:
    if isinstance(space, gymnasium.spaces.Dict):
        return sum(_space_bytes(part) for part in space.values())
    assert space.shape is not None
    return int(np.prod(space.shape, dtype=np.int64)) * np.dtype(space.dtype).itemsize


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:.3g} GB"
