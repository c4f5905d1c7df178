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
_STEP_BYTES = 16  # reward and flags of a step


def require_memory(env: BaseEnv) -> None:
    """Refuses more worlds than can be recorded at once.

    Raises:
        BadInput: Says how much is needed, how much there is, and how many worlds would fit.
    """
    _require(env.num_envs, episode_bytes(env), env.max_steps)


def require_memory_of_images(task: TaskSpec, num_envs: int) -> None:
    """Refuses worlds whose images alone cannot be recorded at once; for before they are built.

    Raises:
        BadInput: As `require_memory`.
    """
    cameras = task.cameras.values()
    frame = sum(view.size[0] * view.size[1] * sum(map(_pixel_bytes, view.outputs)) for view in cameras)
    _require(num_envs, frame * (task.episode.max_steps + 1), task.episode.max_steps)


def _pixel_bytes(output: Output) -> int:
    numbers, dtype = PIXELS[output]
    return numbers * np.dtype(dtype).itemsize


def _require(num_envs: int, each: int, max_steps: int) -> None:
    available = available_bytes()
    if available is None or num_envs * each <= LARGEST_SHARE * available:
        return
    fitting = int(LARGEST_SHARE * available // each)
    advice = (
        f"use --num-envs {fitting} or fewer"
        if fitting
        else "not even one fits: make the cameras' images smaller or episode.max_steps shorter"
    )
    raise BadInput(
        f"recording {num_envs} worlds needs {_gigabytes(num_envs * each)} of memory ({_gigabytes(each)} for "
        f"each episode of up to {max_steps} steps), more than half of the {_gigabytes(available)} "
        f"that are available; {advice}."
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
