"""Small tasks for tests: mappings as `load_task` takes them, without cameras unless a test adds some."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from simgen.data import open_dataset
from simgen.spec import TaskSpec, load_task
from simgen.spec.registry import Randomizable
from simgen.world.engine.base import WorldState
from simgen.world.engine.newton.engine import NewtonEngine
from simgen.world.scene.layout import layout_of
from simgen.world.scene.sample import SceneSampler
from simgen.world.scene.scene import Scene

# Half of the seeds solve it by doing nothing.
COIN = {
    "name": "coin",
    "robot": {"use": "panda", "control": "pd_joint_delta_pos"},
    "episode": {"max_steps": 12, "control_hz": 20, "sim_hz": 40},
    "scene": {
        "table": {"use": "table"},
        "objects": {
            "cube": {
                "box": [0.04, 0.04, 0.04],
                "pose": {"on": "table", "xy": {"choose": [[0.1, 0.2], [0.1, -0.2]]}},
            }
        },
    },
    "observe": {"policy": ["qpos", "qvel"]},
    "success": {"near": {"body": "cube", "at": [0.1, 0.2, 0.02], "within": 0.05}},
    "teacher": {"steps": [{"wait": 0.2}], "retries": 0},
}


def task_of(objects: dict[str, Any], name: str = "small", **fields: Any) -> TaskSpec:
    """Returns a task with a Panda at a table and the given objects; `fields` replace or add whole parts of it."""
    mapping: dict[str, Any] = {
        "name": name,
        "robot": {"use": "panda"},
        "scene": {"table": {"use": "table"}, "objects": objects},
    }
    return load_task(mapping | fields)


def standing(shape: dict[str, Any], x: float = 0.0, y: float = 0.0, **fields: Any) -> dict[str, Any]:
    """Returns an object that stands on the table at a fixed place [m]."""
    return {**shape, "pose": {"on": "table", "xy": [x, y]}, **fields}


def floating(shape: dict[str, Any], z: float, x: float = 0.0, y: float = 0.0, **fields: Any) -> dict[str, Any]:
    """Returns an object whose origin starts at a height over the table [m]."""
    return {**shape, "pose": {"above": "table", "xy": [x, y], "z": z}, **fields}


class Bench:
    """An engine with the scenes of a task, and the few things that tests do with it.

    Args:
        task: The task.
        num_envs: Worlds.
    """

    def __init__(self, task: TaskSpec, num_envs: int = 1) -> None:
        self.layout = layout_of(task)
        self._sampler = SceneSampler(task, self.layout)
        self.dt = task.episode.control_seconds
        self.engine = NewtonEngine(self.layout, num_envs, task.episode.substeps, self.dt)
        self.num_envs = num_envs

    def reset(self, seeds: Sequence[int], env_ids: Sequence[int] | None = None) -> None:
        """Starts the episodes with these seeds, in all worlds unless told otherwise."""
        ids = range(self.num_envs) if env_ids is None else env_ids
        self.engine.reset(torch.tensor(list(ids)), [self.scene_of(seed) for seed in seeds])

    def scene_of(self, seed: int) -> Scene:
        """Returns the scene that this seed gives."""
        return self._sampler.sample(seed)

    def step(self, steps: int = 1, push: tuple[str, torch.Tensor] | None = None) -> WorldState:
        """Advances some control steps, with a wrench on a body all the time, and returns the state."""
        for _ in range(steps):
            if push is not None:
                self.engine.apply_wrench(*push)
            self.engine.step()
        return self.engine.state()

    def body(self, name: str) -> torch.Tensor:
        """Returns position, quaternion, linear and angular velocity of a body now. Shape: (E, 13)."""
        return rows_of(self.engine.state())[1][:, self.layout.slot(name)]


def is_look(entry: Randomizable) -> bool:
    """Says whether a path of `randomize` changes pictures alone; all others change the motion."""
    return entry.path.partition(".")[0] in ("camera", "light", "background") or bool(entry.words)


def rows_of(state: WorldState) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns a state's joints (E, 2 D) and bodies (E, B, 13)."""
    parts = (
        state.body_position, state.body_quaternion, state.body_linear_velocity, state.body_angular_velocity,
    )  # fmt: skip
    return torch.cat([state.qpos, state.qvel], -1), torch.cat(parts, -1)


def contents(path: Path) -> dict[tuple[str, int], str]:
    """Returns the hash of each episode's content by phase and index."""
    return {(episode.phase, episode.index): episode.sha256 for episode in open_dataset(path)}
