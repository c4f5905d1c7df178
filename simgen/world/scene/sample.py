"""From a task and a seed to the scene of one episode: objects, poses, physics, looks, cameras, instruction."""

from __future__ import annotations

from typing import Any

import numpy as np

from simgen.errors import BadInput
from simgen.spec.distribution import Distribution
from simgen.spec.object import ObjectSpec
from simgen.spec.task import TaskSpec
from simgen.world.robot.card import RobotCard, load_card
from simgen.world.scene import placement
from simgen.world.scene.color import color_name, linear_to_srgb, parse_color, srgb_to_linear
from simgen.world.scene.placement import Placed
from simgen.world.scene.scene import Body, BodySlot, CameraView, Layout, Light, Push, RobotSetup, Scene
from simgen.world.scene.seed import stream

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
        self._order = _placement_order(task)

    def sample(self, seed: int) -> Scene:
        """Draws the scene of the episode with this seed; nothing else has an influence on it.

        Raises:
            BadInput: If the objects do not fit: after many tries some still overlap or stand off the table.
        """
        draws = _Draws(self._task, seed)
        candidates = self._candidates(seed)
        scales = {name: self._scale(name, draws) for name in self._order}
        placed = self._place(seed, candidates, scales)
        bodies = tuple(
            self._body(name, index, candidates[name], scales[name], placed[name], draws)
            for index, name in enumerate(self._task.scene.objects)
        )
        look = self._surroundings(draws)
        cameras = tuple(self._camera(name, placed, draws) for name in self._task.cameras)
        robot, light = self._robot(seed, draws), self._light(draws)
        instruction = self._instruction(bodies)
        return Scene(seed, robot, bodies, cameras, light, instruction=instruction, values=draws.values, **look)

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
        slots, order, seen = {slot.name: slot for slot in self._layout.bodies}, [], set()

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

    def _scale(self, name: str, draws: _Draws) -> np.ndarray:
        value = draws.value(f"{name}.scale", self._task.scene.objects[name].scale)
        return np.broadcast_to(np.asarray(value, float), (3,)).copy()

    def _place(self, seed: int, candidates: dict[str, int], scales: dict[str, np.ndarray]) -> dict[str, Placed]:
        blocked = ""
        for attempt in range(placement.TRIES_PER_SCENE):
            placed: dict[str, Placed] = {}
            for name in self._order:
                found = self._place_one(seed, attempt, name, candidates[name], scales[name], placed)
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
        self, seed: int, attempt: int, name: str, candidate: int, scale: np.ndarray, placed: dict[str, Placed]
    ) -> Placed | None:
        slot, spec = self._layout.bodies[self._layout.slot(name)], self._task.scene.objects[name]
        rng = stream(seed, name, "pose", attempt)
        table = self._layout.table
        for _ in range(placement.TRIES_PER_OBJECT):
            model, solid, ground = slot.candidates[candidate], slot.motion != "marker", self._layout.ground_height
            one = placement.place(spec.pose, model, scale, placed, rng, solid, ground)
            stands = one.solid and one.fixture == "table" and spec.pose.relation != "above"
            if stands and table is not None and not placement.on_surface(one, table.bounds):
                continue
            if placement.free(spec.pose, one, placed):
                return one
        return None

    def _body(self, name: str, index: int, candidate: int, scale: np.ndarray, placed: Placed, draws: _Draws) -> Body:
        spec = self._task.scene.objects[name]
        own = self._layout.bodies[index].candidates[candidate].visual.colors
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
            density=float(draws.value(f"{name}.density", spec.density, 1000.0)),
            friction=float(draws.value(f"{name}.friction", spec.friction)),
            restitution=float(draws.value(f"{name}.restitution", spec.restitution)),
            color=_linear(srgb),
            texture=draws.word(f"{name}.texture", spec.texture),
            color_name=color_name(seen),
            center_offset=np.asarray(draws.value(f"{name}.com", None, np.zeros(3)), float),
            push=_push(name, draws),
        )

    def _robot(self, seed: int, draws: _Draws) -> RobotSetup:
        qpos = np.asarray(self._card.rest_qpos, float)
        noise = stream(seed, "robot", "qpos").normal(0.0, self._task.robot.qpos_noise, self._card.num_arm_joints)
        qpos[: self._card.num_arm_joints] += noise
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
        )

    def _light(self, draws: _Draws) -> Light:
        spec, render = self._task.render.light, self._task.render
        return Light(
            direction=np.asarray(draws.value("light.direction", spec.direction), float),
            intensity=float(draws.value("light.intensity", spec.intensity)),
            color=_linear(parse_color(draws.color("light.color", spec.color, "white"))),
            ambient=float(draws.value("light.ambient", spec.ambient)),
            background=_linear(parse_color(draws.color("background.color", render.background, "white"))),
        )

    def _surroundings(self, draws: _Draws) -> dict[str, Any]:
        scene, look = self._task.scene, {}
        for name, spec, texture in (("table", scene.table, "wood"), ("ground", scene.ground, "concrete")):
            color = None if spec is None else spec.color
            plain = spec is not None and spec.color is not None and spec.texture is None
            look[f"{name}_color"] = _linear(parse_color(draws.color(f"{name}.color", color, (1.0, 1.0, 1.0))))
            default = None if plain else texture
            look[f"{name}_texture"] = draws.word(f"{name}.texture", None if spec is None else spec.texture, default)
        look["table_friction"] = float(draws.value("table.friction", None, 1.0))
        look["gravity"] = float(draws.value("physics.gravity", self._task.physics.gravity))
        return look

    def _camera(self, name: str, placed: dict[str, Placed], draws: _Draws) -> CameraView:
        spec = self._task.cameras[name]
        target = placed[spec.look_at].position if isinstance(spec.look_at, str) else spec.look_at
        return CameraView(
            eye=np.asarray(draws.value(f"camera.{name}.eye", spec.eye), float),
            look_at=np.asarray(draws.value(f"camera.{name}.look_at", target), float),
            up=np.asarray(spec.up, float),
            fov=float(np.radians(draws.value(f"camera.{name}.fov_deg", spec.fov_deg))),
        )

    def _instruction(self, bodies: tuple[Body, ...]) -> str:
        text = self._task.instruction
        for slot, body in zip(self._layout.bodies, bodies, strict=True):
            kind = slot.candidates[body.candidate].kind.replace("_", " ")
            words = {"color": body.color_name, "kind": kind, "class": slot.semantic_class or kind, "name": slot.name}
            for field, word in words.items():
                text = text.replace(f"{{{slot.name}.{field}}}", word.replace("_", " "))
        return text


class _Draws:
    """Draws values by their path in the spec and remembers them; `randomize` wins over what the scene says."""

    def __init__(self, task: TaskSpec, seed: int) -> None:
        self._randomize, self._seed = task.randomize, seed
        self.values: dict[str, Any] = {}

    def value(self, path: str, written: Any, default: Any = None) -> Any:
        """Returns the number or vector at a path: written, drawn, or changed by `randomize`; recorded if drawn."""
        value = default if written is None else written
        if isinstance(value, Distribution):
            value = self._keep(path, value.sample(stream(self._seed, path)))
        change = self._randomize.get(path)
        if change is not None:
            base = None if value is None else np.asarray(value, float)
            value = self._keep(path, change.sample(stream(self._seed, "randomize", path), base=base))
        return value

    def count(self, path: str) -> int:
        """Returns the whole number at a path, the nearest to what is drawn; 0 if nothing is."""
        value = round(float(self.value(path, None, 0.0)))
        if path in self.values:
            self._keep(path, value)
        return value

    def word(self, path: str, written: Any, default: str | None = None) -> str | None:
        """Returns the name at a path."""
        for source in (self._randomize.get(path), written):
            if isinstance(source, Distribution):
                return str(self._keep(path, source.sample(stream(self._seed, path))))
        return default if written is None else str(written)

    def color(self, path: str, written: Any, default: Any) -> Any:
        """Returns the colour at a path, a name or sRGB."""
        change = self._randomize.get(path)
        if change is not None and change.words:
            return self._keep(path, change.sample(stream(self._seed, "randomize", path)))
        value = default if written is None else written
        if isinstance(value, Distribution):
            value = self._keep(path, value.sample(stream(self._seed, path)))
        if change is not None:
            drawn = change.sample(stream(self._seed, "randomize", path), base=np.asarray(parse_color(value)))
            value = self._keep(path, np.clip(np.asarray(drawn, float), 0.0, 1.0))
        return value

    def _keep(self, path: str, value: Any) -> Any:
        self.values[path] = value if isinstance(value, str) else np.asarray(value, float).tolist()
        return value


def _push(name: str, draws: _Draws) -> Push | None:
    force = float(draws.value(f"{name}.push", None, 0.0))
    interval = float(draws.value(f"{name}.push_interval", None, PUSH_INTERVAL))
    return Push(force, interval) if force > 0.0 else None


def _linear(srgb: Any) -> tuple[float, float, float]:
    r, g, b = (float(value) for value in srgb_to_linear(srgb))
    return r, g, b


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
