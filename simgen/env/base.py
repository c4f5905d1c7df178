"""What every environment of simgen offers: E worlds as a gymnasium.vector.VectorEnv with seeds and autoreset."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import gymnasium
import numpy as np
import torch
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from simgen.env.inputs import checked_actions, checked_mode, checked_number, checked_seed, reset_mask
from simgen.env.spaces import space_like
from simgen.env.verdict import Verdict
from simgen.env.worlds import Worlds
from simgen.errors import BadInput
from simgen.spec import AnyTask
from simgen.world.engine.base import Engine
from simgen.world.robot.card import RobotCard
from simgen.world.robot.control.mode import Actions
from simgen.world.robot.kinematics import Kinematics
from simgen.world.scene.scene import Scene
from simgen.world.scene.seed import episode_seed
from simgen.world.scene.slots import Layout

Observation = dict[str, Any]
MOST_SKIPPED = 100  # seeds in a row whose scene cannot be drawn


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a control step did to each world.

    Args:
        reward: Weighted sum. Shape: (E,), float32.
        terms: The weighted summands by name. Shape: (E,) each.
        success, terminated, truncated: Shape: (E,), bool. A task that is done or has failed is terminated.
        verdict: Which worlds have ended, and which cannot be trusted and are truncated; for the host to read.
        interrupted: Worlds whose episode was lost through no fault of its own and can be run again; truncated too.
        stage: Index of the stage that was under way, in a task that has stages. Shape: (E,), int64.
    """

    reward: torch.Tensor
    terms: dict[str, torch.Tensor]
    success: torch.Tensor
    terminated: torch.Tensor
    truncated: torch.Tensor
    verdict: Verdict
    interrupted: frozenset[int] = frozenset()
    stage: torch.Tensor | None = None

    @property
    def problems(self) -> dict[int, str]:
        """Worlds whose episode cannot be trusted, with the reason; they are truncated."""
        return self.verdict.problems


class Sampler(Protocol):
    """Draws what a world holds in an episode, as a function of the episode's seed alone."""

    def sample(self, seed: int) -> Scene:
        """Returns the scene of a seed; raises BadInput if its objects cannot be placed."""
        ...


class BaseEnv(gymnasium.vector.VectorEnv):
    """E worlds of one task, as `gymnasium.vector.VectorEnv` on torch tensors.

    Observations have ManiSkill's layout: agent/{qpos,qvel}, extra/<term>, sensor_param/<camera>/...,
    sensor_data/<camera>/{rgb, depth, segmentation, ...}; what only a teacher may see is under privileged/<term>.
    A world that is done starts its next episode in the same step; the observation before that is in
    `info["final_obs"]` (rows of the worlds in `_final_obs`), its info in `final_info`. gymnasium's wrappers that change
    observations want `autoreset_mode=NEXT_STEP` instead: there a done world shows its last observation, and the next
    step ignores its action and returns the first observation of its next episode with reward 0.

    The k-th episode of world e is episode e + k * E of the seed, whatever the other worlds do; where the objects of an
    episode cannot be placed, the world goes on to its next one.

    Attributes:
        task: The task, complete.
        layout, engine, worlds: What there is, who simulates it, and read access by name.
        card, kinematics: Of the robot; None where simgen has no card of it.
        action_mode: What actions mean.
        sampler: Draws scenes.
        control_seconds: Length of a control step [s].
        max_steps: Length of an episode [control steps].
    """

    metadata = {"autoreset_mode": AutoresetMode.SAME_STEP, "render_modes": []}
    task: AnyTask
    layout: Layout
    engine: Engine
    worlds: Worlds
    card: RobotCard | None
    kinematics: Kinematics | None
    action_mode: Actions
    sampler: Sampler
    control_seconds: float
    max_steps: int

    def _begin(self, num_envs: int, device: str, seed: int, autoreset_mode: AutoresetMode) -> None:
        """Sets up the counters; to be called first."""
        num_envs, autoreset_mode = checked_number(num_envs), checked_mode(autoreset_mode)
        self.num_envs, self.device, self._seed = num_envs, torch.device(device), checked_seed(seed)
        self._steps = torch.zeros(num_envs, dtype=torch.int64, device=self.device)
        self._episodes = torch.zeros(num_envs, dtype=torch.int64)
        self.metadata = {**type(self).metadata, "autoreset_mode": autoreset_mode}
        self._ended: set[int] = set()  # worlds that start anew at the next step

    def _make_spaces(self) -> None:
        """Derives the spaces from a first observation; to be called last."""
        low, high = (bound.cpu().numpy().astype(np.float32) for bound in (self.action_mode.low, self.action_mode.high))
        self.single_action_space = gymnasium.spaces.Box(low, high, dtype=np.float32)
        self.single_observation_space = space_like(self.observe())
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self._episodes.zero_()  # the first reset gives the first episodes

    @property
    def recorded(self) -> dict[str, Any]:
        """What a dataset says of the environment beside the task."""
        return {}

    def start_scenes(self, env_ids: Sequence[int], scenes: Sequence[Scene]) -> None:
        """Starts episodes with these scenes, which `sampler` drew; the other worlds are not touched."""
        ids = torch.as_tensor(list(env_ids), dtype=torch.int64)
        self.engine.reset(ids, scenes)
        self._steps[ids] = 0
        self._ended.difference_update(env_ids)
        if not hasattr(self, "worlds"):
            self.worlds = Worlds(self.engine, self.card)
        self.worlds.begin(ids)

    @abstractmethod
    def advance(self, actions: torch.Tensor) -> Outcome:
        """Does one control step in all worlds, without starting new episodes. Shape of actions: (E, A).

        Raises:
            BadInput: Actions of another shape, or that are not finite. Nothing has changed then. (Where the actions
                are on a GPU, worlds with such ones are truncated instead, with a problem.)
        """

    def _checked(self, actions: Any) -> torch.Tensor:
        return checked_actions(actions, self.num_envs, self.action_mode.dim, self.device)

    @abstractmethod
    def observe(self, copy: bool = True, worlds: Sequence[int] | None = None) -> Observation:
        """Returns what is observed now.

        Args:
            copy: Whether images are copies; else the next call overwrites them.
            worlds: Those whose images must be new; those of others may be of the call before. None: all.
        """

    @abstractmethod
    def env_states(self) -> dict[str, torch.Tensor]:
        """Returns the state from which the worlds could go on, by ManiSkill's names; the next step may overwrite it.

        Returns:
            actors/<name>: position [m], quaternion wxyz, velocities [m/s, rad/s]. Shape: (E, 13).
            articulations/<name>: the same of the root, then joint positions and velocities. Shape: (E, 13 + 2 D).
        """

    def start(self, env_ids: Sequence[int], seeds: Sequence[int]) -> None:
        """Starts the episodes with these seeds in these worlds; the others are not touched.

        Raises:
            BadInput: If the objects of one of them cannot be placed.
        """
        self.start_scenes(env_ids, [self.sampler.sample(seed) for seed in seeds])

    def _start_next(self, env_ids: Sequence[int]) -> None:
        self.start_scenes(env_ids, [self._next_scene(env) for env in env_ids])

    def _next_scene(self, env: int) -> Scene:
        """Draws the scene of a world's next episode; those that cannot be drawn are passed over."""
        failure = ""
        for _ in range(MOST_SKIPPED):
            index = env + int(self._episodes[env]) * self.num_envs
            self._episodes[env] += 1
            try:
                return self.sampler.sample(episode_seed(self._seed, self.task.name, "env", index))
            except BadInput as error:
                failure = str(error)
        raise BadInput(f"{failure} ({MOST_SKIPPED} episodes in a row could not be drawn.)")

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Starts new episodes in all worlds, or in those of `options["reset_mask"]` (E,) bool.

        Args:
            seed: Of the sequence of episodes, which then begins anew; None goes on with it.
            options: May hold "reset_mask".

        Raises:
            BadInput: A list of seeds; a mask of another kind or length; an unknown option. Nothing has changed then.
        """
        mask = reset_mask(options, self.num_envs)
        if seed is not None:
            self._seed = checked_seed(seed)
            self._episodes.zero_()
        ids = list(range(self.num_envs)) if mask is None else np.flatnonzero(mask).tolist()
        if ids:
            self._start_next(ids)
        return self.observe(), self._info()

    def step(self, actions: Any) -> tuple[Observation, torch.Tensor, torch.Tensor, torch.Tensor, dict[str, Any]]:
        """Does one control step; worlds that are done start their next episode. Shape of actions: (E, A).

        Raises:
            BadInput: Actions of another shape, or that are not finite. Nothing has changed then. (Where the actions
                are on a GPU, worlds with such ones are truncated instead, with a problem.)
        """
        waiting = sorted(self._ended)
        outcome = self.advance(actions)
        if waiting:
            self._begin_instead(waiting, outcome)
        obs = self.observe()  # before the host reads what the step has done, so that a GPU draws meanwhile
        info, mode = self._info(outcome), self.metadata["autoreset_mode"]
        ids = sorted(set(np.flatnonzero(outcome.verdict.ended).tolist()).difference(waiting))
        if mode is AutoresetMode.NEXT_STEP:
            self._ended = set(ids)
        elif mode is AutoresetMode.SAME_STEP and ids:
            info["final_obs"], info["final_info"] = obs, dict(info)
            info["_final_obs"] = info["_final_info"] = outcome.terminated | outcome.truncated
            self._start_next(ids)
            obs = self.observe(worlds=ids)
            info["elapsed_steps"] = self._steps.clone()
        return obs, outcome.reward, outcome.terminated, outcome.truncated, info

    def _begin_instead(self, env_ids: list[int], outcome: Outcome) -> None:
        """Starts the next episodes of these worlds and takes back what the step did to them."""
        self._start_next(env_ids)
        for tensor in (outcome.reward, *outcome.terms.values(), outcome.success, outcome.terminated, outcome.truncated):
            tensor[env_ids] = 0
        for env in env_ids:  # that `outcome.verdict` says of them does not count, see `step`
            outcome.problems.pop(env, None)

    def _info(self, outcome: Outcome | None = None) -> dict[str, Any]:
        info: dict[str, Any] = {"elapsed_steps": self._steps.clone()}
        if outcome is not None:
            info["success"] = outcome.success
            info["reward_terms"] = dict(outcome.terms)
            if outcome.problems:
                info["problems"] = dict(outcome.problems)
        return info

    def close_extras(self, **kwargs: Any) -> None:
        """Frees the engine."""
        self.engine.close()
