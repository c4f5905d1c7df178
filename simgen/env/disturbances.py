"""What a scene does to its episode while it runs, the same for all engines: actions that are late, and pushes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from simgen.world import host
from simgen.world.engine.base import Engine
from simgen.world.robot.card import RobotCard
from simgen.world.robot.control.mode import ActionMode, JointTargets
from simgen.world.scene.scene import Push, Scene
from simgen.world.scene.seed import stream


class LateActions:
    """Turns actions into joint targets, in each world as many control steps later as its scene says.

    Until its first action arrives, the robot is told to stay where the episode began. A late action starts from where
    the robot is when it arrives.

    Args:
        num_envs: E.
        device: Where actions are.
    """

    def __init__(self, num_envs: int, device: torch.device) -> None:
        self._delays = torch.zeros(num_envs, dtype=torch.int64, device=device)
        self._longest = 0
        self._start = torch.zeros(num_envs, 0, device=device)
        self._recent: list[torch.Tensor] = []  # actions of this and earlier steps, the latest first

    def begin(self, env_ids: torch.Tensor, scenes: Sequence[Scene], qpos: torch.Tensor) -> None:
        """Notes the delays of new episodes and where all robots are now. Shape of qpos: (E, D)."""
        self._delays[env_ids] = torch.tensor([scene.robot.delay for scene in scenes]).to(self._delays)
        self._longest = int(self._delays.max())
        if self._start.shape != qpos.shape:
            self._start = qpos.clone()
        self._start[env_ids] = qpos[env_ids]

    def targets(self, mode: ActionMode, actions: torch.Tensor, steps: torch.Tensor, qpos: torch.Tensor) -> JointTargets:
        """Returns the joint targets of this control step.

        Args:
            mode: What actions mean.
            actions: Of this step. Shape: (E, A).
            steps: Control steps that each episode has done. Shape: (E,).
            qpos: Where the joints are now. Shape: (E, D).
        """
        if self._longest == 0:
            self._recent.clear()
            return mode.targets(actions, qpos)
        self._recent = [actions.clone(), *self._recent[: self._longest]]
        # Where there are fewer actions than a world is late, its episode has just begun, and it waits.
        late = self._delays.clamp(max=len(self._recent) - 1)
        arrived = torch.stack(self._recent)[late, torch.arange(len(actions), device=actions.device)]
        told, waiting = mode.targets(arrived, qpos), (steps < self._delays)[:, None]
        return JointTargets(
            torch.where(waiting, self._start, told.position),
            None if told.velocity is None else told.velocity.masked_fill(waiting, 0.0),
            None if told.effort is None else told.effort.masked_fill(waiting, 0.0),
        )


class Pushes:
    """Pushes objects and the robot's tool (without one: the robot's own body), as scenes say.

    Args:
        engine: Whose worlds they are.
        card: The robot.
        max_steps: Length of an episode; there are no pushes after it.
        control_seconds: Length of a control step [s].
    """

    def __init__(self, engine: Engine, card: RobotCard, max_steps: int, control_seconds: float) -> None:
        self._engine, self._tool = engine, card.push_link or card.tcp_link or card.body_link
        self._max_steps, self._seconds = max_steps, control_seconds
        self._forces: dict[str, torch.Tensor] = {}  # of what is pushed in some world: (E, max_steps, 3)

    def begin(self, env_ids: torch.Tensor, scenes: Sequence[Scene]) -> None:
        """Draws the pushes of new episodes."""
        for env, scene in zip(env_ids.tolist(), scenes, strict=True):
            slots = self._engine.layout.bodies
            pushes = {slot.name: (slot.name, body.push) for slot, body in zip(slots, scene.bodies, strict=True)}
            pushes[self._tool] = ("robot", scene.robot.push)
            for name, (path, push) in pushes.items():
                if push is not None:
                    drawn = push_forces(scene.seed, path, push, self._max_steps, self._seconds)
                    self._table(name)[env] = torch.as_tensor(drawn).to(self._table(name))
                elif name in self._forces:
                    self._forces[name][env] = 0.0

    def _table(self, name: str) -> torch.Tensor:
        if name not in self._forces:
            shape = (self._engine.num_envs, self._max_steps, 3)
            self._forces[name] = torch.zeros(shape, device=self._engine.device)
        return self._forces[name]

    def apply(self, steps: torch.Tensor) -> None:
        """Pushes during the next control step. Shape of steps, what each episode has done: (E,)."""
        for name, forces in self._forces.items():
            worlds = torch.arange(len(steps), device=steps.device)
            now = forces[worlds, steps.clamp(max=self._max_steps - 1)]
            now = torch.where((steps < self._max_steps)[:, None], now, torch.zeros_like(now))
            if host.may_be_any(now):
                self._engine.apply_wrench(name, torch.cat([now, torch.zeros_like(now)], -1))


def push_forces(seed: int, path: str, push: Push, steps: int, control_seconds: float) -> np.ndarray:
    """Returns the force [N] on something in each control step of an episode: mostly none, at times a horizontal one.

    Args:
        seed: Of the episode; with `path`, all that the times and directions depend on.
        path: What is pushed: the name of an object, or "robot".
        push: How hard and how often.
        steps: Length of the episode [control steps].
        control_seconds: Length of a control step [s].

    Returns:
        Shape: (steps, 3).
    """
    share = control_seconds / max(push.interval, control_seconds)
    happens = stream(seed, path, "push", "times").random(steps) < share
    angle = stream(seed, path, "push", "directions").uniform(-np.pi, np.pi, steps)
    direction = np.stack([np.cos(angle), np.sin(angle), np.zeros(steps)], axis=-1)
    return np.where(happens[:, None], push.force * direction, 0.0)
