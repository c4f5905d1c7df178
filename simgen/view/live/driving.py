"""How a person moves a robot: held keys, sticks and buttons become one action for each control step."""

from __future__ import annotations

import json
import math
import threading
import time
from dataclasses import dataclass, field

import numpy as np
import torch

from simgen.env.base import BaseEnv
from simgen.world import rotation
from simgen.world.robot.control.mode import ARM_MODES, ActionMode

TIMEOUT = 0.35  # without news from the page nothing is held any more [s]
DEAD_ZONE = 0.12  # of a stick
SPEED = 0.25  # of the tool [m/s]
TURN = 1.2  # of the tool [rad/s]
FARTHEST = 0.05  # that the goal may be ahead of the tool [m]
FARTHEST_TURN = 0.4  # [rad]
SLOW = 0.3  # with Shift

# axes: forward, left, up; roll, pitch, yaw
KEYS: dict[str, tuple[int, float]] = {
    "KeyW": (0, 1.0), "KeyS": (0, -1.0), "KeyA": (1, 1.0), "KeyD": (1, -1.0), "KeyR": (2, 1.0), "KeyF": (2, -1.0),
    "KeyU": (3, -1.0), "KeyO": (3, 1.0), "KeyI": (4, 1.0), "KeyK": (4, -1.0), "KeyJ": (5, 1.0), "KeyL": (5, -1.0),
}  # fmt: skip
PRESSES = {"Space": "gripper", "Enter": "save", "Backspace": "discard", "KeyN": "new", "KeyP": "pause"}
_SHIFT = ("ShiftLeft", "ShiftRight")
# of the "standard" gamepad (W3C Gamepad, Remapping): A, B, X, menu; triggers, bumpers
_PAD_PRESSES = {0: "gripper", 9: "save", 8: "discard", 3: "new"}
_UP, _DOWN, _ROLL_RIGHT, _ROLL_LEFT = 7, 6, 5, 4


@dataclass(frozen=True)
class Held:
    """What is held now, in -1..1: along forward, left, up, and about the same axes (roll, pitch, yaw)."""

    axes: tuple[float, ...] = (0.0,) * 6

    @property
    def any(self) -> bool:
        """Whether anything is."""
        return any(abs(axis) > 0.0 for axis in self.axes)


@dataclass
class Inputs:
    """Collects what the pages report; handlers of several threads write, the loop reads.

    Attributes:
        heading: Where forward is [rad about z]; None: along the robot's x axis.
    """

    heading: float | None = None
    _keys: frozenset[str] = frozenset()
    _taps: dict[str, int] = field(default_factory=dict)
    _sticks: tuple[float, ...] = ()
    _buttons: tuple[float, ...] = ()
    _told: float = -math.inf
    _jog: dict[int, tuple[float, float]] = field(default_factory=dict)
    _presses: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def report(self, text: str) -> None:
        """Takes a report of the page: {"keys": [...], "axes": [...], "buttons": [...]}; nonsense is left aside.

        With "taps": {key: how often it went down} no press is missed that began and ended between two reports.
        """
        try:
            said = json.loads(text)
            keys = frozenset(str(key) for key in said.get("keys", ()))
            sticks = tuple(float(axis) for axis in said.get("axes", ()))
            buttons = tuple(float(button) for button in said.get("buttons", ()))
            taps = {str(key): int(count) for key, count in said.get("taps", {}).items() if key in PRESSES}
        except (ValueError, TypeError, AttributeError):
            return
        with self._lock:
            self._presses += [PRESSES[key] for key in keys - self._keys if key in PRESSES and key not in taps]
            for key, count in taps.items():
                before = self._taps.get(key, 0)
                self._presses += [PRESSES[key]] * (count - before if count >= before else count)  # less: a new page
            self._taps |= taps
            held = self._buttons
            for number, press in _PAD_PRESSES.items():
                was = number < len(held) and held[number] > 0.5
                if number < len(buttons) and buttons[number] > 0.5 and not was:
                    self._presses.append(press)
            self._keys, self._sticks, self._buttons, self._told = keys, sticks, buttons, time.monotonic()

    def jog(self, axis: int, direction: float) -> None:
        """Moves along an axis for a moment: a button of the page is held."""
        with self._lock:
            self._jog[axis] = (direction, time.monotonic())

    def press(self, name: str) -> None:
        """Takes note of a button that was pressed."""
        with self._lock:
            self._presses.append(name)

    def presses(self) -> list[str]:
        """Returns what was pressed since the last call."""
        with self._lock:
            presses, self._presses = self._presses, []
        return presses

    def held(self) -> Held:
        """Returns what is held now."""
        now, axes = time.monotonic(), np.zeros(6)
        with self._lock:
            if now - self._told < TIMEOUT:
                for key in self._keys & KEYS.keys():
                    axes[KEYS[key][0]] += KEYS[key][1]
                axes += _of_pad(self._sticks, self._buttons)
                if self._keys.intersection(_SHIFT):
                    axes *= SLOW
            for axis, (direction, since) in self._jog.items():
                if now - since < TIMEOUT:
                    axes[axis] += direction
        return Held(tuple(np.clip(axes, -1.0, 1.0).tolist()))


class Driver:
    """Turns what is held into actions of world 0.

    A tool has a goal that the held axes move; the action goes towards it, so that the arm stands still when nothing is
    held. A base that drives gets shares of its speed. All other robots take the numbers of the action themselves.

    Args:
        env: The worlds.
    """

    def __init__(self, env: BaseEnv) -> None:
        self._env, mode = env, env.action_mode
        card = env.card
        known = card is not None and isinstance(mode, ActionMode)
        self.drives = known and mode.name == "base_velocity"
        self.has_tool = known and mode.name in ARM_MODES and card is not None and card.tcp_link is not None
        self.has_gripper = known and mode.has_gripper
        self.speed = 1.0
        self._plain = torch.zeros(mode.dim).clamp(mode.low.cpu(), mode.high.cpu())
        self.begin()

    def begin(self) -> None:
        """Takes up where the robot is when an episode begins."""
        env = self._env
        self._qpos = env.worlds.state.qpos.clone()
        self._opening = 1.0
        if self.has_gripper and env.card is not None and env.card.gripper is not None:
            share = float(env.card.gripper.share(self._qpos[:, env.card.hand.start])[0])  # -1 closed .. 1 open
            self._opening = 1.0 if share > 0.0 else 0.0
        if self.has_tool:
            self._goal = self._tool()

    @property
    def opening(self) -> float:
        """What the gripper is told: 0 closed, 1 open."""
        return self._opening

    def toggle_gripper(self) -> None:
        """Closes an open gripper and opens a closed one."""
        self._opening = 1.0 - self._opening

    def set_plain(self, values: list[float]) -> None:
        """Sets the numbers of the action of a robot that has neither tool nor base."""
        mode = self._env.action_mode
        self._plain = torch.tensor(values, dtype=torch.float32).clamp(mode.low.cpu(), mode.high.cpu())

    def action(self, held: Held, heading: float | None) -> torch.Tensor:
        """Returns the action of this control step, inside the bounds. Shape: (1, A)."""
        env, mode = self._env, self._env.action_mode
        if self.drives:
            action = self._standing()
            action[0, 0], action[0, 1] = self.speed * held.axes[0], self.speed * (held.axes[5] or held.axes[1])
        elif self.has_tool:
            self._move_goal(held, heading)
            local = rotation.compose(*rotation.invert(*env.worlds.base_pose), *self._goal)
            assert env.kinematics is not None
            self._qpos = env.kinematics.inverse(*local, self._qpos, attempts=1).qpos
            action = mode.action_to_reach(env.worlds.state.qpos, self._qpos, self._openings())
        else:
            action = self._plain[None].to(env.device)
        return action.float().clamp(mode.low, mode.high)

    def _standing(self) -> torch.Tensor:
        qpos = self._env.worlds.state.qpos
        return self._env.action_mode.action_to_reach(qpos, qpos, self._openings()).clone()

    def _openings(self) -> torch.Tensor:
        return torch.full((1,), self._opening, device=self._env.device)

    def _tool(self) -> tuple[torch.Tensor, torch.Tensor]:
        worlds = self._env.worlds
        return worlds.tcp_position.clone(), worlds.tcp_quaternion.clone()

    def _move_goal(self, held: Held, heading: float | None) -> None:
        seconds, (position, quaternion) = self._env.control_seconds, self._tool()
        turn = self._forward(heading)
        axes = torch.tensor(held.axes, device=position.device)[None] * self.speed
        goal = self._goal[0] + seconds * SPEED * rotation.rotate(turn, axes[:, :3])
        about = rotation.from_rotation_vector(seconds * TURN * rotation.rotate(turn, axes[:, 3:]))
        goal_turn = rotation.multiply(about, self._goal[1])
        lead = goal - position
        far = torch.linalg.vector_norm(lead, dim=1, keepdim=True).clamp_min(1e-9)
        lag = rotation.to_rotation_vector(rotation.multiply(goal_turn, rotation.conjugate(quaternion)))
        wide = torch.linalg.vector_norm(lag, dim=1, keepdim=True).clamp_min(1e-9)
        if held.any:  # what cannot be followed is not saved up
            goal = position + lead * (FARTHEST / far).clamp_max(1.0)
            lag = lag * (FARTHEST_TURN / wide).clamp_max(1.0)
            goal_turn = rotation.multiply(rotation.from_rotation_vector(lag), quaternion)
        self._goal = goal, goal_turn

    def _forward(self, heading: float | None) -> torch.Tensor:
        """The turn from forward, left, up to the axes of the world. Shape: (1, 4)."""
        if heading is None:
            return rotation.about_z(rotation.yaw_of(self._env.worlds.base_pose[1]))
        return rotation.about_z(torch.tensor([heading], device=self._env.device))


def _of_pad(sticks: tuple[float, ...], buttons: tuple[float, ...]) -> np.ndarray:
    axes = np.zeros(6)
    wanted = ((0, 1, -1.0), (1, 0, -1.0), (5, 2, -1.0), (4, 3, -1.0))  # axis, stick, sign
    for axis, stick, sign in wanted:
        value = sticks[stick] if stick < len(sticks) else 0.0
        if math.isfinite(value) and abs(value) > DEAD_ZONE:
            axes[axis] = sign * math.copysign((abs(value) - DEAD_ZONE) / (1.0 - DEAD_ZONE), value)
    pressed = [buttons[number] if number < len(buttons) else 0.0 for number in range(8)]
    axes[2] = pressed[_UP] - pressed[_DOWN]
    axes[3] = pressed[_ROLL_RIGHT] - pressed[_ROLL_LEFT]
    return axes
