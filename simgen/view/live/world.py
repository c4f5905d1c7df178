"""One live world: it is stepped by whoever acts (a person or the task's teacher) and says what it is like now."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from simgen.env.base import BaseEnv, Outcome
from simgen.errors import SimgenError
from simgen.policy.base import Policy
from simgen.policy.registry import make_teacher
from simgen.spec import TaskSpec
from simgen.view.live.cameras import CameraPose
from simgen.view.live.pictures import outputs_of
from simgen.world.scene.scene import Scene


class LiveWorld:
    """World 0 of an environment, and who may act in it.

    Args:
        env: One world.

    Attributes:
        env: As given.
        scene: The scene of the episode under way.
        obs, outcome: What was observed last, and what the last step did; no outcome at the start.
        total: Sum of the reward since the start.
        no_teacher: Why the task has no teacher; "" where it has one.
    """

    def __init__(self, env: BaseEnv) -> None:
        self.env = env
        self.no_teacher = ""
        self._teacher: Policy | None = None
        try:
            self._teacher = make_teacher(env)
        except SimgenError as error:
            self.no_teacher = str(error)
        self.scene: Scene = env.engine.scene(0)
        self.obs: dict[str, Any] = env.observe()
        self.outcome: Outcome | None = None
        self.steps, self.total = 0, 0.0

    @property
    def drawable(self) -> bool:
        """Whether its scene can be drawn; else its robot alone."""
        return isinstance(self.env.task, TaskSpec)

    @property
    def has_teacher(self) -> bool:
        """Whether the task has a teacher."""
        return self._teacher is not None

    def start(self, scene: Scene) -> None:
        """Starts an episode with this scene."""
        self.env.start_scenes([0], [scene])
        self.scene, self.outcome = scene, None
        self.steps, self.total = 0, 0.0
        self.obs = self.env.observe()
        self.teach()

    def teach(self) -> None:
        """Lets the teacher begin from here."""
        if self._teacher is not None:
            self._teacher.reset([0], [self.scene.seed])

    def taught(self) -> tuple[torch.Tensor, bool]:
        """Returns the teacher's action (1, A), and whether it has given up."""
        assert self._teacher is not None
        step = self._teacher.act(self.obs)
        return step.action, bool(step.gave_up[0])

    def step(self, action: torch.Tensor) -> Outcome:
        """Does one control step."""
        self.outcome = self.env.advance(action)
        self.obs = self.env.observe()
        self.steps += 1
        self.total += float(self.outcome.reward[0])
        return self.outcome

    @property
    def verdict(self) -> str:
        """How the episode has ended; "" while it goes on."""
        outcome = self.outcome
        if outcome is None:
            return ""
        if outcome.problems:
            return next(iter(outcome.problems.values()))
        if bool(outcome.success[0]):
            return "success"
        if bool(outcome.terminated[0]):
            return "failed"
        return "out of time" if bool(outcome.truncated[0]) else ""

    @property
    def trusted(self) -> bool:
        """Whether nothing went wrong that makes the episode worthless."""
        return self.outcome is None or not (self.outcome.problems or self.outcome.interrupted)

    @property
    def reward_terms(self) -> dict[str, float]:
        """The summands of the last reward."""
        return {} if self.outcome is None else {name: float(term[0]) for name, term in self.outcome.terms.items()}

    @property
    def links(self) -> np.ndarray | None:
        """Position [m] and quaternion wxyz of each link. Shape: (L, 7)."""
        state = self.env.worlds.state
        if not self.env.engine.link_names:
            return None
        return torch.cat([state.link_position[0], state.link_quaternion[0]], -1).cpu().numpy()

    @property
    def bodies(self) -> np.ndarray:
        """Position [m] and quaternion wxyz of each body. Shape: (B, 7)."""
        state = self.env.worlds.state
        return torch.cat([state.body_position[0], state.body_quaternion[0]], -1).cpu().numpy()

    @property
    def tool(self) -> np.ndarray | None:
        """Where the tool, or what drives, is [m]. Shape: (3,)."""
        card, worlds = self.env.card, self.env.worlds
        if card is None:
            return None
        place = worlds.tcp_position if card.tcp_link is not None else worlds.base_pose[0]
        return place[0].cpu().numpy().copy()

    @property
    def outputs(self) -> dict[str, list[str]]:
        """Outputs by camera."""
        return {camera: outputs_of(each) for camera, each in self.obs.get("sensor_data", {}).items()}

    def image(self, camera: str, output: str) -> np.ndarray:
        """Returns what a camera sees. Shape: (H, W, channels)."""
        image = self.obs["sensor_data"][camera][output][0].cpu().numpy()
        return image if image.ndim == 3 else image[..., None]

    def camera(self, name: str) -> CameraPose | None:
        """Returns where a camera is and how it sees."""
        found = self.obs.get("sensor_param", {}).get(name)
        if found is None:
            return None
        return CameraPose.of(*(found[key][0].cpu().numpy() for key in ("intrinsic_cv", "extrinsic_cv")))
