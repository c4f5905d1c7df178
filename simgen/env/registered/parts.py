"""Read access to the scene that a ManiSkill environment has now: its robots, bodies, named poses and contacts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import sapien
from mani_skill.agents.multi_agent import MultiAgent
from mani_skill.envs.sapien_env import BaseEnv
from mani_skill.utils.structs import Actor, Articulation, Link
from mani_skill.utils.structs.pose import Pose
from sapien import physx

from simgen.env.registered.facts import CONTACT, STATIC, Body, Segment
from simgen.env.registered.geometry import outline
from simgen.errors import BadInput, unknown

Rows = Mapping[str, np.ndarray]


class SceneParts:
    """Bodies, links and robots of one scene; a rebuilt scene has new ones.

    Args:
        env: The environment.
        poses: Attributes of it that are poses and count as bodies.
    """

    def __init__(self, env: BaseEnv, poses: tuple[str, ...]) -> None:
        self._env, self._pose_names = env, poses
        agents = env.agent.agents if isinstance(env.agent, MultiAgent) else [env.agent]
        self.agents = [agent for agent in agents if agent is not None]
        self.robots: list[Articulation] = [agent.robot for agent in self.agents]
        prefixes = [f"{robot.name}/" for robot in self.robots] if len(self.robots) > 1 else [""]
        self._links: dict[str, sapien.Entity] = {}
        self.joint_names: tuple[str, ...] = ()
        for prefix, robot in zip(prefixes, self.robots, strict=False):
            self._links |= {prefix + link.name: link._objs[0].entity for link in robot.links}
            self.joint_names += tuple(prefix + joint.name for joint in robot.active_joints)
        self.link_names = tuple(self._links)
        self._kinds: dict[str, Body] = {}
        self._entities: dict[str, sapien.Entity] = {}
        self._moving: dict[int, physx.PhysxRigidBodyComponent] = {}  # by row; what is static has no velocity
        self._find_bodies()
        self.bodies = (*self._kinds.values(), *(Body(name, "pose") for name in poses))
        self._outlines = [outline(entity) for entity in self._entities.values()]
        for name in poses:
            self._pose(name)

    def _find_bodies(self) -> None:
        for name, actor in self._env.scene.state_dict_registry.actors.items():
            self._add(Body(name, actor.px_body_type or "static"), actor._objs[0])
        for name, articulation in self._env.scene.state_dict_registry.articulations.items():
            if articulation not in self.robots:
                for link in articulation.links:
                    self._add(Body(f"{name}/{link.name}", "link"), link._objs[0].entity)

    def _add(self, body: Body, entity: sapien.Entity) -> None:
        self._kinds[body.name], self._entities[body.name] = body, entity
        component = entity.find_component_by_type(physx.PhysxRigidBodyComponent)
        if isinstance(component, physx.PhysxRigidBodyComponent):
            self._moving[len(self._entities) - 1] = component

    def write(self, rows: Rows) -> None:
        """Writes poses and velocities of robots and bodies."""
        rows["qpos"][...] = np.concatenate([robot._objs[0].qpos for robot in self.robots] or [np.zeros(0)])
        rows["qvel"][...] = np.concatenate([robot._objs[0].qvel for robot in self.robots] or [np.zeros(0)])
        links = [entity.pose for entity in self._links.values()]
        if links:
            rows["link_position"][:] = [pose.p for pose in links]
            rows["link_quaternion"][:] = [pose.q for pose in links]
        bodies = [entity.pose for entity in self._entities.values()]
        if bodies:
            rows["body_position"][: len(bodies)] = [pose.p for pose in bodies]
            rows["body_quaternion"][: len(bodies)] = [pose.q for pose in bodies]
        for index, component in self._moving.items():
            rows["body_linear_velocity"][index] = component.linear_velocity
            rows["body_angular_velocity"][index] = component.angular_velocity
        for index, name in enumerate(self._pose_names, len(self._entities)):
            rows["body_position"][index], rows["body_quaternion"][index] = self._pose(name)
        tcp = self.tcp()
        if tcp is not None:
            rows["tcp_position"][...], rows["tcp_quaternion"][...] = tcp

    def write_outlines(self, rows: Rows) -> None:
        """Writes the bodies' outlines and bounds in their own frames."""
        for index, points in enumerate(self._outlines):
            rows["body_outline"][index] = points
            rows["body_bounds"][index] = points.min(0), points.max(0)

    def tcp(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Returns position [m] and quaternion of the first robot's tool frame; None if it has none."""
        agent = self.agents[0] if self.agents else None
        found = getattr(agent, "tcp_pose", None)
        if found is None and isinstance(getattr(agent, "tcp", None), Link):
            found = agent.tcp.pose  # type: ignore[union-attr]
        return None if found is None else _position_quaternion(found)

    def tcp_link(self) -> str | None:
        """Returns the name of the link that the tool frame is; None if it lies elsewhere."""
        link = getattr(self.agents[0], "tcp", None) if self.agents else None
        return link.name if isinstance(link, Link) and link.name in self._links else None

    def finger_links(self) -> tuple[str, ...]:
        """Returns the links that ManiSkill's own test for a grasp looks at."""
        agent = self.agents[0] if self.agents else None
        links = [getattr(agent, name, None) for name in ("finger1_link", "finger2_link")]
        return tuple(link.name for link in links if isinstance(link, Link) and link.name in self._links)

    def _pose(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        value = getattr(self._env, name, None)
        if isinstance(value, Actor | Link):
            value = value.pose
        if not isinstance(value, Pose | sapien.Pose):
            found = [each for each in dir(self._env) if not each.startswith("_") and self._is_pose(each)]
            raise unknown(f"pose of {type(self._env).__name__}", name, found, "poses")
        return _position_quaternion(value)

    def _is_pose(self, name: str) -> bool:
        try:
            return isinstance(getattr(self._env, name), Pose | sapien.Pose | Actor | Link)
        except Exception:  # a property that works in another phase only
            return False

    def segmentation(self) -> dict[int, Segment]:
        """Returns what the ids in segmentation images mean."""
        found = {}
        for number, part in self._env.segmentation_id_map.items():
            owner = part.articulation.name if isinstance(part, Link) and part.articulation is not None else ""
            robot = any(owner == robot.name for robot in self.robots)
            found[int(number)] = Segment(part.name, owner, robot)
        return dict(sorted(found.items()))

    def ids(self, name: str) -> set[int]:
        """Returns the numbers, in this scene, of what a body, a link or "table" (all that cannot move) consists of.

        Raises:
            BadInput: If there is no such thing.
        """
        entity = self._entities.get(name) or self._links.get(name)
        if entity is not None:
            return {entity.per_scene_id}
        if name == STATIC:
            fixed = [name for name, body in self._kinds.items() if body.kind in ("static", "kinematic")]
            return {self._entities[name].per_scene_id for name in fixed}
        raise unknown("body or link", name, [*self._entities, *self._links, STATIC])


class Contacts:
    """Forces between pairs of bodies, for every row that is called "contact/A|B"."""

    def __init__(self, env: BaseEnv, parts: SceneParts, rows: Rows) -> None:
        self._env = env
        self._pairs: list[tuple[np.ndarray, set[int], set[int]]] = []
        for name, row in rows.items():
            if name.startswith(CONTACT):
                first, _, second = name.removeprefix(CONTACT).partition("|")
                if not second:
                    raise BadInput(f"{name}: a contact has two names, as in {CONTACT}A|B.")
                self._pairs.append((row, parts.ids(first), parts.ids(second)))

    def clear(self) -> None:
        """Says that nothing touches: before the first step nothing is known."""
        for row, _, _ in self._pairs:
            row[...] = 0.0

    def write(self) -> None:
        """Writes the force [N] that the second of each pair exerts on the first, in the last physics step."""
        self.clear()
        if not self._pairs:
            return
        system = self._env.scene.px
        assert isinstance(system, physx.PhysxCpuSystem)
        pressed = [
            (contact.bodies[0].entity.per_scene_id, contact.bodies[1].entity.per_scene_id, contact)
            for contact in system.get_contacts()
        ]
        for row, first, second in self._pairs:
            for one, other, contact in pressed:
                sign = (one in first and other in second) - (other in first and one in second)
                if sign:
                    impulse = np.sum([point.impulse for point in contact.points], axis=0)
                    row += sign * impulse / system.timestep


def _position_quaternion(pose: Any) -> tuple[np.ndarray, np.ndarray]:
    return np.asarray(pose.p).reshape(-1, 3)[0], np.asarray(pose.q).reshape(-1, 4)[0]
