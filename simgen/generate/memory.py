"""What recording needs of the machine's memory, and whether there is enough."""

from __future__ import annotations

import gymnasium
import numpy as np

from simgen.env.base import BaseEnv
from simgen.errors import BadInput
from simgen.machine import available_bytes
from simgen.spec import TaskSpec
from simgen.spec.camera import PIXELS, Output

LARGEST_SHARE = 0.5  # of the available memory; the encoders' queue, the engine and the files' cache want some too
LARGEST_SHARE_OF_WORKERS = 0.8
WORKER_BYTES = 500_000_000  # of a worker and its encoders, without worlds
_STEP_BYTES = 16  # reward and flags of a step


def require_memory(env: BaseEnv, processes: int = 1) -> None:
    """Refuses more worlds than can be recorded at once.

    Args:
        env: The worlds.
        processes: On this machine, each with as many.

    Raises:
        BadInput: Says how much is needed, how much there is, and how many worlds would fit.
    """
    _require(env.num_envs, episode_bytes(env), env.max_steps, processes)


def require_memory_of_images(task: TaskSpec, num_envs: int, processes: int = 1) -> None:
    """Refuses worlds whose images alone cannot be recorded at once; for before they are built.

    Raises:
        BadInput: As `require_memory`.
    """
    cameras = task.cameras.values()
    frame = sum(view.size[0] * view.size[1] * sum(map(_pixel_bytes, view.outputs)) for view in cameras)
    _require(num_envs, frame * (task.episode.max_steps + 1), task.episode.max_steps, processes)


def _pixel_bytes(output: Output) -> int:
    numbers, dtype = PIXELS[output]
    return numbers * np.dtype(dtype).itemsize


def _require(num_envs: int, each: int, max_steps: int, processes: int) -> None:
    available = available_bytes()
    needed = processes * num_envs * each
    if available is None or needed <= LARGEST_SHARE * available:
        return
    fitting = int(LARGEST_SHARE * available // (each * processes))
    advice = (
        f"use --num-envs {fitting} or fewer"
        if fitting
        else "not even one fits: make the cameras' images smaller or episode.max_steps shorter"
    )
    if processes > 1:
        workers = max(1, int(LARGEST_SHARE * available // (each * num_envs)))
        advice += f", or --workers {workers}" if workers > 1 else ", or no --workers"
    worlds = f"{num_envs} worlds" if processes == 1 else f"{num_envs} worlds in each of {processes} workers"
    raise BadInput(
        f"recording {worlds} needs {_gigabytes(needed)} of memory ({_gigabytes(each)} for "
        f"each episode of up to {max_steps} steps), more than half of the {_gigabytes(available)} "
        f"that are available; {advice}."
    )


def require_memory_of_workers(workers: int) -> None:
    """Refuses more workers on this machine than memory holds even without worlds.

    Raises:
        BadInput: Says how many would fit.
    """
    available = available_bytes()
    if available is None or workers * WORKER_BYTES <= LARGEST_SHARE_OF_WORKERS * available:
        return
    fitting = int(LARGEST_SHARE_OF_WORKERS * available // WORKER_BYTES)
    advice = f"use --workers {fitting} or fewer" if fitting else "not even one fits"
    raise BadInput(
        f"{workers} workers need {_gigabytes(workers * WORKER_BYTES)} of memory before they have any worlds, and "
        f"{_gigabytes(available)} are available; {advice}."
    )


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
