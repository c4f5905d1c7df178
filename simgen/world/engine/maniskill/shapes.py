"""Builders of ManiSkill's actors and robots from shapes in memory; upstream's own take files and primitives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import sapien
from mani_skill.envs.scene import ManiSkillScene
from mani_skill.utils.building.actor_builder import ActorBuilder
from mani_skill.utils.building.articulation_builder import ArticulationBuilder
from sapien import physx
from sapien.render import RenderBodyComponent, RenderShape
from sapien.wrapper.articulation_builder import LinkBuilder
from scipy.spatial.transform import Rotation

from simgen.world.robot.inertia import principal_axes
from simgen.world.scene.model import Collider

# PhysX lays cylinders and capsules along x, simgen along z.
_X_TO_Z = sapien.Pose(q=[0.7071068, 0.0, 0.7071068, 0.0])


@dataclass(frozen=True)
class Surface:
    """How a solid touches others.

    Args:
        friction: Coulomb coefficient; PhysX takes the mean of two surfaces.
        restitution: 0..1; the mean here too.
        ignore: Bits; solids of one family that share one do not collide with each other.
        family: See `ignore`; at most 65535.
    """

    friction: float
    restitution: float = 0.0
    ignore: int = 0
    family: int = 0


@dataclass(frozen=True, eq=False)
class Mass:
    """Mass properties as PhysX wants them: moments [kg m^2] about the axes of the centre's pose."""

    mass: float
    center: sapien.Pose
    moments: np.ndarray


@dataclass(eq=False)
class Parts:
    """What a body is made of; looks are made anew for each copy, because a shape can be in one scene only."""

    colliders: Sequence[Collider] = ()
    surface: Surface = field(default_factory=lambda: Surface(1.0))
    mass: Mass | None = None
    looks: Callable[[], list[RenderShape]] = list


def make_pose(
    position: np.ndarray | Sequence[float], quaternion: np.ndarray | Sequence[float] = (1.0, 0.0, 0.0, 0.0)
) -> sapien.Pose:
    """Returns SAPIEN's pose of a position [m] and a quaternion wxyz."""
    return sapien.Pose([float(value) for value in position], [float(value) for value in quaternion])


def pose_of(T: np.ndarray) -> sapien.Pose:
    """Returns a 4 x 4 transform as SAPIEN's pose."""
    return make_pose(T[:3, 3], Rotation.from_matrix(T[:3, :3]).as_quat(scalar_first=True))


def mass_of(mass: float, center: np.ndarray, tensor: np.ndarray) -> Mass:
    """Returns mass properties from an inertia tensor [kg m^2] about the centre of mass [m]. Shapes: (3,), (3, 3)."""
    moments, axes = principal_axes(tensor)
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = axes, center
    return Mass(mass, pose_of(T), moments)


def scaled(collider: Collider, scale: np.ndarray) -> Collider:
    """Returns a collider stretched by factors along its axes. Shape of scale: (3,)."""
    if np.allclose(scale, 1.0):
        return collider
    size, mesh = collider.size, collider.mesh
    if collider.kind == "box":
        size = tuple(float(edge) for edge in np.asarray(size) * scale)
    elif collider.kind == "sphere":
        size = (size[0] * float(scale[0]),)
    elif collider.kind in ("cylinder", "capsule"):
        size = (size[0] * float(scale[0]), size[1] * float(scale[2]))
    elif mesh is not None:
        mesh = type(mesh)(mesh.vertices * scale.astype(np.float32), mesh.faces, mesh.normals)
    return Collider(collider.kind, size, mesh, collider.position * scale, collider.quaternion)


def attach(component: physx.PhysxRigidBaseComponent, parts: Parts) -> None:
    """Gives a body its collision shapes and then, as these change it, its mass."""
    surface = parts.surface
    for collider in parts.colliders:
        material = physx.PhysxMaterial(surface.friction, surface.friction, surface.restitution)
        shape = _shape(collider, material)
        pose = make_pose(collider.position, collider.quaternion)
        shape.local_pose = pose * _X_TO_Z if collider.kind in ("cylinder", "capsule") else pose
        shape.set_collision_groups([1, 1, surface.ignore, surface.family])
        component.attach(shape)
    if parts.mass is not None and isinstance(component, physx.PhysxRigidBodyComponent):
        component.mass = parts.mass.mass
        component.cmass_local_pose = parts.mass.center
        component.set_inertia([float(moment) for moment in parts.mass.moments])
    if isinstance(component, physx.PhysxRigidBodyComponent):
        component.set_linear_damping(0.0)
        component.set_angular_damping(0.0)


def _shape(collider: Collider, material: physx.PhysxMaterial) -> physx.PhysxCollisionShape:
    size = collider.size
    if collider.kind == "box":
        return physx.PhysxCollisionShapeBox(half_size=[edge / 2 for edge in size], material=material)
    if collider.kind == "sphere":
        return physx.PhysxCollisionShapeSphere(radius=size[0], material=material)
    if collider.kind == "cylinder":
        return physx.PhysxCollisionShapeCylinder(radius=size[0], half_length=size[1] / 2, material=material)
    if collider.kind == "capsule":
        return physx.PhysxCollisionShapeCapsule(radius=size[0], half_length=size[1] / 2, material=material)
    assert collider.mesh is not None
    return physx.PhysxCollisionShapeConvexMesh(vertices=collider.mesh.vertices, scale=[1, 1, 1], material=material)


class PartsActorBuilder(ActorBuilder):
    """ManiSkill's builder of actors, with shapes in memory."""

    def __init__(self, parts: Parts, scene: ManiSkillScene, pose: sapien.Pose) -> None:
        super().__init__()
        self.scene = scene
        self.initial_pose = pose  # pyright: ignore[reportAttributeAccessIssue]  # upstream infers None
        self._parts = parts

    def build_physx_component(self, link_parent: object = None) -> physx.PhysxRigidBaseComponent:
        """Makes the body; called by upstream once per sub-scene."""
        component = super().build_physx_component(link_parent)
        attach(component, self._parts)
        return component

    def build_entity(self) -> sapien.Entity:
        """Makes the entity; upstream attaches the `_procedural_shapes` of its own ground in the same way."""
        if self.scene.can_render():
            self._procedural_shapes = self._parts.looks()
        return super().build_entity()


class PartsLinkBuilder(LinkBuilder):
    """SAPIEN's builder of links, with shapes in memory."""

    def __init__(self, index: int, parent: LinkBuilder | None, parts: Parts, visible: bool) -> None:
        super().__init__(index, parent)
        self._parts = parts
        self.visual_records = [None] if visible else []  # pyright: ignore[reportAttributeAccessIssue]  # is it drawn?

    def build_physx_component(self, link_parent: object = None) -> physx.PhysxRigidBaseComponent:
        """Makes the link's body."""
        component = physx.PhysxArticulationLinkComponent(link_parent)  # pyright: ignore[reportArgumentType]
        attach(component, self._parts)
        component.name = self.name
        component.disable_gravity = True  # robots carry their own weight, as in the cards' drives
        return component

    def build_render_component(self) -> RenderBodyComponent:
        """Makes what is drawn of the link."""
        component = RenderBodyComponent()
        for shape in self._parts.looks():
            component.attach(shape)
        return component


class PartsArticulationBuilder(ArticulationBuilder):
    """ManiSkill's builder of articulations, whose links have shapes in memory."""

    def __init__(self, scene: ManiSkillScene) -> None:
        super().__init__()
        self.scene = scene

    def add_link(self, parent: LinkBuilder | None, parts: Parts, visible: bool) -> PartsLinkBuilder:
        """Adds a link to build."""
        builder = PartsLinkBuilder(len(self.link_builders), parent, parts, visible)
        self.link_builders.append(builder)
        return builder
