"""The two sides of a comparison, and the episodes that both are given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from simgen.env.task_env import TaskEnv
from simgen.env.terms import bind_condition
from simgen.errors import BadInput
from simgen.world.scene.scene import Scene
from simgen.world.scene.seed import episode_seed

Progress = Callable[[str, int, int], None]
"""Called with the part, what of it is done, and how much there is."""
PolicyName = Literal["random", "teacher"]
MOST_SKIPPED = 100  # seeds in a row whose scene cannot be drawn


@dataclass(frozen=True, eq=False)
class Side:
    """One of the two.

    Attributes:
        name: For people and for keys of the result: the engine's.
        env: Its worlds.
        succeeded: Says in which worlds the task is done now. Shape: (E,), bool.
    """

    name: str
    env: TaskEnv
    succeeded: Callable[[], torch.Tensor]

    @classmethod
    def of(cls, name: str, env: TaskEnv) -> Side:
        """Makes a side of worlds that are ready."""
        if env.task.success is None:
            return cls(name, env, lambda: torch.zeros(env.num_envs, dtype=torch.bool))
        return cls(name, env, bind_condition(env.task.success, env.worlds))

    def broken(self) -> dict[int, str]:
        """Returns the worlds whose episode cannot be compared, with the reason."""
        lost = dict.fromkeys(self.env.engine.interrupted(), "the process that simulated it died")
        return lost | self.env.engine.problems()


@dataclass(frozen=True, eq=False)
class Episode:
    """What both sides start from.

    Attributes:
        index: From 0; its seed depends on it, the dataset's seed and the task alone.
        policy: Who moves the robot in the open loop.
    """

    index: int
    scene: Scene
    policy: PolicyName

    @property
    def seed(self) -> int:
        """The episode's seed."""
        return self.scene.seed


def draw_episodes(env: TaskEnv, seed: int, number: int) -> list[Episode]:
    """Draws the episodes; where there is a teacher, every second one is its.

    Raises:
        BadInput: If many scenes in a row cannot be drawn.
    """
    episodes: list[Episode] = []
    has_teacher = env.task.teacher is not None
    index, skipped, failure = 0, 0, ""
    while len(episodes) < number:
        try:
            scene = env.sampler.sample(episode_seed(seed, env.task.name, "parity", index))
            taught = has_teacher and len(episodes) % 2 == 1
            episodes.append(Episode(index, scene, "teacher" if taught else "random"))
            skipped = 0
        except BadInput as error:
            failure, skipped = str(error), skipped + 1
            if skipped >= MOST_SKIPPED:
                raise BadInput(f"{failure} ({MOST_SKIPPED} episodes in a row could not be drawn.)") from error
        index += 1
    return episodes


def batches(episodes: Sequence[Episode], size: int) -> Iterator[Sequence[Episode]]:
    """Yields episodes of one policy, at most as many as there are worlds."""
    for policy in ("random", "teacher"):
        chosen = [episode for episode in episodes if episode.policy == policy]
        for start in range(0, len(chosen), size):
            yield chosen[start : start + size]


def start(side: Side, episodes: Sequence[Episode]) -> list[int]:
    """Puts episodes into the first worlds of a side and returns the worlds."""
    worlds = list(range(len(episodes)))
    side.env.start_scenes(worlds, [episode.scene for episode in episodes])
    return worlds
