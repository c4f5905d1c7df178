"""What a worker that holds a ManiSkill environment is told, and what it says about it; imports no ManiSkill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from simgen.world.workers import ArraySpec

FACTORY = "simgen.env.registered.world:make"
PROCESS_BYTES = 600_000_000  # with its first world: SAPIEN, torch, the renderer, meshes of a robot
WORLD_BYTES = 60_000_000  # of another one: meshes and textures are shared in a process
CONTACT = "contact/"  # arrays "contact/A|B" (3,) float32 get the force [N] that B exerts on A, after each step
STATIC = "table"  # in such a name: everything that cannot move, where no body or link is called so
BodyKind = Literal["dynamic", "kinematic", "static", "link", "pose"]


@dataclass(frozen=True)
class CameraChange:
    """What is changed about one of the environment's cameras.

    Args:
        size: [width, height] [px].
        fov: Vertical [rad].
        pose: Position [m] and quaternion wxyz of the camera, which looks along its x axis with z up, in the world or in
            the frame of the link that carries it.
    """

    size: tuple[int, int] | None = None
    fov: float | None = None
    pose: tuple[float, ...] | None = None


@dataclass(frozen=True)
class RegisteredConfig:
    """Which environment, and what is not its default.

    Args:
        env_id: e.g. "PickCube-v1".
        robot, control, reward: ManiSkill's names; None: the environment's own.
        outputs: Images of every camera; what the environment shows besides them depends on there being some.
        images: Whether they are ever drawn; without them most environments need no Vulkan device.
        state: Whether observations have what ManiSkill shows in its state mode only (poses of objects and goals).
        size: Of all cameras' images [width, height] [px].
        cameras: Changes by camera.
        sim_hz, control_hz: Physics steps and actions per second.
        max_steps: Length of an episode [control steps].
        options: Other keyword arguments of the environment.
        poses: Attributes of the environment that are poses, to be shown as bodies.
        rebuild: Whether each reset builds the scene anew. Without it a reset is faster, but PhysX keeps what it knows
            of old contacts, so that some episodes depend on those before them.
    """

    env_id: str
    robot: str | None = None
    control: str | None = None
    reward: str | None = None
    outputs: tuple[str, ...] = ("rgb", "depth", "segmentation")
    images: bool = True
    state: bool = False
    size: tuple[int, int] | None = None
    cameras: Mapping[str, CameraChange] = field(default_factory=dict)
    sim_hz: int | None = None
    control_hz: int | None = None
    max_steps: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    poses: tuple[str, ...] = ()
    rebuild: bool = True


@dataclass(frozen=True)
class Body:
    """Something that has a pose: an actor, a link of what is not the robot ("articulation/link"), or a named pose."""

    name: str
    kind: BodyKind


@dataclass(frozen=True)
class Segment:
    """What a segmentation id means.

    Args:
        name: Of the actor or link.
        owner: Name of the articulation that a link belongs to; "" of an actor.
        robot: Whether that is a robot.
    """

    name: str
    owner: str
    robot: bool


@dataclass(frozen=True)
class EpisodeFacts:
    """What `reset` says about the new episode.

    Args:
        segmentation: What ids mean.
    """

    segmentation: Mapping[int, Segment]


@dataclass(frozen=True)
class EnvFacts:
    """What an environment is like; the same for all its worlds and episodes.

    Args:
        arrays: All that a world reads and writes: "action" (A,); "obs/..." by ManiSkill's names; "reward", "success",
            "fail", "terminated", "truncated", "problem" (not finite) and "elapsed_steps", all (); "state/actors/..."
            (13,) and "state/articulations/..." (13 + 2 D,) as get_state_dict has them; "qpos", "qvel" (D,);
            "link_position" (L, 3), "link_quaternion" (L, 4); "body_position", "body_linear_velocity",
            "body_angular_velocity" (B, 3), "body_quaternion" (B, 4); "tcp_position", "tcp_quaternion" if `has_tcp`;
            from the last reset on: "body_bounds" (B, 2, 3) and "body_outline" (B, K, 3) in the bodies' frames.
        bodies: What the rows of "body_..." are.
        robots: ManiSkill's names of the robots.
        link_names, joint_names: Rows of "link_..." and entries of "qpos"; "robot-0/name" where there are more robots.
        has_tcp: Whether the robot has a tool frame.
        tcp_link: Link that the tool frame is, if it is one.
        finger_links: Links that ManiSkill calls fingers.
        cameras: Names and sizes (width, height) of the cameras; none where nothing is drawn.
        control: Control mode.
        controls: All control modes of the robot.
        reward: Reward mode.
        action_low, action_high: Bounds.
        max_steps: Length of an episode [control steps].
        control_hz, sim_hz: Actions and physics steps per second.
        has_success, has_fail: Whether the environment says so.
        rebuilds: Whether each reset builds the scene anew.
        segmentation: What ids mean in the first episode.
        env_kwargs: What makes this environment with gymnasium.make, as ManiSkill records it; JSON-able.
        reset_options: `options` of ManiSkill's reset that each episode is started with.
    """

    arrays: Mapping[str, ArraySpec]
    bodies: tuple[Body, ...]
    robots: tuple[str, ...]
    link_names: tuple[str, ...]
    joint_names: tuple[str, ...]
    has_tcp: bool
    tcp_link: str | None
    finger_links: tuple[str, ...]
    cameras: Mapping[str, tuple[int, int]]
    control: str
    controls: tuple[str, ...]
    reward: str
    action_low: tuple[float, ...]
    action_high: tuple[float, ...]
    max_steps: int
    control_hz: int
    sim_hz: int
    has_success: bool
    has_fail: bool
    rebuilds: bool
    segmentation: Mapping[int, Segment]
    env_kwargs: Mapping[str, Any]
    reset_options: Mapping[str, Any]
