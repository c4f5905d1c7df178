"""Words of the YAML for driving through a place; what they do is in `simgen.env.terms.navigation`."""

from __future__ import annotations

from simgen.spec.registry import Parameter, Term

_TO = {"to": Parameter("place", "object or marker where the way ends", default="goal")}
_WITHIN = Parameter("float", "largest gap between the robot's outline and what it must not touch", "m", 0.03, 0.0, 1.0)
_ARRIVED = {
    "at": Parameter("place", "object or marker", default="goal"),
    "within": Parameter("float", "largest distance of the base", "m", 0.5, 0.0, 10.0),
    "below": Parameter("float", "largest forward speed", "m/s", 0.1, 0.0, 10.0),
}

PLACE_TERMS: tuple[Term, ...] = (
    Term("route", "observation", "way to the goal: 20 points 0.5 m apart, x forward and y left of the robot [m], "
         "(20, 2)", _TO, needs="place"),
    Term("path", "observation", "where the robot is to go next: 5 points of the way 0.4 m apart, x forward and y left "
         "of the robot [m], (5, 2)", _TO, needs="place"),
    Term("way_left", "observation", "length of the way to the goal [m], more where it is narrow, (1,)", _TO,
         needs="place"),
    Term("ego_speed", "observation", "forward speed [m/s] and yaw rate [rad/s], (2,)"),
    Term("command", "observation", "forward speed [m/s] and yaw rate [rad/s] that were commanded last, (2,)",
         needs="drives"),
    Term("progress", "reward", "by how much the last step has shortened the way to the goal [m]", _TO, needs="place"),
    Term("collision_penalty", "reward", "-1 while the robot touches an obstacle or a person",
         {"within": _WITHIN, **_TO}, needs="place"),
    Term("collision", "condition", "the robot touches an obstacle or a person", {"within": _WITHIN, **_TO},
         needs="place"),
    Term("arrived", "condition", "the robot is at its goal, and slow", _ARRIVED, needs="moves"),
)  # fmt: skip
