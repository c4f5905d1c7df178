"""Terms are what the vocabulary says: same names and parameters, and the right values on states made by hand."""

from __future__ import annotations

import inspect
import math

import pytest
import torch
from hand_made import HandMade
from small_tasks import task_of

from simgen.env.terms import bind_condition, bind_observations, bind_rewards, condition, observation, reward
from simgen.env.terms.bind import StepFacts
from simgen.spec import vocabulary
from simgen.spec.registry import Term
from simgen.spec.terms import Condition, RewardSpec, TermCall

OBJECTS = {
    "cube": {"box": [0.04, 0.04, 0.04], "pose": {"on": "table", "xy": [0.0, 0.0]}},
    "base": {"box": [0.06, 0.06, 0.04], "pose": {"on": "table", "xy": [0.2, 0.0]}},
    "bin": {"bin": {"length": 0.2, "width": 0.2, "height": 0.05}, "fixed": True, "pose": {"xy": [0.0, 0.3]}},
    "peg": {"peg": {"length": 0.2, "width": 0.04}, "pose": {"on": "table", "xy": [0.0, -0.3]}},
    "box": {"box_with_hole": {"size": 0.2, "hole": 0.046}, "fixed": True, "pose": {"xy": [-0.3, 0.3]}},
    "goal": {"marker": {"sphere": 0.02}, "pose": {"above": "table", "xy": [0.0, 0.0], "z": 0.2}},
}
IMPLEMENTED = {
    "observation": observation.OBSERVATIONS,
    "reward": reward.REWARDS,
    "condition": condition.CONDITIONS,
}
ELSEWHERE = {
    ("reward", "success"), ("reward", "action_penalty"), ("reward", "stages_done"), ("observation", "stage"),
}  # no functions of the worlds alone  # fmt: skip


@pytest.fixture
def made() -> HandMade:
    return HandMade(task_of(OBJECTS), 3)


def holds(made: HandMade, written: object) -> list[bool]:
    return bind_condition(Condition.model_validate(written), made.worlds)().tolist()


def value(made: HandMade, written: object, action: torch.Tensor | None = None) -> list[float]:
    function = next(iter(bind_rewards([RewardSpec.model_validate(written)], made.worlds).values()))
    facts = StepFacts(
        torch.zeros(3, 7) if action is None else action, torch.tensor([True, False, True]), torch.zeros(3)
    )
    return function(facts).tolist()


@pytest.mark.parametrize("term", vocabulary.TERMS, ids=lambda term: f"{term.role} {term.name}")
def test_every_term_is_implemented_with_its_parameters(term: Term) -> None:
    if (term.role, term.name) in ELSEWHERE:
        return
    written = dict(inspect.signature(IMPLEMENTED[term.role][term.name]).parameters)
    written.pop("worlds")
    if term.name == "in":  # a word of Python: the parameter of this name comes in **parameters
        assert [parameter.kind for parameter in written.values()][-1] is inspect.Parameter.VAR_KEYWORD
        assert set(term.parameters) == {"body", "in"}
        return
    assert set(written) == set(term.parameters)
    for name, parameter in term.parameters.items():
        expected = inspect.Parameter.empty if parameter.required else parameter.default
        assert written[name].default == expected, name


def test_nothing_is_implemented_that_cannot_be_written() -> None:
    for role, functions in IMPLEMENTED.items():
        assert set(functions) <= {term.name for term in vocabulary.TERMS if term.role == role}


def test_near_counts_the_axes_and_the_offset_that_it_is_told(made: HandMade) -> None:
    made.put("cube", [[0.0, 0.0, 0.2], [0.0, 0.02, 0.2], [0.0, 0.0, 0.1]])
    assert holds(made, {"near": {"body": "cube", "at": "goal", "within": 0.01}}) == [True, False, False]
    assert holds(made, {"near": {"body": "cube", "at": "goal", "within": 0.01, "axes": "xy"}}) == [True, False, True]
    shifted = {"body": "cube", "at": "goal", "within": 0.01, "offset": [0.0, 0.0, -0.1]}
    assert holds(made, {"near": shifted}) == [False, False, True]
    assert holds(made, {"near": {"body": "cube", "at": [0.0, 0.02, 0.2], "within": 0.001}}) == [False, True, False]


def test_on_needs_height_outline_and_touch(made: HandMade) -> None:
    made.put("cube", [[0.2, 0.0, 0.06], [0.2, 0.0, 0.06], [0.24, 0.0, 0.06]])
    made.push("cube", "base", [[0.0, 0.0, 1.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    assert holds(made, {"on": {"body": "cube", "on": "base"}}) == [True, False, False]
    assert holds(made, {"on": {"body": "cube", "on": "table"}}) == [False, False, False]
    made.put("cube", [[0.0, 0.0, 0.02], [0.0, 0.0, 0.05], [0.0, 0.0, 0.02]])
    made.push("cube", "table", [[0.0, 0.0, 1.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    assert holds(made, {"on": {"body": "cube", "on": "table"}}) == [True, False, False]


def test_on_holds_for_what_has_rolled() -> None:
    """A ball or a lying cylinder stands on the table however it is turned, not the box around it."""
    half = 0.5**0.5
    turns = [[1.0, 0.0, 0.0, 0.0], [0.923880, 0.382683, 0.0, 0.0], [0.653281, 0.653281, 0.270598, 0.270598]]
    made = HandMade(task_of({"ball": {"sphere": 0.03, "pose": {"xy": [0, 0]}}}), 3)
    made.put("ball", [[0.0, 0.0, 0.03]] * 3, turns)
    made.push("ball", "table", [[0.0, 0.0, 1.0]] * 3)
    assert holds(made, {"on": {"body": "ball", "on": "table"}}) == [True, True, True]
    made = HandMade(task_of({"can": {"cylinder": {"radius": 0.03, "height": 0.1}, "pose": {"xy": [0, 0]}}}), 2)
    made.put("can", [[0.0, 0.0, 0.03], [0.0, 0.0, 0.05]], [[half, half, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]])
    made.push("can", "table", [[0.0, 0.0, 1.0]] * 2)
    assert holds(made, {"on": {"body": "can", "on": "table"}}) == [True, True]


def test_in_needs_the_origin_over_the_floor_and_the_bottom_below_the_rim(made: HandMade) -> None:
    made.put("cube", [[0.05, 0.3, 0.026], [0.15, 0.3, 0.026], [0.0, 0.3, 0.09]])
    assert holds(made, {"in": {"body": "cube", "in": "bin"}}) == [True, False, False]
    assert value(made, {"in": {"body": "cube", "in": "bin"}, "weight": 2.0}) == [2.0, 0.0, 0.0]


def test_inside_is_a_box_in_the_world(made: HandMade) -> None:
    made.put("cube", [[0.0, 0.0, 0.02], [0.2, 0.0, 0.02], [0.0, 0.0, 0.5]])
    region = [[-0.1, -0.1, 0.0], [0.1, 0.1, 0.1]]
    assert holds(made, {"inside": {"body": "cube", "region": region}}) == [True, False, False]
    assert holds(made, {"not": {"inside": {"body": "cube", "region": region}}}) == [False, True, True]


def test_grasped_needs_both_fingers_from_opposite_sides(made: HandMade) -> None:
    made.push("cube", "panda_leftfinger", [[0.0, 5.0, 0.0], [0.0, 5.0, 0.0], [5.0, 0.0, 0.0]])
    made.push("cube", "panda_rightfinger", [[0.0, -5.0, 0.0], [0.0, 0.0, 0.0], [-5.0, 0.0, 0.0]])
    assert holds(made, {"grasped": {"body": "cube"}}) == [True, False, False]
    assert holds(made, {"released": {"body": "cube"}}) == [False, False, False]
    assert holds(made, {"released": {"body": "base"}}) == [True, True, True]
    calls = [TermCall(name="is_grasped")]
    assert bind_observations(calls, made.worlds)["is_grasped"]().tolist() == [[1.0], [0.0], [0.0]]


def test_static_is_about_speed_and_turning(made: HandMade) -> None:
    state, slot = made.engine.state(), made.engine.layout.slot("cube")
    state.body_linear_velocity[1, slot, 0] = 0.1
    state.body_angular_velocity[2, slot, 2] = 1.0
    assert holds(made, {"body_static": {"body": "cube"}}) == [True, False, False]
    assert holds(made, {"body_static": {"body": "cube", "below": 0.2, "turning": 2.0}}) == [True, True, True]
    state.qvel[0, 3] = -0.5
    assert holds(made, {"robot_static": {"below": 0.2}}) == [False, True, True]
    state.qvel[1, 8] = 1.0  # a finger, not the arm
    assert holds(made, "robot_static") == [False, True, True]


def test_upright_and_lifted(made: HandMade) -> None:
    half = math.sqrt(0.5)
    made.put("peg", [[0.0, 0.0, 0.1]] * 3, [[half, 0.0, -half, 0.0], [half, 0.0, half, 0.0], [1.0, 0.0, 0.0, 0.0]])
    assert holds(made, {"upright": {"body": "peg", "axis": "x"}}) == [True, False, False]
    assert holds(made, {"upright": {"body": "peg", "axis": "-x"}}) == [False, True, False]
    assert value(made, {"upright": {"body": "peg", "axis": "x"}})[0] == pytest.approx(1.0, abs=1e-3)
    made.put("cube", [[0.0, 0.0, 0.02], [0.0, 0.0, 0.07], [0.0, 0.0, 0.2]])
    assert holds(made, {"lifted": {"body": "cube", "height": 0.04}}) == [False, True, True]


def test_inserted_is_the_head_near_the_middle_of_the_hole(made: HandMade) -> None:
    # the box is at (-0.3, 0.3, 0.1); the peg's head is 0.1 m in front of its middle
    made.put("peg", [[-0.41, 0.3, 0.1], [-0.43, 0.3, 0.1], [-0.41, 0.33, 0.1]], [1.0, 0.0, 0.0, 0.0])
    assert holds(made, {"inserted": {"body": "peg", "into": "box"}}) == [True, False, False]
    insert = value(made, {"insert": {"body": "peg", "into": "box", "scale": 5.0}})
    assert insert[0] == pytest.approx(1.0 - math.tanh(0.05), abs=1e-5)
    assert insert[1] < insert[0]
    align = value(made, {"align": {"body": "peg", "into": "box", "scale": 5.0}})
    assert align == pytest.approx([1.0, 1.0, 1.0 - math.tanh(0.15)], abs=1e-5)


def test_shaped_rewards_fall_with_distance(made: HandMade) -> None:
    made.put("cube", [[0.0, 0.0, 0.02], [0.1, 0.0, 0.02], [0.3, 0.0, 0.02]])
    made.put("tcp", [[0.0, 0.0, 0.02]] * 3)
    expected = [1.0, 1.0 - math.tanh(0.5), 1.0 - math.tanh(1.5)]
    assert value(made, {"reach": {"body": "cube", "scale": 5.0}}) == pytest.approx(expected, abs=1e-5)
    place = {"place": {"body": "cube", "at": "goal", "axes": "xy"}, "weight": 3.0}
    assert value(made, place) == pytest.approx([3.0 * part for part in expected], abs=1e-5)
    assert value(made, {"place": {"body": "cube", "at": "goal"}, "when": "grasped"}) == [0.0, 0.0, 0.0]
    # the push point is 0.02 + 0.03 m behind the cube, as seen from the goal
    made.put("tcp", [[0.0, 0.0, 0.02], [0.15, 0.0, 0.02], [0.0, 0.0, 0.02]])
    assert value(made, {"push": {"body": "cube", "at": "goal"}})[1] == pytest.approx(1.0, abs=1e-5)


def test_penalties_and_success(made: HandMade) -> None:
    assert value(made, {"action_penalty": {}}, torch.full((3, 7), 2.0)) == [-28.0] * 3
    made.engine.state().qvel[1, :2] = torch.tensor([3.0, 4.0])
    assert value(made, {"joint_velocity_penalty": {}}) == [0.0, -25.0, 0.0]
    assert value(made, {"success": {}, "weight": 2.0}) == [2.0, 0.0, 2.0]


def test_observations_have_their_shapes_and_values(made: HandMade) -> None:
    made.put("cube", [[0.1, 0.2, 0.3]] * 3)
    calls = [TermCall(name=name) for name in ("qpos", "tcp_pose", "goal_position", "cube_pose", "cube_velocity")]
    calls.append(TermCall(name="relative_position", parameters={"body": "cube", "to": "goal"}))
    found = {name: function() for name, function in bind_observations(calls, made.worlds).items()}
    assert {name: tuple(tensor.shape) for name, tensor in found.items()} == {
        "qpos": (3, 9), "tcp_pose": (3, 7), "goal_position": (3, 3), "cube_pose": (3, 7), "cube_velocity": (3, 6),
        "relative_position_cube_goal": (3, 3),
    }  # fmt: skip
    torch.testing.assert_close(found["cube_pose"][0, :3], torch.tensor([0.1, 0.2, 0.3]))
    torch.testing.assert_close(found["relative_position_cube_goal"][0], torch.tensor([-0.1, -0.2, -0.1]))
