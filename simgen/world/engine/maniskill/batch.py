"""N worlds of one layout in this process: built from their scenes, stepped, read and drawn.

On the CPU a batch has one world; on a CUDA device PhysX simulates all N at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from mani_skill.utils.structs import Actor, Link, Pose

from simgen.world.engine.base import WorldState
from simgen.world.engine.bookkeeping import FIRST_LINK_ID, GROUND_ID, TABLE_ID
from simgen.world.engine.maniskill.bodies import GROUND, TABLE, build_bodies, build_fixtures
from simgen.world.engine.maniskill.config import BatchConfig
from simgen.world.engine.maniskill.forces import Forces
from simgen.world.engine.maniskill.mechanisms import Mechanisms
from simgen.world.engine.maniskill.pictures import Pictures, light_up
from simgen.world.engine.maniskill.robot import build_robot, joint_order
from simgen.world.engine.maniskill.shapes import make_pose
from simgen.world.engine.maniskill.state import can_move, cpu_state, gpu_state
from simgen.world.engine.maniskill.system import gpu_system, make_scene
from simgen.world.robot.card import load_card
from simgen.world.scene.scene import Scene
from simgen.world.scene.slots import Layout


class Batch:
    """N worlds. `build` makes them anew; what they did before leaves no trace.

    Args:
        config: What the worlds share.
        device: "cpu" or "cuda:0".

    Attributes:
        rendering: Whether what is built from now on can be drawn; set by the first `render`, or before.
    """

    def __init__(self, config: BatchConfig, device: str = "cpu") -> None:
        self.config, self.device = config, torch.device(device)
        self.link_names, self.row_names = config.link_names, config.row_names
        self._dt = config.control_dt / config.substeps
        self._card = load_card(config.layout.robot)
        self._scenes: list[Scene] = []
        self.rendering = False

    def build(self, scenes: Sequence[Scene]) -> None:
        """Gives every world a new scene, in its initial state."""
        layout = self.config.layout
        self.close()
        self._scenes = list(scenes)
        scene = self._scene = make_scene(scenes, self._dt, self.device, self.rendering)
        self._robot = build_robot(scene, layout, scenes)
        self._order = joint_order(self._robot._objs[0], self._card)
        self._mechanisms = Mechanisms(scene, layout, scenes)
        self._bodies = build_bodies(scene, layout, scenes, self._mechanisms.links)
        self._fixtures = build_fixtures(scene, layout, scenes)
        if self.rendering:
            light_up(scene, layout, scenes)
        scene._setup(enable_gpu=scene.gpu_sim_enabled)
        self._links = [self._robot.links_map[name] for name in self.link_names]
        named: dict[str, Link | Actor] = dict(zip(self.link_names, self._links, strict=True))
        named |= {slot.name: thing for slot, thing in zip(layout.bodies, self._bodies, strict=True)}
        self._named = named
        self._forces = Forces(scene, {name: named[name] for name in self.row_names}, self._fixtures)
        self._wrenches: dict[str, torch.Tensor] = {}
        if self.rendering:
            self._pictures = Pictures(scene, layout, scenes, named, self._segmentation_table())
        qpos = torch.tensor(np.array([each.robot.qpos for each in scenes]), dtype=torch.float32).to(self.device)
        if scene.gpu_sim_enabled:
            self._write_initial_state(qpos)
        else:
            self.set_targets(held(qpos))

    def restart(self, env_ids: Sequence[int], scenes: Sequence[Scene]) -> None:
        """Puts worlds into the initial states of scenes that are built as theirs are, without building them anew."""
        initial = _initial(scenes, self.config.layout)
        views = [torch.as_tensor(np.array(rows), dtype=torch.float32, device=self.device) for rows in initial]
        qpos, position, quaternion, root = views
        links, still = self.state(), torch.zeros_like(position)
        ids = torch.as_tensor(list(env_ids), device=self.device)
        link_position, link_quaternion = links.link_position[ids], links.link_quaternion[ids]
        if self._card.is_floating:
            link_position[:, 0], link_quaternion[:, 0] = root[:, :3], root[:, 3:]
        none, at_rest = qpos.new_zeros(len(qpos), 0), qpos.new_zeros(len(qpos), 6)
        state = WorldState(
            qpos, torch.zeros_like(qpos), link_position, link_quaternion, position, quaternion, still, still,
            none, none, at_rest,
        )  # fmt: skip
        self.set_state(env_ids, state)
        for world, scene in zip(env_ids, scenes, strict=True):
            self._scenes[world] = scene
            if self.rendering:
                self._pictures.aim(world, scene.cameras)

    def _write_initial_state(self, qpos: torch.Tensor) -> None:
        """ManiSkill's set-up on a GPU leaves joints where the URDF has them. Shape of qpos: (N, D)."""
        self._robot.set_qpos(self._sorted(qpos))
        self._robot.set_qvel(torch.zeros_like(qpos))
        if self._card.is_floating:
            pose = torch.tensor(self.config.layout.robot_pose, dtype=torch.float32)
            self._place_root(pose.to(self.device).expand(len(qpos), 7))
        self.set_targets(held(qpos))
        self._scene._gpu_apply_all()
        gpu_system(self._scene).gpu_update_articulation_kinematics()
        self._scene._gpu_fetch_all()

    def _place_root(self, pose: torch.Tensor) -> None:
        """Puts a floating robot somewhere: position [m], quaternion wxyz. Shape: (N, 7)."""
        # Upstream says sapien.Pose and means its own, which holds one per world.
        self._robot.set_root_pose(Pose.create(pose))  # pyright: ignore[reportArgumentType]

    def _sorted(self, values: torch.Tensor) -> torch.Tensor:
        """From the card's order of joints to SAPIEN's. Shape: (N, D)."""
        result = torch.empty_like(values)
        result[:, self._order] = values
        return result

    def set_targets(self, targets: torch.Tensor) -> None:
        """Tells the drives what to do: position, velocity and effort, in the card's order. Shape: (N, 3, D)."""
        self._told = targets.clone()
        strength = targets.new_tensor([scene.robot.force_scale for scene in self._scenes])
        limits = targets.new_tensor([drive.force_limit for drive in self._card.drives])
        self._effort = self._sorted(targets[:, 2].clamp(-limits, limits) * strength[:, None])
        if self._scene.gpu_sim_enabled:
            px, rows = gpu_system(self._scene), self._robot._data_index[:, None]
            px.cuda_articulation_target_qpos.torch()[rows, : targets.shape[2]] = self._sorted(targets[:, 0])
            px.gpu_apply_articulation_target_position()
            px.cuda_articulation_target_qvel.torch()[rows, : targets.shape[2]] = self._sorted(targets[:, 1])
            px.gpu_apply_articulation_target_velocity()
            return
        joints = self._robot._objs[0].active_joints
        for index, position, velocity in zip(self._order, *targets[0, :2].tolist(), strict=True):
            joints[index].set_drive_target(position)
            joints[index].set_drive_velocity_target(velocity)

    def _apply_effort(self) -> None:
        """PhysX forgets efforts after each solver step, too."""
        if self._card.drive != "effort":
            return
        self._robot.set_qf(self._effort if self._scene.gpu_sim_enabled else self._effort[0].numpy())
        if self._scene.gpu_sim_enabled:
            gpu_system(self._scene).gpu_apply_articulation_qf()

    def apply_wrench(self, name: str, wrench: torch.Tensor) -> None:
        """Pushes a body or link during the next step: force [N], torque [N m], world frame. Shape: (N, 6)."""
        self._wrenches[name] = wrench

    def step(self) -> None:
        """Advances all worlds by one control step."""
        for _ in range(self.config.substeps):
            for name, wrench in self._wrenches.items():
                self._push(self._named[name], wrench)
            self._apply_effort()
            self._mechanisms.resist()
            self._scene.step()
        self._wrenches.clear()
        if self._scene.gpu_sim_enabled:
            self._scene._gpu_fetch_all()

    def _push(self, thing: Link | Actor, wrench: torch.Tensor) -> None:
        """PhysX forgets forces after each solver step."""
        if not self._scene.gpu_sim_enabled:
            values = wrench[0].tolist()
            if any(values):
                thing._bodies[0].add_force_torque(values[:3], values[3:])
            return
        px = gpu_system(self._scene)
        px.cuda_rigid_body_force.torch()[thing._body_data_index, :3] = wrench[:, :3]
        px.cuda_rigid_body_torque.torch()[thing._body_data_index, :3] = wrench[:, 3:]
        px.gpu_apply_rigid_dynamic_force()
        px.gpu_apply_rigid_dynamic_torque()

    def state(self) -> WorldState:
        """Returns the state now. Shapes: (N, ...)."""
        if self._scene.gpu_sim_enabled:
            return gpu_state(self._robot, self._order, self._links, self._bodies)
        return cpu_state(self._robot, self._order, self._links, self._bodies, self._mechanisms.joints())

    def set_state(self, env_ids: Sequence[int], state: WorldState) -> None:
        """Puts worlds into a state; rows of `state` are one per env id."""
        scene = self._scene
        scene._reset_mask[:] = False
        scene._reset_mask[list(env_ids)] = True
        self._robot.set_qpos(self._sorted(state.qpos))
        self._robot.set_qvel(self._sorted(state.qvel))
        for index, thing in enumerate(self._bodies):
            if isinstance(thing, Link):
                continue
            pose = torch.cat([state.body_position[:, index], state.body_quaternion[:, index]], -1)
            thing.set_pose(Pose.create(pose))
            if can_move(thing):
                thing.set_linear_velocity(state.body_linear_velocity[:, index])
                thing.set_angular_velocity(state.body_angular_velocity[:, index])
        self._mechanisms.set_state(state)
        if self._card.is_floating:
            self._place_root(torch.cat([state.link_position, state.link_quaternion], -1)[:, 0])
            self._robot.set_root_linear_velocity(state.root_velocity[:, :3])
            self._robot.set_root_angular_velocity(state.root_velocity[:, 3:])
        scene._reset_mask[:] = True
        if scene.gpu_sim_enabled:
            indices = self._robot._data_index[torch.as_tensor(list(env_ids), device=self.device)]
            px = gpu_system(scene)
            rows, joints = indices[:, None], state.qpos.shape[1]
            px.cuda_articulation_target_qpos.torch()[rows, :joints] = self._sorted(state.qpos)
            px.cuda_articulation_target_qvel.torch()[rows, :joints] = 0.0
            self._effort[list(env_ids)] = 0.0
            scene._gpu_apply_all()
            px.gpu_update_articulation_kinematics()
            scene._gpu_fetch_all()
        else:
            self.set_targets(held(state.qpos))

    def move_body(self, slot: int, pose: np.ndarray) -> None:
        """Puts a fixed body of the one world on the CPU elsewhere: position [m], quaternion wxyz. Shape: (7,)."""
        place = make_pose(pose[:3], pose[3:])
        if slot in self._mechanisms.links:
            self._mechanisms.place(slot, place)
        else:
            self._bodies[slot].set_pose(place)

    def contacts(self, a: str, b: str) -> torch.Tensor:
        """Returns the force [N] that `b` exerts on `a`. Shape: (N, 3)."""
        return self._forces.between(a, b)

    def contact_matrix(self) -> np.ndarray:
        """Returns all forces of the one world on the CPU; see `Forces.matrix`."""
        return self._forces.matrix()

    def render(self) -> dict[str, dict[str, torch.Tensor]]:
        """Returns the images of all cameras by camera and output. Shape of each: (N, H, W, channels).

        The first call builds the worlds again, with a renderer; until then no Vulkan device is needed.
        """
        if not self.config.layout.cameras:
            return {}
        if not self.rendering:
            self.rendering = True
            state = self.state()
            told = self._told
            self.build(self._scenes)
            self.set_state(range(len(self._scenes)), state)
            self.set_targets(told)
        return self._pictures.take()

    def cam2world_gl(self) -> dict[str, torch.Tensor]:
        """Returns the cameras' poses in the world with OpenGL axes. Shape of each: (N, 4, 4)."""
        return self._pictures.cam2world_gl() if self.rendering else {}

    def _segmentation_table(self) -> torch.Tensor:
        """Our segmentation ids by SAPIEN's, per world. Shape: (N, S), int64."""
        parts = {FIRST_LINK_ID + row: thing for row, thing in enumerate([*self._links, *self._bodies])}
        ids = {own: [int(i) for i in thing.per_scene_id] for own, thing in parts.items()}
        for own, name in ((TABLE_ID, TABLE), (GROUND_ID, GROUND)):
            if name in self._fixtures:
                ids[own] = [int(actor.per_scene_id[0]) for actor in self._fixtures[name]]
        table = torch.zeros(len(self._scenes), 1 + max(max(row) for row in ids.values()), dtype=torch.int64)
        for own, theirs in ids.items():
            table[torch.arange(len(theirs)), torch.tensor(theirs)] = own
        return table.to(self.device)

    def close(self) -> None:
        """Frees the worlds."""
        for name in _BUILT:
            self.__dict__.pop(name, None)


_BUILT = ("_pictures", "_forces", "_named", "_links", "_bodies", "_mechanisms", "_fixtures", "_robot", "_scene")


def held(qpos: torch.Tensor) -> torch.Tensor:
    """Returns the targets that hold joints where they are. Shapes: (N, D) -> (N, 3, D)."""
    return torch.stack([qpos, torch.zeros_like(qpos), torch.zeros_like(qpos)], 1)


def _initial(scenes: Sequence[Scene], layout: Layout) -> tuple[list, list, list, list]:
    """Joints, positions and orientations of the bodies, and poses of floating robots, at the start of scenes."""
    bodies = [scene.bodies for scene in scenes]
    return (
        [scene.robot.qpos for scene in scenes],
        [[body.position for body in row] for row in bodies],
        [[body.quaternion for body in row] for row in bodies],
        [layout.robot_pose] * len(scenes),
    )
