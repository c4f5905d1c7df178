"""The words of the YAML, as tables: terms, object kinds, fixtures, colours, textures and paths of `randomize`.

What a word does is written where it is done (`simgen.env`, `simgen.world`); this is what a user may write.
"""

from __future__ import annotations

from simgen.spec.place_words import PLACE_TERMS
from simgen.spec.registry import Fixture, MovingPart, ObjectKind, Parameter, Randomizable, Term
from simgen.spec.robot_words import ROBOT_TERMS

COLORS = (
    "red", "green", "blue", "yellow", "orange", "purple", "pink", "cyan", "magenta", "lime", "teal", "navy", "brown",
    "olive", "maroon", "turquoise", "lavender", "beige", "wood", "white", "silver", "gray", "black", "grey", "violet",
)  # fmt: skip
TEXTURES = (
    "wood", "planks", "checker", "tiles", "concrete", "marble", "noise", "metal", "fabric", "cardboard",
)  # fmt: skip


def _length(description: str, default: float | None = None, low: float = 0.0, high: float = 10.0) -> Parameter:
    if default is None:
        return Parameter("float", description, "m", low=low, high=high)
    return Parameter("float", description, "m", default, low, high)


_BODY = Parameter("body", "object")
_AT = Parameter("place", "where it belongs")
_SCALE = Parameter("float", "steepness s of 1 - tanh(s * distance)", "1/m", 5.0, 0.0, 1000.0)
_ANGLE_SCALE = Parameter("float", "steepness s of 1 - tanh(s * angle)", "1/rad", 2.0, 0.0, 1000.0)
_WITHIN = _length("largest distance of the origins")
_AXIS = Parameter("axis", "axis of the object that points up", default="z")
_HEIGHT = _length("how far its origin is above where it started")
_JOINT_SPEED = Parameter("float", "largest speed of any arm joint", "rad/s", 0.2, 0.0, 100.0)
_AXES = Parameter("axes", "which components count", default="xyz")
_OFFSET = Parameter("vector", "of the point from the place, in world axes", "m", (0.0, 0.0, 0.0))
_INTO = Parameter("body", "object with a hole along its x axis, through its origin")
_STATIC = {
    "below": Parameter("float", "largest speed", "m/s", 0.05, 0.0, 100.0),
    "turning": Parameter("float", "largest angular speed", "rad/s", 0.5, 0.0, 1000.0),
}
_PART = Parameter("part", "moving part of an object")
_OPENED = {"part": _PART, "above": Parameter("float", "least share of its range", "", 0.9, 0.0, 1.0)}
_CLOSED = {"part": _PART, "below": Parameter("float", "largest share of its range", "", 0.05, 0.0, 1.0)}
_TOLERANCE = _length("largest gap in height", 0.01)
_LEVEL = Parameter("int", "which board of a shelf, 1 is the lowest; 0: the highest point", "", 0, 0, 100)
_FLAT = Parameter("flat", "flat block")
_TARGET = Parameter("flat", "flat block or marker that it shall cover")

_OBSERVATIONS = (
    Term("qpos", "observation", "joint positions [rad or m], (dof,)"),
    Term("qvel", "observation", "joint velocities [rad/s or m/s], (dof,)"),
    Term("tcp_pose", "observation", "tool centre point: position [m] and quaternion wxyz in the world, (7,)",
         needs="tool"),
    Term("goal_position", "observation", "position of the object or marker called goal [m], (3,)"),
    Term("pose", "observation", "position [m] and quaternion wxyz in the world, (7,); also written <body>_pose",
         {"body": Parameter("place", "object or marker")}),
    Term("position", "observation", "position in the world [m], (3,); also written <body>_position",
         {"body": Parameter("place", "object or marker")}),
    Term("velocity", "observation", "linear [m/s] and angular velocity [rad/s], (6,); also written <body>_velocity",
         {"body": _BODY}),
    Term("is_grasped", "observation", "1 if the fingers hold it, (1,); without a body: the first object that can move",
         {"body": Parameter("body", "object", default=None)}, needs="tool"),
    Term("stage", "observation", "which of the task's stages is under way: its index (their number when all are done), "
         "then one-hot, (1 + stages,)", needs="stages"),
    Term("relative_position", "observation", "from one origin to the other, world axes [m], (3,)",
         {"body": Parameter("place", "from; `tcp` is the tool centre point"), "to": Parameter("place", "to")}),
    Term("opening", "observation", "how far a part is open, 0 closed to 1 open, (1,)", {"part": _PART}),
    Term("joint_position", "observation", "joint position of a part [rad or m], (1,)", {"part": _PART}),
    Term("joint_velocity", "observation", "joint velocity of a part [rad/s or m/s], (1,)", {"part": _PART}),
)  # fmt: skip

_REWARDS = (
    Term("reach", "reward", "1 - tanh(scale * distance from the tool centre point to the object), 0..1",
         {"body": _BODY, "scale": _SCALE}, needs="tool"),
    Term("grasped", "reward", "1 while the fingers hold it", {"body": _BODY}, needs="gripper"),
    Term("place", "reward", "1 - tanh(scale * distance from the object to its place), 0..1",
         {"body": _BODY, "at": _AT, "scale": _SCALE, "axes": _AXES, "offset": _OFFSET}),
    Term("near", "reward", "1 while it is near its place",
         {"body": _BODY, "at": _AT, "within": _WITHIN, "axes": _AXES, "offset": _OFFSET}),
    Term("push", "reward", "1 - tanh(scale * distance from the tool centre point to the push point behind the object, "
         "as seen from its place), 0..1", {"body": _BODY, "at": _AT, "scale": _SCALE}, needs="tool"),
    Term("upright", "reward", "1 - tanh(scale * angle between the axis and up), 0..1",
         {"body": _BODY, "axis": _AXIS, "scale": _ANGLE_SCALE}),
    Term("align", "reward", "1 - tanh(scale * distance from the hole's axis), of the peg's head (+x end) or middle, "
         "whichever is farther, 0..1", {"body": _BODY, "into": _INTO, "scale": _SCALE}),
    Term("insert", "reward", "1 - tanh(scale * distance from the peg's head (+x end) to the hole's middle), 0..1",
         {"body": _BODY, "into": _INTO, "scale": _SCALE}),
    Term("robot_static", "reward", "1 while no arm joint is faster", {"below": _JOINT_SPEED}, needs="arm"),
    Term("body_static", "reward", "1 while it is slower", {"body": _BODY, **_STATIC}),
    Term("on", "reward", "1 while it stands on the surface",
         {"body": _BODY, "on": Parameter("surface", "what it stands on"), "tolerance": _TOLERANCE, "level": _LEVEL}),
    Term("in", "reward", "1 while it is inside the other's hollow",
         {"body": _BODY, "in": Parameter("body", "what it lies in")}),
    Term("overlap", "reward", "share of the target's area that the block covers, 0..1",
         {"body": _FLAT, "target": _TARGET}),
    Term("stages_done", "reward", "share of the task's stages that are done, 0..1", needs="stages"),
    Term("released", "reward", "1 while no finger touches it", {"body": _BODY}, needs="tool"),
    Term("lifted", "reward", "1 while it is lifted", {"body": _BODY, "height": _HEIGHT}),
    Term("open", "reward", "how far a part is open, 0..1", {"part": _PART}),
    Term("close", "reward", "how far a part is closed, 0..1", {"part": _PART}),
    Term("opened", "reward", "1 while a part is open", _OPENED),
    Term("closed", "reward", "1 while a part is closed", _CLOSED),
    Term("action_penalty", "reward", "minus the squared length of the action"),
    Term("joint_velocity_penalty", "reward", "minus the squared length of the arm's joint velocity [rad^2/s^2]"),
    Term("success", "reward", "1 while the task's success holds", needs="success"),
)  # fmt: skip

_CONDITIONS = (
    Term("near", "condition", "its origin is near a place",
         {"body": _BODY, "at": _AT, "within": _WITHIN, "axes": _AXES, "offset": _OFFSET}),
    Term("on", "condition", "it stands on the surface, within its outline, and touches it",
         {"body": _BODY, "on": Parameter("surface", "what it stands on"), "tolerance": _TOLERANCE, "level": _LEVEL}),
    Term("in", "condition", "it is in the other's hollow: its origin over the outline, its lowest point below the rim",
         {"body": _BODY, "in": Parameter("body", "what it lies in")}),
    Term("overlap", "condition", "it covers so much of the target's area, as seen from above",
         {"body": _FLAT, "target": _TARGET,
          "at_least": Parameter("float", "share of the target's area", "", 0.9, 0.0, 1.0)}),
    Term("unmoved", "condition", "its origin is near where it was at the start",
         {"body": _BODY, "within": _length("largest distance", 0.03)}),
    Term("grasped", "condition", "the fingers hold it", {"body": _BODY}, needs="gripper"),
    Term("released", "condition", "no finger touches it", {"body": _BODY}, needs="tool"),
    Term("robot_static", "condition", "no arm joint is faster", {"below": _JOINT_SPEED}, needs="arm"),
    Term("body_static", "condition", "it neither moves nor turns faster", {"body": _BODY, **_STATIC}),
    Term("lifted", "condition", "it is lifted", {"body": _BODY, "height": _HEIGHT}),
    Term("upright", "condition", "the axis points up",
         {"body": _BODY, "axis": _AXIS,
          "within_deg": Parameter("float", "largest angle between the axis and up", "degrees", 10.0, 0.0, 180.0)}),
    Term("inserted", "condition", "its head (+x end) is in the hole and has reached its middle",
         {"body": _BODY, "into": _INTO, "within": _length("how far before the middle is enough", 0.015)}),
    Term("opened", "condition", "a part is open", _OPENED),
    Term("closed", "condition", "a part is closed", _CLOSED),
    Term("part_static", "condition", "the joint of a part is slower",
         {"part": _PART, "below": Parameter("float", "largest speed", "rad/s or m/s", 0.05, 0.0, 100.0)}),
    Term("inside", "condition", "its origin is in a box in the world",
         {"body": _BODY, "region": Parameter("region", "lowest and highest corner", "m")}),
)  # fmt: skip

FLAT = ("box", "l_shape", "t_shape", "cross", "hexagon", "star")  # blocks with one outline at every height

TERMS: tuple[Term, ...] = (*_OBSERVATIONS, *_REWARDS, *_CONDITIONS, *ROBOT_TERMS, *PLACE_TERMS)


def _kind(
    description: str, holds: bool = False, parts: tuple[MovingPart, ...] = (), levels: int = 0,
    **sizes: tuple[float, float, str],
) -> ObjectKind:  # fmt: skip
    """Makes a kind from its sizes: lowest, highest, unit ("1" for ratios, "count" for whole numbers)."""
    parameters = {
        name: Parameter(
            "int" if unit == "count" else "float", name.replace("_", " "), "" if unit in ("1", "count") else unit,
            None, low, high,
        )
        for name, (low, high, unit) in sizes.items()
    }  # fmt: skip
    parameters["seed"] = Parameter(
        "int", "draws the sizes that are not given; 0 is the standard one", "", 0, 0, 2**31 - 1
    )
    parameters["scale"] = Parameter("float", "factor on all sizes", "", 1.0, 0.001, 1000.0)
    return ObjectKind(description, parameters, holds, parts, levels)


_UPTO_1 = (0.002, 1.0, "m")
OBJECTS: dict[str, ObjectKind] = {
    "mug": _kind("mug with its handle towards +x", radius=(0.01, 0.2, "m"), height=(0.02, 0.5, "m"),
                 wall=(0.001, 0.05, "m"), taper=(0.6, 1.2, "1"), handle=(0.005, 0.2, "m"), holds=True),
    "bowl": _kind("open bowl", radius=(0.01, 0.5, "m"), height=(0.005, 0.5, "m"), wall=(0.001, 0.05, "m"),
                  foot=(0.2, 0.8, "1"), holds=True),
    "plate": _kind("shallow plate", radius=(0.02, 0.5, "m"), height=(0.005, 0.2, "m"), wall=(0.001, 0.05, "m"),
                   holds=True),
    "bottle": _kind("closed, full bottle", radius=(0.005, 0.2, "m"), height=(0.02, 1.0, "m"),
                    neck_radius=(0.002, 0.1, "m"), shoulder=(0.3, 0.85, "1")),
    "frustum": _kind("cone with its tip cut off", bottom_radius=(0.002, 0.5, "m"), top_radius=(0.001, 0.5, "m"),
                     height=_UPTO_1),
    "ring": _kind("flat ring lying down", radius=(0.005, 0.5, "m"), hole_radius=(0.001, 0.45, "m"),
                  height=(0.002, 0.5, "m")),
    "l_shape": _kind("L lying flat", length=_UPTO_1, foot=_UPTO_1, width=_UPTO_1, height=_UPTO_1),
    "t_shape": _kind("T lying flat", length=_UPTO_1, bar=_UPTO_1, width=_UPTO_1, height=_UPTO_1),
    "cross": _kind("plus sign lying flat", span=_UPTO_1, width=_UPTO_1, height=_UPTO_1),
    "hexagon": _kind("hexagonal prism, width across flats", width=_UPTO_1, height=_UPTO_1),
    "star": _kind("five-pointed star lying flat", radius=_UPTO_1, notch=(0.3, 0.8, "1"), height=_UPTO_1),
    "wedge": _kind("ramp that rises towards -x", length=_UPTO_1, width=_UPTO_1, height=_UPTO_1),
    "bridge": _kind("block with a gate through it along y", length=_UPTO_1, width=_UPTO_1, height=_UPTO_1,
                    opening=_UPTO_1),
    "peg": _kind("long box along x with a square section", length=(0.01, 1.0, "m"), width=(0.002, 0.5, "m")),
    "box_with_hole": _kind("block with a square hole along x, 6 mm wider than the peg of the same seed",
                           size=(0.01, 1.0, "m"), hole=(0.002, 0.9, "m"), depth=(0.0, 1.0, "m"),
                           offset_y=(-0.5, 0.5, "m"), offset_z=(-0.5, 0.5, "m")),
    "bin": _kind("open box to put things in", length=(0.02, 2.0, "m"), width=(0.02, 2.0, "m"), height=(0.01, 1.0, "m"),
                 wall=(0.001, 0.1, "m"), holds=True),
    "shelf": _kind("shelf, open towards -x, boards numbered from the lowest", width=(0.1, 3.0, "m"),
                   depth=(0.05, 1.5, "m"), height=(0.1, 3.0, "m"), thickness=(0.003, 0.1, "m"), boards=(2, 6, "count"),
                   levels=3),
    "peg_board": _kind("board lying flat with upright round pegs in rows along x and columns along y",
                       length=(0.03, 2.0, "m"), width=(0.03, 2.0, "m"), thickness=(0.003, 0.2, "m"),
                       rows=(1, 8, "count"), columns=(1, 8, "count"), radius=(0.002, 0.2, "m"),
                       height=(0.005, 1.0, "m")),
    "slope": _kind("slope up along +x, platform, and slope down", length=(0.1, 10.0, "m"), width=(0.1, 10.0, "m"),
                   height=(0.01, 5.0, "m"), platform=(0.05, 10.0, "m")),
    "stairs": _kind("stairs up along +x with a platform at their end", steps=(1, 30, "count"), rise=(0.01, 1.0, "m"),
                    run=(0.05, 2.0, "m"), width=(0.1, 10.0, "m"), platform=(0.05, 10.0, "m")),
    "stones": _kind("square stepping stones of different heights in rows along x and columns along y",
                    rows=(1, 12, "count"), columns=(1, 12, "count"), side=(0.02, 5.0, "m"), gap=(0.005, 2.0, "m"),
                    height=(0.01, 2.0, "m"), rough=(0.0, 0.95, "1"), pattern=(0, 100000, "count")),
    "cabinet": _kind("cabinet, front along +x: drawer_1 (top), drawer_2, ..., and below them door_1 (left), door_2",
                     width=(0.12, 2.0, "m"), depth=(0.12, 1.0, "m"), height=(0.08, 2.5, "m"), wall=(0.004, 0.05, "m"),
                     drawers=(0, 6, "count"), doors=(0, 2, "count"), handle=(0.05, 0.5, "m"),
                     parts=(MovingPart("drawer", "drawers", 2), MovingPart("door", "doors", 0))),
    "faucet": _kind("faucet, spout along +x: lever on top turns from -y to +x", height=(0.05, 0.5, "m"),
                    radius=(0.008, 0.1, "m"), spout=(0.03, 0.5, "m"), lever=(0.03, 0.4, "m"), opening=(0.2, 3.1, "rad"),
                    parts=(MovingPart("lever"),)),
    "valve": _kind("valve on an upright stem: wheel with a knob on its rim, at -x when closed",
                   height=(0.05, 1.5, "m"), radius=(0.04, 0.5, "m"), spokes=(2, 12, "count"),
                   turns=(0.1, 10.0, "turns"), parts=(MovingPart("wheel"),)),
}  # fmt: skip

# The table's top as `simgen.world.scene` builds it: 1.209 m along x and 2.418 m along y, middle at x = -0.1357.
FIXTURES: dict[str, Fixture] = {
    "table": Fixture("table top on four legs, surface at z = 0", (-0.7402, -1.209), (0.4688, 1.209)),
    "ground": Fixture("the floor; under a table at z = -0.92, else at z = 0"),
}

_AS_WRITTEN = "as written"
_NEWTON, _MANISKILL = ("newton",), ("maniskill",)

RANDOMIZABLE: tuple[Randomizable, ...] = (
    Randomizable("*.friction", "Coulomb coefficient of an object", "", 0.0, 10.0,
                 default="as written, else 1", safe=(0.3, 1.5)),
    Randomizable("*.mass", "mass of an object", "kg", 0.0, 1000.0, above=True,
                 default="as written, else density times volume", safe=(0.02, 1.0)),
    Randomizable("*.density", "density of an object", "kg/m^3", 0.0, 30000.0, above=True,
                 default="as written, else 1000", safe=(200.0, 3000.0)),
    Randomizable("*.restitution", "bounciness of an object, where it hits at 2 m/s or more", "", 0.0, 1.0,
                 default="as written, else 0", safe=(0.0, 0.6), engines=_MANISKILL),
    Randomizable("*.joint_friction", "factor on the dry friction of an object's joints", "", 0.0, 1000.0, factor=True,
                 default="1", safe=(0.3, 3.0)),
    Randomizable("*.joint_damping", "factor on the damping of an object's joints", "", 0.0, 1000.0, factor=True,
                 default="1", safe=(0.3, 3.0)),
    Randomizable("*.com", "offset of an object's centre of mass from that of an even solid, in its own frame", "m",
                 -1.0, 1.0, (3,), default="0", base=0.0, safe=(-0.01, 0.01)),
    Randomizable("*.push", "horizontal force on an object's centre of mass for one control step, at random times", "N",
                 0.0, 10000.0, default="0", base=0.0, safe=(0.0, 1.0)),
    Randomizable("*.push_interval", "mean time between the pushes of an object", "s", 0.0, 1000.0, above=True,
                 default="2", base=2.0, safe=(0.5, 10.0)),
    Randomizable("*.scale", "factor on an object's size", "", 0.0001, 1000.0, (0, 3),
                 default="as written, else 1", safe=(0.8, 1.2)),
    Randomizable("*.color", "colour of an object", "", 0.0, 1.0, (3,), words="color", default=_AS_WRITTEN,
                 safe=(0.0, 1.0)),
    Randomizable("*.texture", "texture of an object", dimensions=(), words="texture", default=_AS_WRITTEN),
    Randomizable("robot.gains", "factor on the stiffness and damping of all joints", "", 0.01, 100.0, factor=True,
                 default="1", safe=(0.8, 1.25)),
    Randomizable("robot.stiffness", "factor on the stiffness of all joints", "", 0.01, 100.0, factor=True,
                 default="1", safe=(0.8, 1.25)),
    Randomizable("robot.damping", "factor on the damping of all joints", "", 0.01, 100.0, factor=True, default="1",
                 safe=(0.7, 1.4)),
    Randomizable("robot.armature", "factor on the armature of all joints", "", 0.01, 100.0, factor=True, default="1",
                 safe=(0.5, 2.0)),
    Randomizable("robot.friction", "factor on the friction of the fingers", "", 0.01, 100.0, factor=True, default="1",
                 safe=(0.5, 1.5)),
    Randomizable("robot.joint_friction", "dry friction of each arm joint", "N m", 0.0, 1000.0, default="0", base=0.0,
                 safe=(0.0, 2.0), engines=_NEWTON),
    Randomizable("robot.motor_strength", "factor on the force limit of all joints", "", 0.01, 100.0, factor=True,
                 default="1", safe=(0.7, 1.2)),
    Randomizable("robot.delay", "how late actions are, in whole control steps (rounded)", "control steps", 0.0, 100.0,
                 default="0", base=0.0, safe=(0.0, 2.0)),
    Randomizable("robot.push", "horizontal force on the robot's tool for one control step, at random times", "N",
                 0.0, 10000.0, default="0", base=0.0, safe=(0.0, 20.0)),
    Randomizable("robot.push_interval", "mean time between the pushes of the robot", "s", 0.0, 1000.0, above=True,
                 default="2", base=2.0, safe=(0.5, 10.0)),
    Randomizable("camera.*.eye", "place of a camera", "m", -100.0, 100.0, (3,), default=_AS_WRITTEN,
                 safe=(-0.05, 0.05), change=True),
    Randomizable("camera.*.look_at", "point that a camera looks at", "m", -100.0, 100.0, (3,), default=_AS_WRITTEN,
                 safe=(-0.03, 0.03), change=True),
    Randomizable("camera.*.fov_deg", "vertical field of view of a camera", "degrees", 1.0, 179.0, default=_AS_WRITTEN,
                 safe=(-5.0, 5.0), change=True),
    Randomizable("light.direction", "towards the light", "", -1e6, 1e6, (3,), default=_AS_WRITTEN, safe=(-0.5, 0.5),
                 change=True),
    Randomizable("light.intensity", "of the directional light", "", 0.0, 100.0, default=_AS_WRITTEN, safe=(0.5, 1.5)),
    Randomizable("light.ambient", "share of the light that comes from everywhere", "", 0.0, 1.0, default=_AS_WRITTEN,
                 safe=(0.2, 0.6)),
    Randomizable("light.color", "colour of the directional light", "", 0.0, 1.0, (3,), words="color",
                 default=_AS_WRITTEN, safe=(0.6, 1.0)),
    Randomizable("background.color", "colour where nothing is hit", "", 0.0, 1.0, (3,), words="color",
                 default=_AS_WRITTEN, safe=(0.0, 1.0)),
    Randomizable("table.color", "colour of the table", "", 0.0, 1.0, (3,), words="color", default=_AS_WRITTEN,
                 safe=(0.0, 1.0)),
    Randomizable("table.texture", "texture of the table", dimensions=(), words="texture", default=_AS_WRITTEN),
    Randomizable("table.friction", "Coulomb coefficient of the table and the floor", "", 0.0, 10.0, default="1",
                 safe=(0.3, 1.5)),
    Randomizable("ground.color", "colour of the floor", "", 0.0, 1.0, (3,), words="color", default=_AS_WRITTEN,
                 safe=(0.0, 1.0)),
    Randomizable("ground.texture", "texture of the floor", dimensions=(), words="texture", default=_AS_WRITTEN),
    Randomizable("physics.gravity", "acceleration along z", "m/s^2", -100.0, 100.0, default="as written, else -9.81",
                 safe=(-9.91, -9.71)),
)  # fmt: skip
