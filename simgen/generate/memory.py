"""What recording needs of the machine's memory, and whether there is enough."""

from __future__ import annotations

import os
from pathlib import Path

import gymnasium
import numpy as np

from simgen.env.task_env import TaskEnv
from simgen.errors import BadInput

LARGEST_SHARE = 0.5  # of the available memory; the encoders' queue, the engine and the files' cache want some too
_MEMINFO, _CGROUP = Path("/proc/meminfo"), Path("/sys/fs/cgroup")
_STEP_BYTES = 16  # reward and flags of a step


def require_memory(env: TaskEnv) -> None:
    """Refuses more worlds than can be recorded at once.

    Raises:
        BadInput: Says how much is needed, how much there is, and how many worlds would fit.
    """
    available, each = available_bytes(), episode_bytes(env)
    if available is None or env.num_envs * each <= LARGEST_SHARE * available:
        return
    fitting = int(LARGEST_SHARE * available // each)
    advice = (
        f"use --num-envs {fitting} or fewer"
        if fitting
        else "not even one fits: make the cameras' images smaller or episode.max_steps shorter"
    )
    raise BadInput(
        f"recording {env.num_envs} worlds needs {_gigabytes(env.num_envs * each)} of memory ({_gigabytes(each)} for "
        f"each episode of up to {env.task.episode.max_steps} steps), more than half of the {_gigabytes(available)} "
        f"that are available; {advice}."
    )


def episode_bytes(env: TaskEnv) -> int:
    """Returns the size of the buffers for one episode of full length [bytes]."""
    states = 13 * len(env.layout.bodies) + 13 + 2 * env.card.dof
    row = _space_bytes(env.single_observation_space) + 4 * (states + 2 * env.action_mode.dim) + _STEP_BYTES
    return row * (env.task.episode.max_steps + 1)


def _space_bytes(space: gymnasium.Space) -> int:
    if isinstance(space, gymnasium.spaces.Dict):
        return sum(_space_bytes(part) for part in space.values())
    assert space.shape is not None
    return int(np.prod(space.shape, dtype=np.int64)) * np.dtype(space.dtype).itemsize


def available_bytes() -> int | None:
    """Returns how much memory a process can still take [bytes]: the machine's, or less in a container; or None."""
    found = [value for value in (_machine_bytes(), _container_bytes()) if value is not None]
    return min(found, default=None)


def _machine_bytes() -> int | None:
    try:
        values = dict(line.split(":", 1) for line in _MEMINFO.read_text().splitlines() if ":" in line)
        return int(values["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError, IndexError):
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return None


def _container_bytes() -> int | None:
    """What the control group still allows [bytes]; its file cache can be given up."""
    try:
        limit, used = ((_CGROUP / name).read_text().strip() for name in ("memory.max", "memory.current"))
        cache = dict(line.split() for line in (_CGROUP / "memory.stat").read_text().splitlines())["file"]
        return max(0, int(limit) - int(used) + int(cache))
    except (OSError, KeyError, ValueError):  # no control group, or "max": no limit
        return None


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:.3g} GB"
