"""One ManiSkill environment in a worker process: its own observations, reward and success, written into shared rows."""

from __future__ import annotations

import random
from typing import Any

import gymnasium
import numpy as np
import torch
from mani_skill.utils import common

from simgen.env.registered.build import build, kept_renderer, keyword_arguments
from simgen.env.registered.facts import EnvFacts, EpisodeFacts, RegisteredConfig
from simgen.env.registered.parts import Contacts, SceneParts
from simgen.errors import BadInput, SimgenError
from simgen.world.scene.mesh.support import DIRECTIONS
from simgen.world.workers import ArraySpec

MOST_DEPTH = np.int16(32767)  # [mm]: that far or further
MOST_SEED = 2**32 - 1  # of numpy's RandomState, which ManiSkill uses
_FLAGS = ("success", "fail", "terminated", "truncated", "problem")


def make(config: RegisteredConfig) -> RegisteredWorld:
    """Makes a world; a worker pool's factory."""
    return RegisteredWorld(config)


class RegisteredWorld:
    """One environment. An episode depends on its seed alone, if the scene is built anew for each.

    Commands: "reset" (payload: seed; returns EpisodeFacts), "step" (reads the row "action"; payload True: draws too),
    "render" (draws into the rows obs/sensor_data and obs/sensor_param), "set_state" (reads the rows "state/...").
    What rows there are is in `describe().arrays`; besides them, those called "contact/A|B" are written.

    Args:
        config: Which environment.

    Raises:
        BadInput: Something that does not exist, or a download that is missing.
        SimgenError: No Vulkan device, though images are wanted.
    """

    def __init__(self, config: RegisteredConfig) -> None:
        self._config = config
        self._renderer = None if config.images else kept_renderer()
        self._env = build(config)
        self._rebuilds = config.rebuild or self._env.reconfiguration_freq != 0
        self._rows: dict[str, np.ndarray] = {}
        self._stepped = False  # in this episode; before that nothing is known of contacts
        self._parts = SceneParts(self._env, config.poses)
        self._bodies = self._parts.bodies
        self._contacts = Contacts(self._env, self._parts, self._rows)
        self._spaces = _boxes(self._env.single_action_space)
        self._settle_reward()
        self._max_steps = config.max_steps or self._registered_steps()

    def _registered_steps(self) -> int:
        return gymnasium.spec(self._config.env_id).max_episode_steps or 100

    def _settle_reward(self) -> None:
        """Goes from the environment's default reward to one that it has; some list rewards that they do not define."""
        env = self._env
        obs, info = self._begin(0)
        still = {name: torch.zeros(1, *space.shape) for name, space in self._spaces.items()}
        action: Any = still.get("", still)
        modes = [env.reward_mode] if self._config.reward else [env.reward_mode, "sparse", "none"]
        for mode in modes:
            env._reward_mode = mode
            try:
                env.get_reward(obs=obs, action=action, info=info)
                return
            except NotImplementedError:
                continue
        raise BadInput(f"reward: {self._config.env_id} does not define {modes[0]}, although it lists it.")

    def describe(self) -> EnvFacts:
        """Returns what the environment is like, from an episode that it starts for that."""
        obs, info = self._begin(0)
        env, parts = self._env, self._parts
        pictures = self._pictures() if self._config.images else {}
        agents = parts.agents
        kwargs = keyword_arguments(self._config) | {"reward_mode": env.reward_mode}
        return EnvFacts(
            arrays=self._specs(_flat("obs", obs) | pictures),
            bodies=self._bodies,
            robots=tuple(agent.uid for agent in agents),
            link_names=parts.link_names,
            joint_names=parts.joint_names,
            has_tcp=parts.tcp() is not None,
            tcp_link=parts.tcp_link(),
            finger_links=parts.finger_links(),
            cameras=_camera_sizes(pictures),
            control=agents[0].control_mode if agents else "",
            controls=tuple(agents[0].supported_control_modes) if agents else (),
            reward=env.reward_mode,
            action_low=tuple(float(low) for space in self._spaces.values() for low in space.low.flat),
            action_high=tuple(float(high) for space in self._spaces.values() for high in space.high.flat),
            max_steps=self._max_steps,
            control_hz=env.control_freq,
            sim_hz=env.sim_freq,
            has_success="success" in info,
            has_fail="fail" in info,
            rebuilds=self._rebuilds,
            segmentation=parts.segmentation(),
            env_kwargs=kwargs,
            reset_options=self._reset_options(),
        )

    def _specs(self, shown: dict[str, np.ndarray]) -> dict[str, ArraySpec]:
        parts = self._parts
        bodies, links, joints = len(self._bodies), len(parts.link_names), len(parts.joint_names)
        shapes = {
            "action": (sum(space.low.size for space in self._spaces.values()),),
            "reward": (),
            "qpos": (joints,),
            "qvel": (joints,),
            "link_position": (links, 3),
            "link_quaternion": (links, 4),
            "body_position": (bodies, 3),
            "body_quaternion": (bodies, 4),
            "body_linear_velocity": (bodies, 3),
            "body_angular_velocity": (bodies, 3),
            "body_bounds": (bodies, 2, 3),
            "body_outline": (bodies, DIRECTIONS, 3),
        }
        if parts.tcp() is not None:
            shapes |= {"tcp_position": (3,), "tcp_quaternion": (4,)}
        shapes |= {name: value.shape for name, value in self._state().items()}
        specs = {name: ArraySpec(tuple(shape), "float32") for name, shape in shapes.items()}
        specs |= {name: ArraySpec(value.shape, _dtype(name, value)) for name, value in shown.items()}
        return specs | {name: ArraySpec((), "bool") for name in _FLAGS} | {"elapsed_steps": ArraySpec((), "int64")}

    def _reset_options(self) -> dict[str, Any]:
        return {"reconfigure": True} if self._rebuilds else {}

    def _state(self) -> dict[str, np.ndarray]:
        return _flat("state", self._env.get_state_dict())

    def bind(self, rows: dict[str, np.ndarray]) -> None:
        """Takes its rows of the shared arrays; forces between pairs that are new among them are there at once."""
        self._rows = rows
        self._contacts = Contacts(self._env, self._parts, rows)
        if self._stepped:
            self._contacts.write()

    def call(self, command: str, payload: Any = None) -> Any:
        """Does a command; see the class."""
        match command:
            case "step":
                return self._step(bool(payload))
            case "render":
                return self._write(self._pictures())
            case "reset":
                return self._reset(payload)
            case "set_state":
                return self._set_state()
            case "describe":
                return self.describe()
        raise ValueError(f"no command {command!r}")

    def _reset(self, seed: int) -> EpisodeFacts:
        if not 0 <= seed <= MOST_SEED:
            raise BadInput(f"ManiSkill's seeds are from 0 to {MOST_SEED}, not {seed}.")
        obs, info = self._begin(seed)
        self._rows["reward"][...] = 0.0
        self._rows["terminated"][...] = False
        self._parts.write_outlines(self._rows)
        self._contacts.clear()
        self._show(obs, info)
        return EpisodeFacts(self._parts.segmentation())

    def _begin(self, seed: int) -> tuple[Any, dict[str, Any]]:
        """Starts an episode; returns what ManiSkill's reset does."""
        self._stepped = False
        random.seed(seed)  # what draws outside of ManiSkill's own generators must not depend on earlier episodes
        np.random.seed(seed)  # noqa: NPY002
        torch.manual_seed(seed)
        begun = self._env.reset(seed=seed, options=self._reset_options())
        if self._rebuilds:
            self._parts = SceneParts(self._env, self._config.poses)
            self._contacts = Contacts(self._env, self._parts, self._rows)
            self._require_same_layout()
        return begun

    def _require_same_layout(self) -> None:
        if self._parts.bodies != self._bodies:
            differing = {body.name for body in self._bodies} ^ {body.name for body in self._parts.bodies}
            raise SimgenError(
                f"{self._config.env_id} has other bodies than in its first episode ({', '.join(sorted(differing))}); "
                "such environments cannot be recorded."
            )

    def _step(self, draw: bool) -> None:
        obs, reward, terminated, _, info = self._env.step(self._action())
        self._stepped = True
        self._rows["reward"][...] = np.asarray(reward).reshape(-1)[0]
        self._rows["terminated"][...] = np.asarray(terminated).reshape(-1)[0]
        self._contacts.write()
        self._show(obs, info)
        if draw:
            self._write(self._pictures())

    def _action(self) -> Any:
        flat, parts, begin = self._rows["action"].copy(), {}, 0
        for name, space in self._spaces.items():
            parts[name] = flat[begin : begin + space.low.size].reshape(space.shape)
            begin += space.low.size
        return parts.get("", parts)

    def _show(self, obs: Any, info: dict[str, Any]) -> None:
        """Writes everything but images."""
        rows, steps = self._rows, int(self._env.elapsed_steps[0])
        self._write(_flat("obs", obs) | self._state())
        self._parts.write(rows)
        for name in ("success", "fail"):
            rows[name][...] = bool(np.asarray(info[name]).reshape(-1)[0]) if name in info else False
        rows["elapsed_steps"][...] = steps
        rows["truncated"][...] = steps >= self._max_steps
        rows["problem"][...] = not all(np.isfinite(rows[name]).all() for name in ("qpos", "qvel", "body_position"))

    def _pictures(self) -> dict[str, np.ndarray]:
        data, parameters = self._env.pictures()
        images = _flat("obs/sensor_data", data)
        for path, image in images.items():
            if path.endswith("/depth"):  # what is further away than int16 can say in mm comes out negative
                images[path] = np.where(image < 0, MOST_DEPTH, image)
        return images | _flat("obs/sensor_param", parameters)

    def _write(self, values: dict[str, np.ndarray]) -> None:
        for name, value in values.items():
            if name not in self._rows or self._rows[name].shape != value.shape:
                raise SimgenError(f"{self._config.env_id} shows {name} {value.shape}, which its first episode did not.")
            self._rows[name][...] = value

    def _set_state(self) -> None:
        tree: dict[str, Any] = {}
        for name, row in self._rows.items():
            if name.startswith("state/"):
                *groups, leaf = name.removeprefix("state/").split("/")
                branch = tree
                for group in groups:
                    branch = branch.setdefault(group, {})
                branch[leaf] = torch.from_numpy(row[None].copy())
        self._env.set_state_dict(tree)
        info = self._env.get_info()
        self._show(self._env.get_obs(info), info)

    def close(self) -> None:
        """Frees the scene."""
        self._env.close()


def _boxes(space: gymnasium.Space) -> dict[str, gymnasium.spaces.Box]:
    """Returns the action space of each robot by its name; of a single one under ""."""
    spaces = dict(space.spaces) if isinstance(space, gymnasium.spaces.Dict) else {"": space}
    boxes = {name: each for name, each in spaces.items() if isinstance(each, gymnasium.spaces.Box)}
    if len(boxes) < len(spaces):
        raise SimgenError(f"actions that are not numbers cannot be recorded: {space}.")
    return boxes


def _camera_sizes(pictures: dict[str, np.ndarray]) -> dict[str, tuple[int, int]]:
    """Returns width and height of each camera's images [px]."""
    images = {path.split("/")[2]: image for path, image in pictures.items() if path.startswith("obs/sensor_data/")}
    return {camera: (image.shape[1], image.shape[0]) for camera, image in images.items()}


def _flat(path: str, tree: Any) -> dict[str, np.ndarray]:
    """Returns the leaves of a tree by their path, without the leading axis of environments."""
    if isinstance(tree, dict):
        flat: dict[str, np.ndarray] = {}
        for name, value in tree.items():
            flat |= _flat(f"{path}/{name}", value)
        return flat
    value = common.to_numpy(tree)
    return {path: value[0] if value.ndim else value}


def _dtype(path: str, value: np.ndarray) -> str:
    if path.startswith("obs/sensor_data/") and value.dtype.kind in "iu" and value.dtype.itemsize > 1:
        return "int16"
    return "float32" if value.dtype == np.float64 else value.dtype.name
