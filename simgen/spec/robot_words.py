"""Words of the YAML for robots that stand, drive or turn things; what they do is in `simgen.env.terms.locomotion`."""

from __future__ import annotations

from simgen.spec.registry import Parameter, Term

_BODY = Parameter("body", "object")
_TURNING = Parameter("axis", "axis in the world", default="z")
_JOINT = Parameter("joint", "name of a joint of the robot")


def _number(
    description: str, unit: str, default: float | None = None, low: float = 0.0, high: float = 1e3
) -> Parameter:
    if default is None:
        return Parameter("float", description, unit, low=low, high=high)
    return Parameter("float", description, unit, default, low, high)


_OBSERVATIONS = (
    Term("base_pose", "observation", "robot's base: position [m] and quaternion wxyz in the world, (7,)"),
    Term("base_velocity", "observation", "linear [m/s] and angular velocity [rad/s] of the base in its own axes, (6,)"),
    Term("projected_gravity", "observation", "unit vector that points down, in the axes of the base, (3,)"),
    Term("velocity_command", "observation", "commanded: forward, left [m/s], yaw rate [rad/s], (3,)", needs="moves"),
    Term("last_action", "observation", "action of the last step, (actions,)"),
    Term("joint_torque", "observation", "what the drives do at the end of the step [N m or N], (dof,)"),
)

_REWARDS = (
    Term("track_velocity", "reward", "exp(-(error / scale)^2) of the base's forward and sideways velocity, 0..1",
         {"scale": _number("error at which it is 1/e", "m/s", 0.5, 0.001)}, needs="moves"),
    Term("track_turn", "reward", "exp(-(error / scale)^2) of the base's yaw rate, 0..1",
         {"scale": _number("error at which it is 1/e", "rad/s", 0.5, 0.001)}, needs="moves"),
    Term("base_upright", "reward", "1 - tanh(scale * angle between the base's z axis and up), 0..1",
         {"scale": _number("steepness", "1/rad", 2.0)}),
    Term("base_height", "reward", "1 - tanh(scale * difference from a height of the base over the floor), 0..1",
         {"height": _number("over the floor", "m"), "scale": _number("steepness", "1/m", 10.0)}),
    Term("base_over", "reward", "1 - tanh(scale * horizontal distance of the base from an object), 0..1",
         {"body": _BODY, "scale": _number("steepness", "1/m", 5.0)}),
    Term("alive", "reward", "1 in every step"),
    Term("joint_near", "reward", "1 - tanh(scale * distance of a joint from a position), 0..1",
         {"joint": _JOINT, "at": _number("position", "rad or m", 0.0, -1e3),
          "scale": _number("steepness", "1/rad or 1/m", 2.0)}),
    Term("spin", "reward", "angular velocity of an object about an axis of the world over `most`, -1..1",
         {"body": _BODY, "axis": _TURNING, "most": _number("where it saturates", "rad/s", 1.0, 0.001)}),
    Term("bounce_penalty", "reward", "minus the squared vertical velocity of the base [m^2/s^2]"),
    Term("sway_penalty", "reward", "minus the squared roll and pitch rates of the base [rad^2/s^2]"),
    Term("rest_penalty", "reward", "minus the squared distance of the joints that actions drive from rest [rad^2]"),
    Term("torque_penalty", "reward", "minus the squared torques of the joints that actions drive [N^2 m^2]"),
    Term("action_rate_penalty", "reward", "minus the squared change of the action since the last step"),
)  # fmt: skip

_CONDITIONS = (
    Term("lasted", "condition", "the episode has lasted so long", {"seconds": _number("duration", "s")}),
    Term("fallen", "condition", "the base is too low over the floor or leans too far",
         {"below": _number("height over the floor", "m", 0.15),
          "tilt_deg": _number("lean", "degrees", 60.0, 0.0, 180.0)}, needs="floats"),
    Term("joint_within", "condition", "a joint of the robot is in a range",
         {"joint": _JOINT, "low": _number("lowest", "rad or m", None, -1e3),
          "high": _number("highest", "rad or m", None, -1e3)}),
    Term("follows_command", "condition", "since the start the base had the commanded velocity on average",
         {"within": _number("largest difference of forward and sideways velocity", "m/s", 0.2)}, needs="moves"),
    Term("turned", "condition", "an object has turned about an axis of the world since the start",
         {"body": _BODY, "axis": _TURNING, "angle_deg": _number("how far", "degrees", 90.0, 0.0, 1e6)}),
)  # fmt: skip

ROBOT_TERMS: tuple[Term, ...] = (*_OBSERVATIONS, *_REWARDS, *_CONDITIONS)
