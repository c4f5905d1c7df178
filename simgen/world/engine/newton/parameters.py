"""Writes what a scene says about physics into the Newton model: variants, sizes, masses, friction, gains, gravity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import warp as wp
from newton import GeoType, ModelFlags
from scipy.spatial.transform import Rotation

from simgen.world.engine.newton.model import WorldModel
from simgen.world.kernels import as_torch, required
from simgen.world.robot.card import RobotCard
from simgen.world.robot.model import root_dofs
from simgen.world.scene.scene import Body, Scene
from simgen.world.scene.slots import Layout


class Parameters:
    """Per-world physics parameters of a model, kept as torch views of its arrays.

    Each write remembers what a world had, so that a reset which changes nothing costs nothing.
    """

    def __init__(self, world: WorldModel, layout: Layout, card: RobotCard) -> None:
        model, worlds = world.model, world.num_worlds
        self._world, self._layout, self._card = world, layout, card
        self._device = str(model.device)
        self._mass = as_torch(model.body_mass).view(worlds, -1)
        self._inverse_mass = as_torch(model.body_inv_mass).view(worlds, -1)
        self._inertia = as_torch(model.body_inertia).view(worlds, -1, 3, 3)
        self._inverse_inertia = as_torch(model.body_inv_inertia).view(worlds, -1, 3, 3)
        self._center = as_torch(model.body_com).view(worlds, -1, 3)
        shapes = model.shape_count // worlds
        self._shape_body = required(model.shape_body).numpy()[:shapes]
        self._friction = as_torch(model.shape_material_mu).view(worlds, shapes)
        self._scaled = [as_torch(getattr(model, name)).view(worlds, shapes, -1) for name in _LENGTHS]
        self._kind = as_torch(model.shape_type).view(worlds, shapes)
        self._transform = as_torch(model.shape_transform).view(worlds, shapes, 7)
        self._stiffness = as_torch(model.joint_target_ke).view(worlds, -1)
        self._damping = as_torch(model.joint_target_kd).view(worlds, -1)
        self._armature = as_torch(model.joint_armature).view(worlds, -1)
        self._joint_parent = as_torch(model.joint_X_p).view(worlds, -1, 7)
        self._joint_child = as_torch(model.joint_X_c).view(worlds, -1, 7)
        self._joint_axis = as_torch(model.joint_axis).view(worlds, -1, 3)
        self._joint_lower = as_torch(model.joint_limit_lower).view(worlds, -1)
        self._joint_upper = as_torch(model.joint_limit_upper).view(worlds, -1)
        self._joint_damping = as_torch(model.joint_damping).view(worlds, -1)
        child = required(model.joint_child).numpy()[: model.joint_count // worlds].tolist()
        self._slot_joint = [child.index(row) if row >= 0 else -1 for row in world.slot_body]
        self._joint_friction = as_torch(model.joint_friction).view(worlds, -1)
        self._force_limit = as_torch(model.joint_effort_limit).view(worlds, -1)
        self._gravity = as_torch(model.gravity)
        self._base = (self._stiffness[0].clone(), self._damping[0].clone(), self._armature[0].clone())
        self._base_limit = self._force_limit[0].clone()
        self._base_friction = self._friction[0].clone()
        first = root_dofs(card)
        self._robot = slice(first, first + card.dof)
        self._arm = slice(first + card.arm.start, first + card.arm.stop)
        self.motor_strength = torch.ones(worlds, 1, device=self._mass.device)
        self._known: list[dict[str, tuple[float, ...]]] = [{} for _ in range(worlds)]

    def write(self, env_ids: Sequence[int], scenes: Sequence[Scene]) -> int:
        """Writes the scenes' parameters and returns the Newton flags of what changed (0: nothing)."""
        flags = self._select(env_ids, scenes) | self._write_drives(env_ids, scenes)
        for slot, row in enumerate(self._world.slot_body):
            if row >= 0 and self._layout.bodies[slot].motion == "dynamic":
                flags |= self._write_masses(env_ids, [scene.bodies[slot] for scene in scenes], slot)
        for env, scene in zip(env_ids, scenes, strict=True):
            for slot, row in enumerate(self._world.slot_body):
                if row >= 0:
                    flags |= self._write_friction(env, slot, row, scene)
                if self._layout.bodies[slot].joint is not None:
                    flags |= self._write_joint(env, slot, scene)
            flags |= self._write_surroundings(env, scene)
        return flags

    def _changed(self, env: int, key: str, value: tuple[float, ...]) -> bool:
        if self._known[env].get(key) == value:
            return False
        self._known[env][key] = value
        return True

    def _select(self, env_ids: Sequence[int], scenes: Sequence[Scene]) -> int:
        changed: dict[int, tuple[int, Body]] = {}  # row in the body arrays of all worlds -> world, body
        for env, scene in zip(env_ids, scenes, strict=True):
            for slot, row in enumerate(self._world.slot_body):
                body = scene.bodies[slot]
                shape = (float(body.candidate), *(float(factor) for factor in body.scale))
                if row >= 0 and self._changed(env, f"shape {slot}", shape):
                    changed[env * self._world.bodies_per_world + row] = (env, body)
                    self._known[env].pop(f"mass {slot}", None)
                    self._known[env].pop(f"friction {slot}", None)
        if not changed:
            return 0
        variants = wp.array([body.candidate for _, body in changed.values()], dtype=wp.int32, device=self._device)
        bodies = wp.array(list(changed), dtype=wp.int32, device=self._device)
        flags = int(self._world.model.select_body_variants(variants, bodies=bodies))
        for row, (env, body) in changed.items():
            self._scale(env, row % self._world.bodies_per_world, body.scale)
        return flags

    def _scale(self, env: int, row: int, scale: np.ndarray) -> None:
        if np.allclose(scale, 1.0):
            return
        factor = torch.as_tensor(scale, dtype=torch.float32, device=self._mass.device)
        even = np.allclose(scale, scale[0])
        for shape in np.flatnonzero(self._shape_body == row):
            for name, lengths in zip(_LENGTHS, self._scaled, strict=True):
                upright = name == "shape_scale" and not even and int(self._kind[env, shape]) == GeoType.CYLINDER
                axes = factor[[0, 2, 2]] if upright else factor  # a cylinder's size is radius, half height, nothing
                lengths[env, shape] *= axes if lengths.shape[-1] == 3 else factor.max()
            self._transform[env, shape, :3] *= factor

    def _write_masses(self, env_ids: Sequence[int], bodies: Sequence[Body], slot: int) -> int:
        """Writes mass, inertia and centre of mass of what stands in a slot of these worlds."""
        row, candidates = self._world.slot_body[slot], self._layout.bodies[slot].candidates
        changed: list[int] = []
        numbers: list[tuple[float, float, np.ndarray, np.ndarray]] = []  # mass, its inverse, centre, inertia
        for env, body in zip(env_ids, bodies, strict=True):
            model = candidates[body.candidate]
            volume = model.volume * float(np.prod(body.scale))
            mass = body.mass if body.mass is not None else volume * body.density
            center = model.center_of_mass * body.scale + body.center_offset
            if self._changed(env, f"mass {slot}", (mass, *center.tolist())):
                changed.append(env)
                numbers.append((mass, 1.0 / mass, center, _scaled_inertia(model.inertia, body.scale) * mass / volume))
        if not changed:
            return 0
        mass, inverse, center, inertia = (self._tensor(np.array(column)) for column in zip(*numbers, strict=True))
        self._mass[changed, row], self._inverse_mass[changed, row], self._center[changed, row] = mass, inverse, center
        self._inertia[changed, row], self._inverse_inertia[changed, row] = inertia, torch.linalg.inv(inertia)
        return int(ModelFlags.BODY_INERTIAL_PROPERTIES)

    def _tensor(self, numbers: np.ndarray) -> torch.Tensor:
        return torch.as_tensor(numbers, dtype=torch.float32).to(self._mass.device)

    def _write_friction(self, env: int, slot: int, row: int, scene: Scene) -> int:
        friction = scene.bodies[slot].friction
        if not self._changed(env, f"friction {slot}", (friction,)):
            return 0
        for shape in np.flatnonzero(self._shape_body == row):
            self._friction[env, shape] = friction
        return int(ModelFlags.SHAPE_PROPERTIES)

    def _write_joint(self, env: int, slot: int, scene: Scene) -> int:
        """Writes where the joint of an articulated object's part is, and how it resists."""
        hanging = scene.bodies[slot].hanging
        assert hanging is not None, "a part hangs on a joint"
        joint = hanging.joint
        frame = (*joint.position, *np.roll(joint.quaternion, -1), *joint.anchor, *joint.axis)
        flags, row, dof = 0, self._slot_joint[slot], self._world.slot_dof[slot]
        if self._changed(env, f"joint {slot}", tuple(float(number) for number in frame)):
            x, y, z, w = np.roll(joint.quaternion, -1)
            anchor = joint.position + Rotation.from_quat([x, y, z, w]).apply(joint.anchor)
            self._joint_parent[env, row] = torch.tensor([*anchor, x, y, z, w], dtype=torch.float32)
            self._joint_child[env, row, :3] = torch.as_tensor(joint.anchor, dtype=torch.float32)
            self._joint_axis[env, dof] = torch.as_tensor(joint.axis, dtype=torch.float32)
            flags |= int(ModelFlags.JOINT_PROPERTIES)
        resistance = (joint.lower, joint.upper, joint.friction, joint.damping)
        if self._changed(env, f"resistance {slot}", resistance):
            views = (self._joint_lower, self._joint_upper, self._joint_friction, self._joint_damping)
            for view, number in zip(views, resistance, strict=True):
                view[env, dof] = number
            flags |= int(ModelFlags.JOINT_DOF_PROPERTIES)
        return flags

    def _write_drives(self, env_ids: Sequence[int], scenes: Sequence[Scene]) -> int:
        """Writes how the robot's drives of these worlds pull and how its joints rub."""
        changed: dict[int, tuple[float, ...]] = {}
        for env, scene in zip(env_ids, scenes, strict=True):
            robot = scene.robot
            drive = (robot.stiffness_scale, robot.damping_scale, robot.joint_friction, robot.force_scale)
            if self._changed(env, "drive", drive):
                changed[env] = drive
        if not changed:
            return 0
        envs, joints = list(changed), self._robot
        stiffness, damping, friction, force = self._tensor(np.array(list(changed.values())))[..., None].unbind(1)
        self._stiffness[envs, joints] = self._base[0][joints] * stiffness
        self._damping[envs, joints] = self._base[1][joints] * damping
        self._joint_friction[envs, self._arm] = friction
        self.motor_strength[envs] = force
        self._force_limit[envs, joints] = self._base_limit[joints] * force
        return int(ModelFlags.JOINT_DOF_FORCE_PROPERTIES)

    def _write_surroundings(self, env: int, scene: Scene) -> int:
        """Writes what the robot's joints weigh, how its fingers and what stands still rub, and what pulls down."""
        robot, flags, joints = scene.robot, 0, self._robot
        if self._changed(env, "armature", (robot.armature_scale,)):
            self._armature[env, joints] = self._base[2][joints] * robot.armature_scale
            flags |= int(ModelFlags.JOINT_DOF_INERTIAL_PROPERTIES)
        if self._changed(env, "friction", (robot.friction_scale, scene.table_friction)):
            fingers = [self._world.link_names.index(link) for link in self._card.rubbing_links]
            finger_shapes = torch.as_tensor(np.isin(self._shape_body, fingers))
            statics = torch.as_tensor(self._shape_body < 0)
            self._friction[env, finger_shapes] = self._base_friction[finger_shapes] * robot.friction_scale
            self._friction[env, statics] = scene.table_friction
            flags |= int(ModelFlags.SHAPE_PROPERTIES)
        if self._changed(env, "gravity", (scene.gravity,)):
            self._gravity[env] = torch.tensor([0.0, 0.0, scene.gravity])
            flags |= int(ModelFlags.MODEL_PROPERTIES)
        return flags


_LENGTHS = ("shape_scale", "shape_collision_radius", "shape_collision_aabb_lower", "shape_collision_aabb_upper")


def _scaled_inertia(inertia: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Inertia at density 1 of a solid stretched by `scale` (3,), from that at scale 1: through the second moments."""
    moments = np.trace(inertia) / 2 * np.eye(3) - inertia
    stretched = moments * np.outer(scale, scale) * np.prod(scale)
    return np.trace(stretched) * np.eye(3) - stretched
