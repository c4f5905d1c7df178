"""The worlds of a registered environment behind the Engine protocol's questions, as terms and teachers ask them.

ManiSkill itself turns actions into motion there, so joint targets and wrenches cannot be given.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import torch

from simgen.env.registered.facts import (
    CONTACT,
    FACTORY,
    PROCESS_BYTES,
    STATIC,
    WORLD_BYTES,
    EnvFacts,
    RegisteredConfig,
    Segment,
)
from simgen.errors import BadInput, SimgenError, unknown
from simgen.world.engine.base import Faults, WorldState
from simgen.world.scene.scene import Scene
from simgen.world.scene.slots import BodySlot, CameraOutput, CameraSlot, Layout, Motion
from simgen.world.workers import ArraySpec, WorkerPool

_MOTIONS: dict[str, Motion] = {"dynamic": "dynamic", "kinematic": "fixed", "static": "fixed", "link": "dynamic"}
_SURROUNDINGS = {"table-workspace": "table", "ground": "ground"}  # ManiSkill's names
_OBS, _DATA, _PARAM = "obs/", "obs/sensor_data/", "obs/sensor_param/"
Images = dict[str, dict[str, torch.Tensor]]


class RegisteredEngine:
    """N worlds of one registered environment, each in a worker process.

    Args:
        config: Which environment.
        num_envs: N.
        joint_names: Order of qpos and qvel; None: the environment's own.
        processes: How many; None: one per core.

    Attributes:
        facts: What the environment is like.
        arrays: What the worlds show, one row per world; "action" is read by them.
    """

    name = "maniskill"

    def __init__(self, config: RegisteredConfig, num_envs: int, processes: int | None = None) -> None:
        self.num_envs, self.device = num_envs, torch.device("cpu")
        self._pool = WorkerPool(
            FACTORY, config, num_envs, process_bytes=PROCESS_BYTES, world_bytes=WORLD_BYTES, processes=processes
        )
        try:
            self.facts: EnvFacts = self._pool.describe()
            self.arrays = self._pool.allocate(self.facts.arrays)
        except BaseException:
            self._pool.close()
            raise
        self.link_names, self.joint_names = self.facts.link_names, self.facts.joint_names
        self._things = {*self.link_names, *(body.name for body in self.facts.bodies), STATIC}
        self.layout = _layout(self.facts, config)
        self._order = list(range(len(self.joint_names)))
        self._scenes: list[Scene | None] = [None] * num_envs
        self._segments = [self.facts.segmentation] * num_envs

    def order_joints(self, names: Sequence[str]) -> None:
        """Lets qpos and qvel have this order, e.g. that of the robot's card."""
        self._order = [self.facts.joint_names.index(name) for name in names]
        self.joint_names = tuple(names)

    def reset(self, env_ids: torch.Tensor, scenes: Sequence[Scene]) -> None:
        """Starts the episodes with the scenes' seeds in the worlds `env_ids` (K,)."""
        ids = [int(env) for env in env_ids]
        self._pool.renew(ids)
        told = self._pool.run("reset", ids, {env: scene.seed for env, scene in zip(ids, scenes, strict=True)})
        for env, scene in zip(ids, scenes, strict=True):
            self._scenes[env] = scene
            if env in told:
                self._segments[env] = told[env].segmentation

    def step(self) -> None:
        """Does the actions that stand in `arrays["action"]`."""
        self._pool.run("step")

    def set_targets(
        self, position: torch.Tensor, velocity: torch.Tensor | None = None, effort: torch.Tensor | None = None
    ) -> None:
        """Is not there: see the module.

        Raises:
            SimgenError: Always.
        """
        raise SimgenError("a registered environment takes actions, not joint targets.")

    def move_body(self, name: str, position: torch.Tensor, quaternion: torch.Tensor) -> None:
        """Is not there: see the module.

        Raises:
            SimgenError: Always.
        """
        raise SimgenError("a registered environment moves its bodies itself.")

    def apply_wrench(self, body: str, wrench: torch.Tensor) -> None:
        """Is not there: see the module.

        Raises:
            SimgenError: Always.
        """
        raise SimgenError("a registered environment cannot be pushed.")

    def state(self) -> WorldState:
        """Returns the state now; copies."""
        arrays = self.arrays
        return WorldState(
            qpos=arrays["qpos"][:, self._order].clone(),
            qvel=arrays["qvel"][:, self._order].clone(),
            **{
                name: arrays[name].clone()
                for name in (
                    "link_position", "link_quaternion", "body_position", "body_quaternion", "body_linear_velocity",
                    "body_angular_velocity",
                )
            },
            joint_position=torch.zeros(self.num_envs, 0),
            joint_velocity=torch.zeros(self.num_envs, 0),
            root_velocity=torch.zeros(self.num_envs, 6),
        )  # fmt: skip

    def set_state(self, env_ids: torch.Tensor, state: WorldState) -> None:
        """Is not there: episodes of registered environments begin with their seeds.

        Raises:
            SimgenError: Always.
        """
        raise SimgenError("a registered environment cannot be put into a state; its episodes begin with their seeds.")

    def contacts(self, a: str, b: str) -> torch.Tensor:
        """Returns the force [N] that link or body `b` exerts on `a` after the last step. Shape: (E, 3)."""
        name = f"{CONTACT}{a}|{b}"
        if name not in self.arrays:
            for thing in (a, b):
                if thing not in self._things:
                    raise unknown("link or body", thing, self._things)
            self.arrays |= self._pool.allocate({name: ArraySpec((3,), "float32")})
        return self.arrays[name]

    def body_bounds(self, slot: int) -> torch.Tensor:
        """Returns the corners of a body's box in its own frame [m]. Shape: (E, 2, 3)."""
        return self.arrays["body_bounds"][:, slot]

    def body_outline(self, slot: int) -> torch.Tensor:
        """Returns points of a body's surface that reach as far as it does, in its own frame [m]. Shape: (E, K, 3)."""
        return self.arrays["body_outline"][:, slot]

    def scene(self, env_id: int) -> Scene:
        """Returns the scene (a seed and an instruction) that a world was given last."""
        scene = self._scenes[env_id]
        assert scene is not None, "the world has not been reset yet"
        return scene

    def render(self, worlds: Sequence[int] | None = None) -> Images:
        """Returns the images of all cameras, new at least for `worlds`; the next call overwrites them."""
        if not self.facts.cameras:
            return {}
        self._pool.run("render", worlds)
        return _by_camera(self.arrays, _DATA)

    def camera_parameters(self) -> Images:
        """Returns intrinsic_cv (E, 3, 3), extrinsic_cv (E, 3, 4) and cam2world_gl (E, 4, 4) of the last rendering."""
        return _by_camera(self.arrays, _PARAM)

    def observed(self) -> dict[str, torch.Tensor]:
        """Returns what ManiSkill observes besides images, by its path such as "agent/qpos"."""
        skipped = (_DATA, _PARAM)
        return {
            path.removeprefix(_OBS): array
            for path, array in self.arrays.items()
            if path.startswith(_OBS) and not path.startswith(skipped)
        }

    def segmentation_ids(self, env_id: int) -> dict[int, dict[str, str]]:
        """Returns what each segmentation id of a world means."""
        return {number: _meaning(segment) for number, segment in self._segments[env_id].items()}

    def faults(self) -> Faults:
        """Returns in which worlds the state is not finite."""
        return Faults(self.arrays["problem"].bool().flatten().int(), lambda bits: "the state is not finite (NaN)")

    def problems(self) -> dict[int, str]:
        """Returns the worlds whose state is not finite."""
        return self.faults().told()

    def interrupted(self) -> set[int]:
        """Returns the worlds whose running episode was lost with its process."""
        return set(self._pool.lost)

    def close(self) -> None:
        """Ends the processes."""
        self._pool.close()


def _layout(facts: EnvFacts, config: RegisteredConfig) -> Layout:
    bodies = tuple(BodySlot(body.name, _MOTIONS.get(body.kind, "marker"), (), body.name) for body in facts.bodies)
    cameras = tuple(CameraSlot(name, *size, _outputs(config)) for name, size in facts.cameras.items())
    return Layout("+".join(facts.robots), (0.0, 0.0, 0.0), 0.0, bodies, cameras, None, 0.0)


def _outputs(config: RegisteredConfig) -> tuple[CameraOutput, ...]:
    return tuple(output for output in get_args(CameraOutput) if output in config.outputs)


def _by_camera(arrays: dict[str, torch.Tensor], prefix: str) -> Images:
    found: Images = {}
    for path, array in arrays.items():
        if path.startswith(prefix):
            camera, name = path.removeprefix(prefix).rsplit("/", 1)
            found.setdefault(camera, {})[name] = array
    return found


def _meaning(segment: Segment) -> dict[str, str]:
    kind = "robot" if segment.robot else _SURROUNDINGS.get(segment.name) or segment.owner or segment.name
    return {"name": segment.name, "class": kind, "body": segment.owner or segment.name}


def require_cpu(device: str) -> None:
    """Refuses devices that the worker processes do not have.

    Raises:
        BadInput: If it is not the CPU.
    """
    if device != "cpu":
        raise BadInput(f"registered environments run in processes on the CPU; --device {device} is for simgen's tasks.")
