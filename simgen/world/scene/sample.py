"""From a task and a seed to the scene of one episode: objects, poses, physics, looks, cameras, instruction."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from simgen.errors import BadInput
from simgen.spec.place import PlaceSpec
from simgen.spec.pose import PoseSpec
from simgen.spec.problems import FieldError
from simgen.spec.task import TaskSpec
from simgen.world.navigation.footprint import Footprint
from simgen.world.robot.card import RobotCard, load_card
from simgen.world.robot.urdf import joint_limits
from simgen.world.scene import placement
from simgen.world.scene.articulated import part_pose, scaled_joint
from simgen.world.scene.color import color_name, linear_rgb, linear_to_srgb, parse_color
from simgen.world.scene.draws import Draws
from simgen.world.scene.model import ObjectModel
from simgen.world.scene.order import choosing_order, placement_order
from simgen.world.scene.place import PREFIX, PlaceSampler
from simgen.world.scene.placement import Placed
from simgen.world.scene.robot_setup import draw_push, draw_robot
from simgen.world.scene.robot_space import in_arm, robot_space
from simgen.world.scene.scene import Body, CameraView, Hanging, Place, Scene
from simgen.world.scene.seed import stream
from simgen.world.scene.slots import BodySlot, Layout
from simgen.world.scene.surroundings import draw_light, draw_surroundings

# Objects without a colour get these in turn, so that neighbours differ; meshes with colours of their own keep those.
PALETTE = ("red", "blue", "yellow", "green", "orange", "purple", "cyan", "pink", "lime", "brown", "white")
GROUND = "ground"


@dataclass(frozen=True, eq=False)
class _Chosen:
    """What an object is in an episode.

    Args:
        candidate: Index of its shape.
        scale: Factor along its axes. Shape: (3,).
        hanging: How its moving parts hang, by slot.
        parts: Points of these where they start, in its frame, at its scale [m]. Shape: (N, 3).
    """

    candidate: int
    scale: np.ndarray
    hanging: dict[str, Hanging]
    parts: np.ndarray


class SceneSampler:
    """Draws the scenes of a task.

    Args:
        task: The task.
        layout: Its layout.
    """

    def __init__(self, task: TaskSpec, layout: Layout) -> None:
        self._task, self._layout = task, layout
        self._card: RobotCard = load_card(layout.robot)
        self._limits = joint_limits(self._card)
        self._robot_space = robot_space(self._card, layout)
        self._order, self._choosing_order = placement_order(task), choosing_order(task)
        self._own = tuple(slot for slot in layout.bodies if not slot.name.startswith(f"{PREFIX}."))
        self._places = None if task.scene.place is None else _place_sampler(task, task.scene.place, self._card)

    def sample(self, seed: int, looks_seed: int | None = None) -> Scene:
        """Draws the scene of the episode with this seed; nothing else has an influence on it.

        Args:
            seed: The episode's.
            looks_seed: Draws colours, textures, cameras and light anew, and nothing else; None: they are the seed's.

        Raises:
            BadInput: If the objects do not fit: after many tries some still overlap or stand off the table.
        """
        draws = Draws(self._task, seed, looks_seed)
        candidates = self._candidates(seed)
        chosen = {name: self._chosen(name, candidates[name], draws) for name in self._order}
        surroundings, place = ((), None) if self._places is None else self._places.sample(seed)
        placed = self._place(seed, chosen, place)
        bodies = self._bodies(chosen, placed, draws) + surroundings
        look = draw_surroundings(self._task, draws)
        cameras = tuple(self._camera(name, bodies, draws) for name in self._task.cameras)
        robot = draw_robot(self._task, self._card, self._limits, place, draws)
        light = draw_light(self._task, draws)
        words = self._words(bodies)
        instruction = filled(self._task.instruction, words)
        look["stages"] = tuple((stage.name, filled(stage.instruction, words)) for stage in self._task.stages)
        look |= {"instruction": instruction, "values": draws.values, "place": place}
        return Scene(seed, robot, bodies, cameras, light, **look)

    def models(self, seed: int) -> dict[str, ObjectModel]:
        """Returns what each object is in the episode with this seed, without placing anything."""
        return {name: self._model(name, candidate) for name, candidate in self._candidates(seed).items()}

    def _bodies(self, chosen: dict[str, _Chosen], placed: dict[str, Placed], draws: Draws) -> tuple[Body, ...]:
        """One body per slot: the objects, and after each the parts that hang on it."""
        bodies: dict[str, Body] = {}
        order = list(self._task.scene.objects)
        for slot in self._own:
            if slot.parent is None:
                name = slot.name
                bodies[name] = self._body(name, order.index(name), chosen[name], placed[name], draws)
            else:
                hanging = chosen[slot.name.partition(".")[0]].hanging[slot.name]
                bodies[slot.name] = self._part(slot, bodies[slot.parent], hanging)
        return tuple(bodies.values())

    def _part(self, slot: BodySlot, parent: Body, hanging: Hanging) -> Body:
        """A part takes looks and friction from what carries it; an asset's parts may differ in density."""
        turn = Rotation.from_quat(parent.quaternion, scalar_first=True)
        position, rotation = part_pose(parent.position, turn, hanging.joint, hanging.start)
        carrier = self._model(str(slot.parent), parent.candidate)
        return replace(
            parent,
            position=position,
            quaternion=rotation.as_quat(scalar_first=True),
            mass=None,
            density=parent.density * slot.candidates[parent.candidate].density / carrier.density,
            push=None,
            hanging=hanging,
        )

    def _hanging(self, slot: BodySlot, candidate: int, scale: np.ndarray, draws: Draws) -> Hanging:
        name, _, part = slot.name.partition(".")
        joint = scaled_joint(slot.joints[candidate], float(scale[0]))
        factors = [float(draws.value(f"{name}.joint_{what}", None, 1.0)) for what in ("friction", "damping")]
        joint = replace(joint, friction=joint.friction * factors[0], damping=joint.damping * factors[1])
        share = float(draws.value(f"{name}.open.{part}", self._task.scene.objects[name].open.get(part), 0.0))
        return Hanging(joint, joint.lower + share * (joint.upper - joint.lower))

    def _chosen(self, name: str, candidate: int, draws: Draws) -> _Chosen:
        """Which of its shapes an object has, how large, and how far its parts reach where they start."""
        scale = self._scale(name, draws)
        poses = {name: (np.zeros(3), Rotation.identity())}
        hangings: dict[str, Hanging] = {}
        points = [np.zeros((0, 3))]
        for slot in self._own:
            if slot.parent in poses:
                hanging = hangings[slot.name] = self._hanging(slot, candidate, scale, draws)
                position, rotation = part_pose(*poses[slot.parent], hanging.joint, hanging.start)
                poses[slot.name] = (position, rotation)
                points.append(rotation.apply(slot.candidates[candidate].visual.vertices * scale) + position)
        return _Chosen(candidate, scale, hangings, np.concatenate(points))

    def _candidates(self, seed: int) -> dict[str, int]:
        chosen: dict[str, int] = {}
        for name in self._choosing_order:
            slot, spec = self._layout.bodies[self._layout.slot(name)], self._task.scene.objects[name]
            taken = {self._model(other, chosen[other]).key for other in spec.different_from if other in chosen}
            allowed = [index for index, model in enumerate(slot.candidates) if model.key not in taken]
            if not allowed:
                others = ", ".join(spec.different_from)
                raise FieldError(("scene", "objects", name), f"no shape is left that differs from {others}.")
            choice = stream(seed, name, "shape").integers(len(allowed)) if len(allowed) > 1 else 0
            chosen[name] = allowed[int(choice)]
        return chosen

    def _model(self, name: str, candidate: int) -> ObjectModel:
        return self._layout.bodies[self._layout.slot(name)].candidates[candidate]

    def _scale(self, name: str, draws: Draws) -> np.ndarray:
        value = draws.value(f"{name}.scale", self._task.scene.objects[name].scale)
        return np.broadcast_to(np.asarray(value, float), (3,)).copy()

    def _place(self, seed: int, chosen: dict[str, _Chosen], place: Place | None) -> dict[str, Placed]:
        blocked = ""
        for attempt in range(placement.TRIES_PER_SCENE):
            placed: dict[str, Placed] = {}
            for name in self._order:
                goal = None if place is None else place.goals.get(name)
                found = self._place_one(seed, attempt, name, chosen[name], placed, goal)
                if found is None:
                    blocked = name
                    break
                placed[name] = found
            else:
                return placed
        raise FieldError(
            ("scene", "objects", blocked),
            f"cannot be placed: in {placement.TRIES_PER_SCENE} scenes of {placement.TRIES_PER_OBJECT} tries it "
            "overlapped another object or was off the table; widen its range, make objects smaller or reduce "
            "`clearance`.",
        )

    def _place_one(
        self,
        seed: int,
        attempt: int,
        name: str,
        chosen: _Chosen,
        placed: dict[str, Placed],
        spot: np.ndarray | None,
    ) -> Placed | None:
        """Draws where an object stands; `spot` (2,) is where it must be, if the place has drawn that."""
        slot, spec = self._layout.bodies[self._layout.slot(name)], self._task.scene.objects[name]
        rng = stream(seed, name, "pose", attempt)
        table = self._layout.table
        crowded: Placed | None = None
        for _ in range(placement.TRIES_PER_OBJECT):
            model, ground = slot.candidates[chosen.candidate], self._layout.ground_height
            solid = slot.motion != "marker" and not spec.pose.exact
            one = placement.place(spec.pose, model, chosen.scale, placed, rng, solid, ground, chosen.parts)
            if spot is not None:
                one = replace(one, position=np.array([*spot, one.position[2]]))
            stands = one.solid and one.fixture == "table" and spec.pose.relation != "above"
            if stands and table is not None and not placement.on_surface(one, table.bounds):
                continue
            level = spec.pose.level
            if level is not None and not placement.on_board(one, level, placed[spec.pose.target]):
                continue
            if not placement.free(spec.pose, one, placed, self._robot_space):
                continue
            if self._has_room(spec.pose, one, placed):
                return one
            if crowded is not None and np.array_equal(one.position, crowded.position) and one.yaw == crowded.yaw:
                break  # it has one place only
            crowded = crowded or one
        return crowded  # boxes around an arm or an open door are wider than these: where there is no better, it may fit

    def _has_room(self, pose: PoseSpec, one: Placed, placed: dict[str, Placed]) -> bool:
        """Says whether an object that is free keeps clear with all its parts of the arm, and of others with theirs."""
        if in_arm(one.whole, pose, self._card, self._robot_space):
            return False
        if all(each.reach is None for each in (one, *placed.values())):
            return True  # nothing reaches further than what was looked at
        wholes = {name: other.whole for name, other in placed.items()}
        return placement.free(pose, one.whole, wholes, self._robot_space)

    def _body(self, name: str, index: int, chosen: _Chosen, placed: Placed, draws: Draws) -> Body:
        spec, candidate, scale = self._task.scene.objects[name], chosen.candidate, chosen.scale
        model = self._model(name, candidate)
        own = model.visual.colors
        default = PALETTE[index % len(PALETTE)] if own is None else (1.0, 1.0, 1.0)
        srgb = parse_color(draws.color(f"{name}.color", spec.color, default))
        seen = srgb
        if own is not None and spec.color is None and f"{name}.color" not in self._task.randomize:
            seen = linear_to_srgb(own.mean(axis=0)).tolist()
        mass = draws.value(f"{name}.mass", spec.mass)
        return Body(
            candidate=candidate,
            position=placed.position,
            quaternion=placed.quaternion,
            scale=scale,
            mass=None if mass is None else float(mass),
            density=float(draws.value(f"{name}.density", spec.density, model.density)),
            friction=float(draws.value(f"{name}.friction", spec.friction)),
            restitution=float(draws.value(f"{name}.restitution", spec.restitution)),
            color=linear_rgb(srgb),
            texture=draws.word(f"{name}.texture", spec.texture),
            color_name=color_name(seen),
            center_offset=np.asarray(draws.value(f"{name}.com", None, np.zeros(3)), float),
            push=draw_push(name, draws),
        )

    def _camera(self, name: str, bodies: tuple[Body, ...], draws: Draws) -> CameraView:
        spec = self._task.cameras[name]
        target = spec.look_at
        if isinstance(target, str):
            target = bodies[self._layout.slot(target)].position
        return CameraView(
            eye=np.asarray(draws.value(f"camera.{name}.eye", spec.eye), float),
            look_at=np.asarray(draws.value(f"camera.{name}.look_at", target), float),
            up=np.asarray(spec.up, float),
            fov=float(np.radians(draws.value(f"camera.{name}.fov_deg", spec.fov_deg))),
        )

    def _words(self, bodies: tuple[Body, ...]) -> dict[str, str]:
        """Returns what stands for the placeholders of instructions, e.g. "cube.color"."""
        found: dict[str, str] = {}
        for slot, body in zip(self._layout.bodies, bodies, strict=True):
            kind = slot.candidates[body.candidate].kind.replace("_", " ")
            words = {"color": body.color_name, "kind": kind, "class": slot.semantic_class or kind, "name": slot.name}
            found |= {f"{slot.name}.{field}": word.replace("_", " ") for field, word in words.items()}
        return found


def filled(text: str, words: dict[str, str]) -> str:
    """Returns an instruction with words for its placeholders."""
    for placeholder, word in words.items():
        text = text.replace(f"{{{placeholder}}}", word)
    return text


def _place_sampler(task: TaskSpec, place: PlaceSpec, card: RobotCard) -> PlaceSampler:
    base = card.planar_base
    if base is None:
        raise BadInput(f"scene.place: the robot {card.name} does not drive, so it has no use for a place.")
    start = None
    if task.robot.start is None:
        x, y, _ = card.base_xyz if task.robot.xyz is None else task.robot.xyz
        start = np.array([x, y, card.base_yaw + task.robot.yaw]) + card.rest_qpos[:3]
    goals = {name: spec.pose.free.distance for name, spec in task.scene.objects.items() if spec.pose.free is not None}
    episode = task.episode
    return PlaceSampler(place, Footprint.of(base), start, goals, episode.max_steps, episode.control_seconds)
