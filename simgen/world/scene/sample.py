"""From a task and a seed to the scene of one episode: objects, poses, physics, looks, cameras, instruction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from simgen.errors import BadInput
from simgen.spec.object import ObjectSpec
from simgen.spec.place import PlaceSpec
from simgen.spec.task import TaskSpec
from simgen.world.navigation.footprint import Footprint
from simgen.world.robot.card import RobotCard, load_card
from simgen.world.robot.urdf import joint_limits
from simgen.world.scene import placement
from simgen.world.scene.articulated import part_pose, scaled_joint
from simgen.world.scene.color import color_name, linear_rgb, linear_to_srgb, parse_color
from simgen.world.scene.draws import Draws
from simgen.world.scene.place import PREFIX, PlaceSampler
from simgen.world.scene.placement import Placed
from simgen.world.scene.scene import Body, CameraView, Hanging, Place, Push, RobotSetup, Scene
from simgen.world.scene.seed import stream
from simgen.world.scene.slots import BodySlot, Layout
from simgen.world.scene.surroundings import draw_light, draw_surroundings

# Objects without a colour get these in turn, so that neighbours differ; meshes with colours of their own keep those.
PALETTE = ("red", "blue", "yellow", "green", "orange", "purple", "cyan", "pink", "lime", "brown", "white")
GROUND = "ground"
PUSH_INTERVAL = 2.0  # [s], on average


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
        self._order = _placement_order(task)
        self._own = tuple(slot for slot in layout.bodies if not slot.name.startswith(f"{PREFIX}."))
        self._places = None if task.scene.place is None else _place_sampler(task, task.scene.place, self._card)

    def sample(self, seed: int) -> Scene:
        """Draws the scene of the episode with this seed; nothing else has an influence on it.

        Raises:
            BadInput: If the objects do not fit: after many tries some still overlap or stand off the table.
        """
        draws = Draws(self._task, seed)
        candidates = self._candidates(seed)
        scales = {name: self._scale(name, draws) for name in self._order}
        surroundings, place = ((), None) if self._places is None else self._places.sample(seed)
        placed = self._place(seed, candidates, scales, place)
        bodies = self._bodies(candidates, scales, placed, draws) + surroundings
        look = draw_surroundings(self._task, draws)
        cameras = tuple(self._camera(name, bodies, draws) for name in self._task.cameras)
        robot, light = self._robot(seed, place, draws), draw_light(self._task, draws)
        words = self._words(bodies)
        instruction = filled(self._task.instruction, words)
        look["stages"] = tuple((stage.name, filled(stage.instruction, words)) for stage in self._task.stages)
        look |= {"instruction": instruction, "values": draws.values, "place": place}
        return Scene(seed, robot, bodies, cameras, light, **look)

    def _bodies(
        self, candidates: dict[str, int], scales: dict[str, np.ndarray], placed: dict[str, Placed], draws: Draws
    ) -> tuple[Body, ...]:
        """One body per slot: the objects, and after each the parts that hang on it."""
        bodies: dict[str, Body] = {}
        order = list(self._task.scene.objects)
        for slot in self._own:
            if slot.parent is None:
                name = slot.name
                bodies[name] = self._body(name, order.index(name), candidates[name], scales[name], placed[name], draws)
            else:
                bodies[slot.name] = self._part(slot, bodies[slot.parent], draws)
        return tuple(bodies.values())

    def _part(self, slot: BodySlot, parent: Body, draws: Draws) -> Body:
        """A part takes looks and friction from what carries it; an asset's parts may differ in density."""
        name, _, part = slot.name.partition(".")
        joint = scaled_joint(slot.joints[parent.candidate], float(parent.scale[0]))
        factors = [float(draws.value(f"{name}.joint_{what}", None, 1.0)) for what in ("friction", "damping")]
        joint = replace(joint, friction=joint.friction * factors[0], damping=joint.damping * factors[1])
        share = float(draws.value(f"{name}.open.{part}", self._task.scene.objects[name].open.get(part), 0.0))
        start = joint.lower + share * (joint.upper - joint.lower)
        w, x, y, z = parent.quaternion
        position, rotation = part_pose(parent.position, Rotation.from_quat([x, y, z, w]), joint, start)
        quaternion = np.roll(rotation.as_quat(), 1)
        hanging = Hanging(joint, start)
        carrier = self._layout.bodies[self._layout.slot(str(slot.parent))].candidates[parent.candidate]
        density = parent.density * slot.candidates[parent.candidate].density / carrier.density
        moved = replace(parent, position=position, quaternion=quaternion, mass=None, push=None, hanging=hanging)
        return replace(moved, density=density)

    def _candidates(self, seed: int) -> dict[str, int]:
        chosen: dict[str, int] = {}
        for slot in self._choosing_order():
            spec = self._task.scene.objects[slot.name]
            taken = {self._kind(name, chosen) for name in spec.different_from if name in chosen}
            allowed = [index for index, model in enumerate(slot.candidates) if model.key not in taken]
            if not allowed:
                others = ", ".join(spec.different_from)
                raise BadInput(f"scene.objects.{slot.name}: no shape is left that differs from {others}.")
            chosen[slot.name] = int(stream(seed, slot.name, "shape").choice(allowed))
        return chosen

    def _choosing_order(self) -> list[BodySlot]:
        """Objects after those that they must differ from; where two ask for each other, in the order of the file."""
        slots = {slot.name: slot for slot in self._own if slot.parent is None}
        order: list[BodySlot] = []
        seen: set[str] = set()

        def visit(name: str) -> None:
            if name not in seen:
                seen.add(name)
                for other in self._task.scene.objects[name].different_from:
                    visit(other)
                order.append(slots[name])

        for name in slots:
            visit(name)
        return order

    def _kind(self, name: str, chosen: dict[str, int]) -> str:
        return self._layout.bodies[self._layout.slot(name)].candidates[chosen[name]].key

    def _scale(self, name: str, draws: Draws) -> np.ndarray:
        value = draws.value(f"{name}.scale", self._task.scene.objects[name].scale)
        return np.broadcast_to(np.asarray(value, float), (3,)).copy()

    def _place(
        self, seed: int, candidates: dict[str, int], scales: dict[str, np.ndarray], place: Place | None
    ) -> dict[str, Placed]:
        blocked = ""
        for attempt in range(placement.TRIES_PER_SCENE):
            placed: dict[str, Placed] = {}
            for name in self._order:
                goal = None if place is None else place.goals.get(name)
                found = self._place_one(seed, attempt, name, candidates[name], scales[name], placed, goal)
                if found is None:
                    blocked = name
                    break
                placed[name] = found
            else:
                return placed
        raise BadInput(
            f"scene.objects.{blocked}: cannot be placed: in {placement.TRIES_PER_SCENE} scenes of "
            f"{placement.TRIES_PER_OBJECT} tries it overlapped another object or was off the table; widen its range, "
            "make objects smaller or reduce `clearance`."
        )

    def _place_one(
        self,
        seed: int,
        attempt: int,
        name: str,
        candidate: int,
        scale: np.ndarray,
        placed: dict[str, Placed],
        spot: np.ndarray | None,
    ) -> Placed | None:
        """Draws where an object stands; `spot` (2,) is where it must be, if the place has drawn that."""
        slot, spec = self._layout.bodies[self._layout.slot(name)], self._task.scene.objects[name]
        rng = stream(seed, name, "pose", attempt)
        table = self._layout.table
        for _ in range(placement.TRIES_PER_OBJECT):
            model, ground = slot.candidates[candidate], self._layout.ground_height
            solid = slot.motion != "marker" and not spec.pose.exact
            one = placement.place(spec.pose, model, scale, placed, rng, solid, ground)
            if spot is not None:
                one = replace(one, position=np.array([*spot, one.position[2]]))
            stands = one.solid and one.fixture == "table" and spec.pose.relation != "above"
            if stands and table is not None and not placement.on_surface(one, table.bounds):
                continue
            level = spec.pose.level
            if level is not None and not placement.on_board(one, level, placed[spec.pose.target]):
                continue
            if placement.free(spec.pose, one, placed):
                return one
        return None

    def _body(self, name: str, index: int, candidate: int, scale: np.ndarray, placed: Placed, draws: Draws) -> Body:
        spec = self._task.scene.objects[name]
        model = self._layout.bodies[self._layout.slot(name)].candidates[candidate]
        own = model.visual.colors
        default = PALETTE[index % len(PALETTE)] if own is None else (1.0, 1.0, 1.0)
        srgb = parse_color(draws.color(f"{name}.color", spec.color, default))
        seen = srgb
        if own is not None and spec.color is None and f"{name}.color" not in self._task.randomize:
            seen = linear_to_srgb(own.mean(axis=0)).tolist()
        mass = draws.value(f"{name}.mass", spec.mass)
        x, y, z, w = placed.rotation.as_quat()
        return Body(
            candidate=candidate,
            position=placed.position,
            quaternion=np.array([w, x, y, z]),
            scale=scale,
            mass=None if mass is None else float(mass),
            density=float(draws.value(f"{name}.density", spec.density, model.density)),
            friction=float(draws.value(f"{name}.friction", spec.friction)),
            restitution=float(draws.value(f"{name}.restitution", spec.restitution)),
            color=linear_rgb(srgb),
            texture=draws.word(f"{name}.texture", spec.texture),
            color_name=color_name(seen),
            center_offset=np.asarray(draws.value(f"{name}.com", None, np.zeros(3)), float),
            push=_push(name, draws),
        )

    def _robot(self, seed: int, place: Place | None, draws: Draws) -> RobotSetup:
        qpos = np.asarray(self._card.rest_qpos, float)
        loose = slice(self._card.arm.start, self._card.hand.start)  # arm and passive joints
        noise = stream(seed, "robot", "qpos").normal(0.0, self._task.robot.qpos_noise, loose.stop - loose.start)
        qpos[loose] = np.clip(qpos[loose] + noise, *(limit[loose] for limit in self._limits))
        if place is not None and self._task.robot.start == "free":
            qpos[:3] = place.start
            draws.values["robot.start"] = place.start.tolist()
        gains = float(draws.value("robot.gains", None, 1.0))
        return RobotSetup(
            qpos=qpos,
            stiffness_scale=gains * float(draws.value("robot.stiffness", None, 1.0)),
            damping_scale=gains * float(draws.value("robot.damping", None, 1.0)),
            armature_scale=float(draws.value("robot.armature", None, 1.0)),
            friction_scale=float(draws.value("robot.friction", None, 1.0)),
            joint_friction=float(draws.value("robot.joint_friction", None, 0.0)),
            force_scale=float(draws.value("robot.motor_strength", None, 1.0)),
            delay=draws.count("robot.delay"),
            push=_push("robot", draws),
            command=draws.value("robot.command", self._task.robot.command),
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


def _push(name: str, draws: Draws) -> Push | None:
    force = float(draws.value(f"{name}.push", None, 0.0))
    interval = float(draws.value(f"{name}.push_interval", None, PUSH_INTERVAL))
    return Push(force, interval) if force > 0.0 else None


def _placement_order(task: TaskSpec) -> list[str]:
    """Objects after those that their poses refer to, else in the order of the file."""
    order: list[str] = []

    def visit(name: str, spec: ObjectSpec) -> None:
        if name in order:
            return
        if spec.pose.target in task.scene.objects:
            visit(spec.pose.target, task.scene.objects[spec.pose.target])
        order.append(name)

    for name, spec in task.scene.objects.items():
        visit(name, spec)
    return order
