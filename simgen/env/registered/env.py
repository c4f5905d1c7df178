"""ManiSkill's own environments by id as batches of worlds, with TaskEnv's interface and ManiSkill's own judgement."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from gymnasium.vector import AutoresetMode

from simgen.env.base import BaseEnv, Observation, Outcome
from simgen.env.registered.config import config_of
from simgen.env.registered.engine import RegisteredEngine, require_cpu
from simgen.env.registered.facts import EnvFacts
from simgen.env.verdict import Verdict
from simgen.spec import default_registry
from simgen.spec.check.bodies import Bodies
from simgen.spec.check.teacher import check_steps
from simgen.spec.problems import raise_problems
from simgen.spec.registered import RegisteredSpec
from simgen.world.robot.card import RobotCard, list_robots, load_card
from simgen.world.robot.control.mode import ACTION_MODES, Actions, make_action_mode
from simgen.world.robot.control.native import NativeMode
from simgen.world.robot.kinematics import Kinematics
from simgen.world.scene.scene import Light, RobotSetup, Scene

SEED_BITS = 31  # of ManiSkill's seeds
_STATE = "state/"


class SeedSampler:
    """The scene of a registered environment is its seed; what it holds is drawn by ManiSkill.

    Args:
        instruction: What the robot is told in every episode.
    """

    def __init__(self, instruction: str) -> None:
        self._instruction = instruction

    def sample(self, seed: int) -> Scene:
        """Returns the scene of a seed, cut to the bits that ManiSkill takes."""
        light = Light(np.array([0.0, 0.0, 1.0]))
        seed &= (1 << SEED_BITS) - 1
        return Scene(seed, RobotSetup(np.zeros(0)), (), (), light, instruction=self._instruction)


class RegisteredEnv(BaseEnv):
    """E worlds of one of ManiSkill's environments; see BaseEnv.

    Scene, control, reward, success and failure are ManiSkill's. The teacher sees actors, links of other articulations
    and the task's `poses` as bodies.

    Args:
        task: The environment's id and what is changed about it.
        num_envs: E.
        device: "cpu".
        seed: Of the dataset; `reset(seed=)` replaces it.
        images: Whether observations have the cameras' images.
        autoreset_mode: When done worlds start anew; DISABLED leaves it to `reset` with a mask.

    Raises:
        BadInput: What ManiSkill does not have, or a teacher that names an object which the environment lacks.
    """

    task: RegisteredSpec
    engine: RegisteredEngine

    def __init__(
        self,
        task: RegisteredSpec,
        num_envs: int,
        device: str = "cpu",
        seed: int = 0,
        images: bool = True,
        autoreset_mode: AutoresetMode = AutoresetMode.SAME_STEP,
    ) -> None:
        require_cpu(device)
        self._begin(num_envs, device, seed, autoreset_mode)
        self.engine = RegisteredEngine(config_of(task, images), num_envs)
        try:
            self._settle(task, images)
            self._start_next(range(num_envs))
            self._make_spaces()
        except BaseException:
            self.engine.close()  # its processes would go on
            raise

    def _settle(self, task: RegisteredSpec, images: bool) -> None:
        """Takes over what the environment says about itself."""
        engine = self.engine
        facts = self.facts = engine.facts
        robot = facts.robots[0] if len(facts.robots) == 1 else None
        self.task = task.completed(robot, facts.control, facts.max_steps, facts.control_hz, facts.sim_hz, facts.reward)
        self.layout = engine.layout
        self.control_seconds, self.max_steps = 1.0 / facts.control_hz, facts.max_steps
        self.card = _card(facts)
        self.kinematics = None
        if self.card is not None:
            engine.order_joints(self.card.joint_names)
            self.kinematics = Kinematics(self.card, self.num_envs)
        self.action_mode = _actions(facts, self.card, self.kinematics)
        self.sampler = SeedSampler(task.instruction or words_of(task.env_id))
        self._images = images and bool(facts.cameras)
        _check_teacher(self.task, facts)

    @property
    def recorded(self) -> dict[str, Any]:
        """What a dataset says of the environment beside the task: how ManiSkill itself would make it again."""
        facts = self.facts
        return {
            "env_kwargs": dict(facts.env_kwargs),
            "max_episode_steps": facts.max_steps,
            "reset_options": dict(facts.reset_options),
        }

    def advance(self, actions: torch.Tensor) -> Outcome:
        """Does one control step in all worlds, without starting new episodes; see BaseEnv."""
        arrays = self.engine.arrays
        arrays["action"][:] = self._checked(actions)
        self.engine.step()
        self.worlds.refresh()
        self._steps += 1
        faults, interrupted = self.engine.faults(), frozenset(self.engine.interrupted())
        reward = arrays["reward"].flatten().clone()
        truncated = arrays["truncated"].bool().flatten() | (self._steps >= self.max_steps) | (faults.bits != 0)
        truncated[list(interrupted)] = True
        success, terminated = (arrays[name].bool().flatten().clone() for name in ("success", "terminated"))
        verdict = Verdict(terminated | truncated, faults)
        return Outcome(reward, {}, success, terminated, truncated, verdict, interrupted)

    def observe(self, copy: bool = True, worlds: Sequence[int] | None = None) -> Observation:
        """Returns what is observed now; see BaseEnv."""
        obs: Observation = {}
        for path, values in self.engine.observed().items():
            _put(obs, path, values.clone())
        if self._images:
            images = self.engine.render(worlds)
            parameters = self.engine.camera_parameters()
            obs["sensor_param"] = {camera: dict(values) for camera, values in parameters.items()}
            obs["sensor_data"] = {
                camera: {name: image.clone() if copy else image for name, image in outputs.items()}
                for camera, outputs in images.items()
            }
        return obs

    def env_states(self) -> dict[str, torch.Tensor]:
        """Returns ManiSkill's own state; see BaseEnv."""
        arrays = self.engine.arrays
        return {path.removeprefix(_STATE): array for path, array in arrays.items() if path.startswith(_STATE)}


def words_of(env_id: str) -> str:
    """Returns an id in words: "PickCube-v1" is "pick cube"."""
    return " ".join(re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", env_id.rpartition("-v")[0])).lower()


def _put(tree: dict[str, Any], path: str, value: torch.Tensor) -> None:
    *groups, name = path.split("/")
    for group in groups:
        tree = tree.setdefault(group, {})
    tree[name] = value


def _check_teacher(task: RegisteredSpec, facts: EnvFacts) -> None:
    """Refuses names in the teacher that the environment does not have; they are known only once it was made."""
    if task.teacher is None:
        return
    solid = tuple(body.name for body in facts.bodies if body.kind != "pose")
    poses = tuple(body.name for body in facts.bodies if body.kind == "pose")
    movable = tuple(body.name for body in facts.bodies if body.kind in ("dynamic", "link"))
    problems = list(check_steps(task.teacher, default_registry(), Bodies(solid, poses, movable)))
    places = {problem.path: index for index, problem in enumerate(problems)}
    raise_problems(problems, lambda _: task.name, lambda path: places[path])


def _card(facts: EnvFacts) -> RobotCard | None:
    """The card of the robot, if simgen has one and it fits what ManiSkill drives."""
    if len(facts.robots) != 1 or facts.robots[0] not in list_robots():
        return None
    card = load_card(facts.robots[0])
    return card if set(card.joint_names) == set(facts.joint_names) else None


def _actions(facts: EnvFacts, card: RobotCard | None, kinematics: Kinematics | None) -> Actions:
    """Our own action mode where it is ManiSkill's to the bounds, since teachers can act in it; else bounds alone."""
    low, high = torch.tensor(facts.action_low), torch.tensor(facts.action_high)
    if card is not None and kinematics is not None and facts.control in ACTION_MODES:
        mode = make_action_mode(facts.control, card, kinematics)
        if (
            mode.dim == len(low)
            and torch.allclose(mode.low, low, atol=1e-4)
            and torch.allclose(mode.high, high, atol=1e-4)
        ):
            return mode
    return NativeMode(facts.control, low, high)
