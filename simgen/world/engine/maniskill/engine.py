"""The ManiSkill engine: PhysX and SAPIEN's renderer behind the same protocol as the other engines."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from simgen.errors import BadInput, SimgenError
from simgen.world.engine.base import Faults, WorldState
from simgen.world.engine.bookkeeping import SceneBook, segmentation_ids
from simgen.world.engine.maniskill.config import BatchConfig
from simgen.world.engine.maniskill.worlds import PoolWorlds, Worlds
from simgen.world.robot.card import load_card
from simgen.world.scene.place.slots import is_person
from simgen.world.scene.scene import Scene
from simgen.world.scene.slots import Layout


class ManiSkillEngine:
    """N worlds of one layout; see `simgen.world.engine.base.Engine`.

    On the CPU each world is a PhysX scene of its own, in one of several worker processes, and is built anew for each
    episode. On a CUDA device all are one batch in this process.

    Args:
        layout: What the worlds share.
        num_envs: N.
        substeps: Solver steps per control step.
        control_dt: Length of a control step [s].
        device: "cpu" or "cuda:0".
        processes: Worker processes on the CPU; None: one per core, at most N.

    Raises:
        BadInput: If memory does not allow so many worlds; moving parts or walking people on a CUDA device.
        SimgenError: If ManiSkill or the GPU library of PhysX is missing.
    """

    name = "maniskill"

    def __init__(
        self,
        layout: Layout,
        num_envs: int,
        substeps: int,
        control_dt: float,
        device: str = "cpu",
        processes: int | None = None,
    ) -> None:
        self.layout, self.num_envs, self.device = layout, num_envs, torch.device(device)
        if self.device.type != "cpu":
            _require_rigid(layout)
        config = BatchConfig(layout, substeps, control_dt)
        self.link_names, self.joint_names = config.link_names, load_card(layout.robot).joint_names
        self._rows = {name: row for row, name in enumerate(config.row_names)}
        self._book = SceneBook(layout, num_envs, self.device)
        self._worlds: Worlds | None = _make_worlds(config, num_envs, device, processes)

    @property
    def _open(self) -> Worlds:
        if self._worlds is None:
            raise SimgenError("the engine is closed; make a new environment.")
        return self._worlds

    def reset(self, env_ids: torch.Tensor, scenes: Sequence[Scene]) -> None:
        """Gives each world in `env_ids` (K,) the scene of its next episode."""
        ids = [int(env) for env in env_ids]
        self._book.write(ids, scenes)
        self._open.reset(ids, scenes)
        qpos = torch.tensor([list(scene.robot.qpos) for scene in scenes], dtype=torch.float32)
        self._hold(ids, qpos)
        self._open.wrenches[ids] = 0.0

    def _hold(self, ids: list[int], qpos: torch.Tensor) -> None:
        """Tells the drives of some worlds to stay where they are. Shape of qpos: (K, D)."""
        self._open.targets[ids] = 0.0
        self._open.targets[ids, 0] = qpos.to(self.device)

    def set_targets(
        self, position: torch.Tensor, velocity: torch.Tensor | None = None, effort: torch.Tensor | None = None
    ) -> None:
        """Tells the drives of the joints what to do from now on. Shapes: (E, D)."""
        targets = self._open.targets
        targets[:, 0] = position
        targets[:, 1] = 0.0 if velocity is None else velocity
        targets[:, 2] = 0.0 if effort is None else effort

    def move_body(self, name: str, position: torch.Tensor, quaternion: torch.Tensor) -> None:
        """Puts a fixed body elsewhere. Shapes: (E, 3) [m], (E, 4) wxyz."""
        self._open.move_body(self.layout.slot(name), torch.cat([position, quaternion], -1))

    def apply_wrench(self, body: str, wrench: torch.Tensor) -> None:
        """Pushes a body during the next step: force [N], torque [N m], world frame. Shape: (E, 6)."""
        self._open.wrenches[:, self._rows[body]] = wrench

    def step(self) -> None:
        """Advances all worlds by one control step."""
        self._open.step()
        self._open.wrenches.zero_()

    def state(self) -> WorldState:
        """Returns the state now; copies."""
        return self._open.state()

    def set_state(self, env_ids: torch.Tensor, state: WorldState) -> None:
        """Puts worlds into a recorded state; rows of `state` are one per env id."""
        ids = [int(env) for env in env_ids]
        self._open.set_state(ids, state)
        self._hold(ids, state.qpos)

    def contacts(self, a: str, b: str) -> torch.Tensor:
        """Returns the force [N] that `b` exerts on `a`; "table" is everything static. Shape: (E, 3)."""
        return self._open.contacts(a, b)

    def body_bounds(self, slot: int) -> torch.Tensor:
        """Returns the corners of a body's box in its own frame, at its scale [m]. Shape: (E, 2, 3)."""
        return self._book.bounds[:, slot]

    def body_outline(self, slot: int) -> torch.Tensor:
        """Returns points of a body's surface that reach as far as it does, in its own frame [m]. Shape: (E, K, 3)."""
        return self._book.outline[:, slot]

    def scene(self, env_id: int) -> Scene:
        """Returns the scene that a world was given last."""
        return self._book.scene(env_id)

    def render(self, worlds: Sequence[int] | None = None) -> dict[str, dict[str, torch.Tensor]]:
        """Returns the images of all cameras, new at least for `worlds`; the next call overwrites them.

        Raises:
            SimgenError: If there is no Vulkan device; says how to get one.
        """
        return self._open.render(worlds)

    def camera_parameters(self) -> dict[str, dict[str, torch.Tensor]]:
        """Returns intrinsic_cv (E, 3, 3), extrinsic_cv (E, 3, 4) and cam2world_gl (E, 4, 4) of the last rendering."""
        poses, parameters = self._open.cam2world_gl(), {}
        for index, slot in enumerate(self.layout.cameras):
            if slot.name in poses:
                gl = poses[slot.name].clone()
                cv = gl * gl.new_tensor([1.0, -1.0, -1.0, 1.0])
                turn = cv[:, :3, :3].transpose(1, 2)
                parameters[slot.name] = {
                    "intrinsic_cv": self._intrinsics(index),
                    "extrinsic_cv": torch.cat([turn, -turn @ cv[:, :3, 3:]], dim=2),
                    "cam2world_gl": gl,
                }
        return parameters

    def _intrinsics(self, index: int) -> torch.Tensor:
        """The matrices of a camera with square pixels and its axis in the middle. Shape: (E, 3, 3)."""
        slot = self.layout.cameras[index]
        fov = torch.tensor([self.scene(env).cameras[index].fov for env in range(self.num_envs)])
        matrix = torch.zeros(self.num_envs, 3, 3)
        matrix[:, 0, 0] = matrix[:, 1, 1] = 0.5 * slot.height / torch.tan(0.5 * fov)
        matrix[:, 0, 2], matrix[:, 1, 2], matrix[:, 2, 2] = 0.5 * slot.width, 0.5 * slot.height, 1.0
        return matrix.to(self.device)

    def segmentation_ids(self, env_id: int) -> dict[int, dict[str, str]]:
        """Returns what each segmentation id of a world means."""
        candidates = [body.candidate for body in self.scene(env_id).bodies]
        return segmentation_ids(self.layout, self.link_names, candidates)

    def faults(self) -> Faults:
        """Returns in which worlds the state is not finite after the last step."""
        state = self.state()
        rows = [state.qpos, state.qvel, state.body_position.flatten(1), state.body_linear_velocity.flatten(1)]
        rows += [state.joint_position, state.joint_velocity]
        finite = torch.isfinite(torch.cat(rows, -1)).all(-1)
        return Faults((~finite).int(), lambda bits: "the state is not finite (NaN); use a higher `episode.sim_hz`")

    def problems(self) -> dict[int, str]:
        """Returns the worlds whose last step cannot be trusted, with the reason and the remedy."""
        return self.faults().told()

    def interrupted(self) -> set[int]:
        """Returns the worlds whose running episode was lost with its process; `reset` gives them a fresh one."""
        return self._open.lost()

    def close(self) -> None:
        """Ends the processes; the engine cannot be used any more."""
        if self._worlds is not None:
            self._worlds.close()
            self._worlds = None


def _require_rigid(layout: Layout) -> None:
    """Refuses what worlds on a GPU cannot do."""
    moving = [f"scene.objects.{slot.parent}: has moving parts" for slot in layout.bodies if slot.joint is not None]
    moving += [f"scene.place: {slot.name} walks" for slot in layout.bodies if is_person(slot.name)]
    if moving:
        raise BadInput(
            f"{moving[0]}, which the maniskill engine simulates on the CPU only. Allowed: device cpu; or engine newton."
        )


def _make_worlds(config: BatchConfig, num_envs: int, device: str, processes: int | None) -> Worlds:
    if torch.device(device).type == "cpu":
        return PoolWorlds(config, num_envs, processes)
    try:
        from simgen.world.engine.maniskill.cuda_worlds import BatchWorlds
    except ImportError as error:
        raise SimgenError(f"the maniskill engine needs the package mani_skill: {error}.") from error
    return BatchWorlds(config, num_envs, device)
