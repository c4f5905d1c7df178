"""What terms and teachers see of the simulation: named poses, velocities, contacts and grasps of all worlds."""

from __future__ import annotations

import math

import torch

from simgen.env.joints import SceneJoints
from simgen.env.memory import Memory
from simgen.env.navigation import Navigation
from simgen.env.scene_facts import SceneFacts
from simgen.errors import BadInput
from simgen.world import host, rotation
from simgen.world.engine.base import Engine, WorldState
from simgen.world.robot.card import RobotCard
from simgen.world.scene.plan import plan_pieces
from simgen.world.scene.scene import Scene

MIN_GRASP_SHARE = math.cos(math.radians(85.0))
MIN_GRASP_FORCE = 0.5  # [N]
TOUCH_FORCE = 1e-3  # [N]


class Worlds:
    """Read access to E worlds by name, computed once per step.

    Args:
        engine: The worlds.
        card: The robot in them; None where simgen has no card of it, and the tool cannot be asked for.

    Attributes:
        joints: Of articulated objects.
        start_heading: Of the tool's x axis when the episode began [rad]. Shape: (E,).
    """

    def __init__(self, engine: Engine, card: RobotCard | None) -> None:
        self.engine, self.card = engine, card
        self.num_envs, self.device = engine.num_envs, engine.device
        self._bodies = {slot.name: index for index, slot in enumerate(engine.layout.bodies)}
        self._links = {name: index for index, name in enumerate(engine.link_names)}
        self._grasps: dict[str, torch.Tensor] = {}
        self._ways: dict[str, Navigation] = {}
        self.joints = SceneJoints(engine)
        self._facts = SceneFacts(engine)
        self._tool: tuple[torch.Tensor, torch.Tensor] | None = None
        self._memory: Memory | None = None
        self.refresh()
        self._starts = self.state.body_position.clone()
        self.start_heading = torch.zeros(self.num_envs, device=self.device)

    def begin(self, env_ids: torch.Tensor) -> None:
        """Reads the state after episodes have started in these worlds."""
        self.refresh()
        self.joints.begin(env_ids)
        for way in self._ways.values():
            way.begin(env_ids)
        self._facts.begin(env_ids)
        self._starts[env_ids] = self.state.body_position[env_ids]
        if self._tool is not None:
            self.start_heading[env_ids] = rotation.yaw_of(self.tcp_quaternion)[env_ids]

    def refresh(self) -> None:
        """Reads the state after a step."""
        self.state: WorldState = self.engine.state()
        self._grasps.clear()
        for way in self._ways.values():
            way.step()
        if self.card is None or self.card.tcp_link is None:
            return
        link = self._links[self.card.tcp_link]
        offset = host.constant(self.card.tcp_xyz, like=self.state.qpos).expand(self.num_envs, 3)
        turn = host.constant(self.card.tcp_quaternion, like=self.state.qpos).expand(self.num_envs, 4)
        self._tool = rotation.compose(
            self.state.link_position[:, link], self.state.link_quaternion[:, link], offset, turn
        )

    @property
    def memory(self) -> Memory:
        """What the episodes have seen so far.

        Raises:
            BadInput: Where nobody keeps it.
        """
        if self._memory is None:
            raise BadInput("what this needs to remember of an episode is not kept for environments of ManiSkill's own.")
        return self._memory

    @memory.setter
    def memory(self, memory: Memory) -> None:
        self._memory = memory

    @property
    def robot(self) -> RobotCard:
        """The card of the robot.

        Raises:
            BadInput: Where simgen has none.
        """
        if self.card is None:
            raise BadInput(f"simgen has no card of the robot {self.engine.layout.robot}, which this needs.")
        return self.card

    @property
    def tcp_position(self) -> torch.Tensor:
        """Position of the tool centre point [m]; BadInput where the robot has none. Shape: (E, 3)."""
        return self._require_tool()[0]

    @property
    def tcp_quaternion(self) -> torch.Tensor:
        """Orientation of the tool (wxyz); BadInput where the robot has none. Shape: (E, 4)."""
        return self._require_tool()[1]

    def _require_tool(self) -> tuple[torch.Tensor, torch.Tensor]:
        if self._tool is None:
            raise BadInput(f"the robot {self.robot.name} has no tool centre point, which this needs.")
        return self._tool

    @property
    def base_pose(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Position [m] and orientation (wxyz) of the link that drives, floats or stands. Shapes: (E, 3), (E, 4)."""
        link = self._links[self.robot.body_link]
        return self.state.link_position[:, link], self.state.link_quaternion[:, link]

    @property
    def base_velocity(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Linear [m/s] and angular velocity [rad/s] of that link, in its own axes. Shapes: (E, 3), (E, 3)."""
        state, quaternion = self.state, self.base_pose[1]
        linear, angular = state.root_velocity[:, :3], state.root_velocity[:, 3:]
        if self.robot.planar_base is not None:
            still = torch.zeros_like(linear)
            turn = rotation.about_z(torch.full_like(state.qvel[:, 0], self.engine.layout.robot_yaw))
            linear, angular = still.clone(), still.clone()
            linear[:, :2], angular[:, 2] = state.qvel[:, :2], state.qvel[:, 2]
            linear = rotation.rotate(turn, linear)
        back = rotation.conjugate(quaternion)
        return rotation.rotate(back, linear), rotation.rotate(back, angular)

    def way_to(self, name: str) -> Navigation:
        """Returns the maps of the places that the robots drive in, and the ways to an object or marker."""
        if name not in self._ways:
            self._ways[name] = Navigation(self, name)
        return self._ways[name]

    def is_body(self, name: str) -> bool:
        """Says whether `name` is an object of the scene."""
        return name in self._bodies

    def position(self, name: str) -> torch.Tensor:
        """Returns the position [m] of a body, a link or "tcp". Shape: (E, 3)."""
        if name == "tcp":
            return self.tcp_position
        if name in self._bodies:
            return self.state.body_position[:, self._bodies[name]]
        return self.state.link_position[:, self._links[name]]

    def quaternion(self, name: str) -> torch.Tensor:
        """Returns the orientation (wxyz) of a body, a link or "tcp". Shape: (E, 4)."""
        if name == "tcp":
            return self.tcp_quaternion
        if name in self._bodies:
            return self.state.body_quaternion[:, self._bodies[name]]
        return self.state.link_quaternion[:, self._links[name]]

    def linear_velocity(self, body: str) -> torch.Tensor:
        """Returns the velocity of a body's centre of mass [m/s]. Shape: (E, 3)."""
        return self.state.body_linear_velocity[:, self._bodies[body]]

    def angular_velocity(self, body: str) -> torch.Tensor:
        """Returns the angular velocity of a body [rad/s]. Shape: (E, 3)."""
        return self.state.body_angular_velocity[:, self._bodies[body]]

    def contact(self, a: str, b: str) -> torch.Tensor:
        """Returns the force [N] that `b` exerts on `a`. Shape: (E, 3)."""
        return self.engine.contacts(a, b)

    def is_grasped(self, body: str) -> torch.Tensor:
        """Says where both fingers press on the body from opposite sides, within 85 degrees of closing. Shape: (E,).

        A robot without fingers grasps nothing.

        Source: ManiSkill `agents/robots/panda/panda.py`, `is_grasping` (Apache-2.0).
        """
        if not self.robot.finger_links:
            return torch.zeros(self.num_envs, dtype=torch.bool, device=self.device)
        if body not in self._grasps:
            closing = rotation.rotate(self.tcp_quaternion, host.constant([0.0, 1.0, 0.0], like=self.tcp_position))
            first, second = (self._press(finger, body, closing) for finger in self.robot.finger_links)
            self._grasps[body] = first * second < 0.0
        return self._grasps[body]

    def _press(self, finger: str, body: str, closing: torch.Tensor) -> torch.Tensor:
        """Share of the finger's force that is along the closing direction; 0 if it hardly presses or presses askew."""
        force = self.contact(body, finger)
        size = force.norm(dim=-1)
        share = (force * closing).sum(-1) / size.clamp(min=1e-9)
        return torch.where((size >= MIN_GRASP_FORCE) & (share.abs() >= MIN_GRASP_SHARE), share, torch.zeros_like(share))

    def touches(self, a: str, b: str) -> torch.Tensor:
        """Says whether two things press on each other. Shape: (E,)."""
        return self.contact(a, b).norm(dim=-1) > TOUCH_FORCE

    def body_names(self) -> list[str]:
        """Returns the names of the objects, markers included."""
        return list(self._bodies)

    def first_movable(self) -> str:
        """Returns the name of the first object that can move."""
        return next(slot.name for slot in self.engine.layout.bodies if slot.motion == "dynamic")

    def top_of(self, name: str) -> torch.Tensor:
        """Returns the height [m] of the highest point of a body, of the table or of the ground. Shape: (E,)."""
        if name in ("table", "ground"):
            height = self.engine.layout.ground_height if name == "ground" else 0.0
            return self.state.qpos.new_full((self.num_envs,), height)
        return self._outline_heights(name).amax(1)

    def bottom_of(self, name: str) -> torch.Tensor:
        """Returns the height [m] of the lowest point of a body. Shape: (E,)."""
        return self._outline_heights(name).amin(1)

    def _outline_heights(self, name: str) -> torch.Tensor:
        points = self.engine.body_outline(self._bodies[name])
        turned = rotation.rotate(self.quaternion(name)[:, None], points)
        return self.position(name)[:, None, 2] + turned[..., 2]

    def kind(self, name: str, env_id: int) -> str:
        """Returns what kind of object a body is in a world, e.g. "box"."""
        slot = self.engine.layout.bodies[self._bodies[name]]
        if not slot.candidates:
            return slot.semantic_class
        return slot.candidates[self.engine.scene(env_id).bodies[self._bodies[name]].candidate].kind

    def start_position(self, name: str) -> torch.Tensor:
        """Returns where a body was at the start of the episode [m]. Shape: (E, 3)."""
        return self._starts[:, self._bodies[name]]

    def interior_of(self, name: str) -> torch.Tensor:
        """Returns the height [m] of the inner floor of an open body over its origin. Shape: (E,)."""
        index = self._bodies[name]
        models = self.engine.layout.bodies[index].candidates
        if not models:
            return torch.zeros(self.num_envs, device=self.device)

        def floor(scene: Scene) -> float:
            body = scene.bodies[index]
            return (models[body.candidate].interior or 0.0) * float(body.scale[2])

        return self._facts.get(("interior", name), floor)

    def board_of(self, name: str, level: int) -> torch.Tensor:
        """Returns the height [m] of a board of a shelf, 1 is the lowest. Shape: (E,)."""
        index = self._bodies[name]
        models = self.engine.layout.bodies[index].candidates

        def height(scene: Scene) -> float:
            body = scene.bodies[index]
            return models[body.candidate].levels[level - 1] * float(body.scale[2])

        return self.position(name)[:, 2] + self._facts.get(("board", name, level), height)

    def pieces_of(self, name: str) -> torch.Tensor:
        """Returns the outlines of the convex pieces that a flat block consists of, seen from above in its own frame.

        Returns:
            Corners counter-clockwise [m], the last one repeated where there are fewer. Shape: (E, pieces, corners, 2).
        """
        index = self._bodies[name]
        models = self.engine.layout.bodies[index].candidates

        def pieces(scene: Scene) -> torch.Tensor:
            body = scene.bodies[index]
            return plan_pieces(models)[body.candidate] * torch.tensor(body.scale[:2], dtype=torch.float32)

        return self._facts.get(("pieces", name), pieces)

    def extent(self, name: str) -> torch.Tensor:
        """Returns the full size of a body's box in its own frame, at the world's scale [m]. Shape: (E, 3)."""
        bounds = self.engine.body_bounds(self._bodies[name])
        return bounds[:, 1] - bounds[:, 0]
