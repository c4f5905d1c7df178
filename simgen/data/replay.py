"""Simulates a recorded episode again and says how far the result is from the recording."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from simgen.data.episode import Episode
from simgen.data.reader import open_dataset
from simgen.env.numpy_view import to_numpy
from simgen.env.task_env import TaskEnv
from simgen.env.threads import one_torch_thread
from simgen.errors import BadInput
from simgen.spec import TaskSpec, load_task

# Beside the task's own fields, a dataset's spec says here how the episodes were generated.
GENERATION = "generation"
ACTORS, IMAGES = "env_states/actors/", "obs/sensor_data/"


@dataclass(frozen=True)
class Replay:
    """How far a replay is from its recording.

    Args:
        steps: Control steps that were compared.
        max_position_error_m: Largest distance of an object between the two.
        max_joint_error: Largest difference of a joint position [rad or m].
        max_image_difference: Largest difference of a pixel in any rgb, depth or segmentation image, in its own unit.
        max_reward_difference: Largest difference of the reward of a step.
        identical: Whether states and images are equal to the last bit.
    """

    steps: int
    max_position_error_m: float
    max_joint_error: float
    max_image_difference: float
    max_reward_difference: float
    identical: bool


def task_of(spec: dict[str, Any]) -> TaskSpec:
    """Returns the task that a dataset's spec describes."""
    return load_task({name: value for name, value in spec.items() if name != GENERATION})


@one_torch_thread()
def replay_episode(path: str | Path, number: int, device: str = "cpu", images: bool = True) -> Replay:
    """Replays episode `number` of a dataset (its place in the dataset, as in `open_dataset(path)[number]`).

    Raises:
        BadInput: No dataset, no such episode.
        SimgenError: The dataset cannot be read.
    """
    dataset = open_dataset(path)
    if not -len(dataset) <= number < len(dataset):
        raise BadInput(f"{path}: there is no episode {number}; allowed: 0 to {len(dataset) - 1}.")
    episode = dataset[number].read()
    env = TaskEnv(task_of(dataset.spec), 1, device, images=images)
    try:
        return _compare(env, episode, images)
    finally:
        env.close()


def _compare(env: TaskEnv, episode: Episode, images: bool) -> Replay:
    env.start([0], [episode.seed])
    actions = episode.arrays.get("executed_actions", episode.arrays["actions"])
    differences = {"position": 0.0, "joint": 0.0, "image": 0.0, "reward": 0.0}
    _compare_state(env, episode, 0, images, differences)
    for step, action in enumerate(actions):
        outcome = env.advance(torch.as_tensor(action)[None])
        reward = abs(float(outcome.reward[0]) - float(episode.arrays["rewards"][step]))
        differences["reward"] = max(differences["reward"], reward)
        _compare_state(env, episode, step + 1, images, differences)
    return Replay(
        steps=len(actions),
        max_position_error_m=differences["position"],
        max_joint_error=differences["joint"],
        max_image_difference=differences["image"],
        max_reward_difference=differences["reward"],
        identical=not any(differences.values()),
    )


def _compare_state(env: TaskEnv, episode: Episode, row: int, images: bool, differences: dict[str, float]) -> None:
    state = env.worlds.state
    for index, slot in enumerate(env.layout.bodies):
        recorded = episode.arrays[f"{ACTORS}{slot.name}"][row, :3]
        error = float(np.linalg.norm(state.body_position[0, index].cpu().numpy() - recorded))
        differences["position"] = max(differences["position"], error)
    articulation = episode.arrays[f"env_states/articulations/{env.card.name}"][row, 13 : 13 + env.card.dof]
    joint = float(np.abs(state.qpos[0].cpu().numpy() - articulation).max())
    differences["joint"] = max(differences["joint"], joint)
    if images and env.layout.cameras:
        differences["image"] = max(differences["image"], _image_difference(env, episode, row))


def _image_difference(env: TaskEnv, episode: Episode, row: int) -> float:
    seen: dict[str, Any] = to_numpy(env.engine.render())
    largest = 0.0
    for camera, outputs in seen.items():
        for name, image in outputs.items():
            recorded = episode.arrays[f"{IMAGES}{camera}/{name}"][row]
            largest = max(largest, float(np.abs(image[0].astype(np.float64) - recorded).max()))
    return largest
