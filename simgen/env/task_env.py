"""A task as a batch of environments: actions in, observations, rewards and success out, all torch tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from gymnasium.vector import AutoresetMode

from simgen.env.base import BaseEnv, Observation, Outcome
from simgen.env.disturbances import LateActions, Pushes
from simgen.env.frames import Frames
from simgen.env.inputs import sound_actions
from simgen.env.memory import Memory
from simgen.env.stages import Stages
from simgen.env.states import env_state_rows
from simgen.env.terms import bind_condition, bind_observations, bind_rewards
from simgen.env.terms.bind import StepFacts
from simgen.env.verdict import Verdict
from simgen.env.walkers import Walkers
from simgen.spec.task import TaskSpec
from simgen.world.engine.base import Backend
from simgen.world.engine.make import make_engine
from simgen.world.kernels import require_device
from simgen.world.robot.card import RobotCard, load_card
from simgen.world.robot.control.mode import ActionMode, make_action_mode
from simgen.world.robot.kinematics import Kinematics
from simgen.world.scene.layout import layout_of
from simgen.world.scene.sample import SceneSampler
from simgen.world.scene.scene import Scene

AGENT = ("qpos", "qvel")
DEFAULT_ENGINE = "newton"


class TaskEnv(BaseEnv):
    """E worlds of one task of simgen's own; see BaseEnv.

    Args:
        task: The task.
        num_envs: E.
        device: "cpu" or "cuda:0".
        seed: Of the dataset; `reset(seed=)` replaces it.
        images: Whether observations have the cameras' images.
        backend: Renderer of the newton engine: "auto", "raster" or "trace".
        autoreset_mode: When done worlds start anew; DISABLED leaves it to `reset` with a mask.
        engine: "newton" or "maniskill"; None: the task's own, else newton.
    """

    task: TaskSpec
    card: RobotCard
    kinematics: Kinematics
    action_mode: ActionMode

    def __init__(
        self,
        task: TaskSpec,
        num_envs: int,
        device: str = "cpu",
        seed: int = 0,
        images: bool = True,
        backend: Backend = "auto",
        autoreset_mode: AutoresetMode = AutoresetMode.SAME_STEP,
        engine: str | None = None,
    ) -> None:
        require_device(device)
        self._begin(num_envs, device, seed, autoreset_mode)
        self.task, self.layout = task, layout_of(task)
        self.card = load_card(self.layout.robot)
        self.sampler = SceneSampler(task, self.layout)
        episode = task.episode
        self.control_seconds, self.max_steps = episode.control_seconds, episode.max_steps
        self.engine = make_engine(
            engine or task.engine or DEFAULT_ENGINE, self.layout, num_envs, episode.substeps, episode.control_seconds,
            device, backend,
        )  # fmt: skip
        try:
            self.kinematics = Kinematics(self.card, num_envs, device)
            self.action_mode = make_action_mode(task.robot.control, self.card, self.kinematics)
            self._images = images and bool(self.layout.cameras)
            self._frames = Frames(self.engine)
            self._late = LateActions(num_envs, self.device)
            self._pushes = Pushes(self.engine, self.card, self.max_steps, self.control_seconds)
            self._walkers = Walkers(self.engine, self.card, self.max_steps, self.control_seconds)
            self._memory = Memory(
                num_envs, self.action_mode.dim, len(self.layout.bodies), self.card, self.control_seconds, self.device
            )
            self._stages = Stages(task.stages, num_envs, self.device)
            self._start_next(range(num_envs))
            self.worlds.memory = self._memory
            self._bind()
            self._make_spaces()
        except BaseException:
            self.engine.close()  # its processes and threads would go on
            raise

    def _bind(self) -> None:
        task = self.task
        self._policy_terms = bind_observations(task.observe.policy, self.worlds, self._stages.observation)
        self._privileged_terms = bind_observations(task.observe.privileged, self.worlds, self._stages.observation)
        self._stages.bind(self.worlds)
        self._reward_terms = bind_rewards(task.reward, self.worlds)
        self._success: Callable[[], torch.Tensor] | None = None
        if task.success is not None:
            self._success = bind_condition(task.success, self.worlds)
        self._failure: Callable[[], torch.Tensor] | None = None
        if task.failure is not None:
            self._failure = bind_condition(task.failure, self.worlds)

    def start_scenes(self, env_ids: Sequence[int], scenes: Sequence[Scene]) -> None:
        """Starts episodes with these scenes; see BaseEnv."""
        super().start_scenes(env_ids, scenes)
        ids = torch.as_tensor(list(env_ids), device=self.device)
        self._frames.begin(ids, self.worlds.state)
        self._late.begin(ids, scenes, self.worlds.state.qpos)
        self._pushes.begin(ids, scenes)
        self._walkers.begin(ids, scenes)
        self._memory.begin(ids, scenes)
        self._stages.begin(ids)

    def advance(self, actions: torch.Tensor) -> Outcome:
        """Does one control step in all worlds, without starting new episodes; see BaseEnv."""
        actions, unsound = sound_actions(self._checked(actions))
        targets = self._late.targets(self.action_mode, actions, self._steps, self.worlds.state.qpos)
        self.engine.set_targets(targets.position, targets.velocity, targets.effort)
        self._pushes.apply(self._steps)
        self._walkers.apply(*self.worlds.base_pose)
        self.engine.step()
        self.worlds.refresh()
        self._frames.step(self.worlds.state)
        self._memory.step(actions, targets, self.worlds.state, self.worlds.base_velocity)
        self._steps += 1
        faults, interrupted = self.engine.faults(), frozenset(self.engine.interrupted())
        if unsound is not None:
            faults = faults.also(unsound, "the action was not finite (NaN or infinite)")
        stage = self._stages.current.clone() if len(self._stages) else None
        self._stages.step()
        success = self._is_success()
        facts = StepFacts(actions, success, self._stages.share_done())
        terms = {name: term(facts) for name, term in self._reward_terms.items()}
        reward = torch.stack(list(terms.values())).sum(0) if terms else self._no().float()
        truncated = (self._steps >= self.max_steps) | (faults.bits != 0)
        if interrupted:
            truncated[list(interrupted)] = True
        failed = self._failure() & ~success if self._failure is not None else self._no()
        terminated = success | failed
        verdict = Verdict(terminated | truncated, faults)
        return Outcome(reward, terms, success, terminated, truncated, verdict, interrupted, stage)

    def _is_success(self) -> torch.Tensor:
        if self._success is None:
            return self._stages.all_done()
        return self._success() & self._stages.all_done() if len(self._stages) else self._success()

    def _no(self) -> torch.Tensor:
        return torch.zeros(self.num_envs, dtype=torch.bool, device=self.device)

    def observe(self, copy: bool = True, worlds: Sequence[int] | None = None) -> Observation:
        """Returns what is observed now; see BaseEnv."""
        obs: Observation = {"agent": {}, "extra": {}}
        for name, term in self._policy_terms.items():
            obs["agent" if name in AGENT else "extra"][name] = term()
        if self._privileged_terms:
            obs["privileged"] = {name: term() for name, term in self._privileged_terms.items()}
        if self._images:
            obs["sensor_param"], obs["sensor_data"] = self._frames.take(worlds, copy)
        return {group: values for group, values in obs.items() if values}

    def env_states(self) -> dict[str, torch.Tensor]:
        """Returns the state from which the worlds could go on; see BaseEnv."""
        return env_state_rows(self.layout, self.worlds.state)
