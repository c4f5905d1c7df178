"""State in and out, the robot's drives, and memory that Warp and torch share."""

from __future__ import annotations

import pytest
import torch
from small_tasks import Bench, floating, rows_of, standing, task_of

from simgen.world.engine.base import WorldState
from simgen.world.robot.card import load_card

CAMERA = {
    "eye": [0.4, 0, 0.5], "look_at": [0, 0, 0], "fov_deg": 60, "size": [16, 12], "outputs": ["rgb", "depth"],
}  # fmt: skip


@pytest.fixture(scope="module")
def bench() -> Bench:
    objects = {
        "cube": standing({"box": [0.04, 0.04, 0.04]}, y=0.2),
        "ball": floating({"sphere": 0.03}, 0.3, y=-0.2),
        "goal": floating({"marker": {"sphere": 0.02}}, 0.2),
    }
    bench = Bench(task_of(objects, cameras={"base": CAMERA}), 3)
    bench.reset([0, 1, 2])
    return bench


def rows(state: WorldState, ids: list[int]) -> WorldState:
    return WorldState(**{name: getattr(state, name)[ids] for name in WorldState.__dataclass_fields__})


def test_a_recorded_state_can_be_put_back(bench: Bench) -> None:
    bench.reset([0, 1, 2])
    wrench = torch.tensor([0.5, 0.3, 0.0, 0.0, 0.0, 0.01]).expand(3, 6)
    target = bench.engine.state().qpos + 0.2
    bench.engine.set_targets(target)
    middle = bench.step(4, ("cube", wrench))
    joints, bodies = rows_of(middle)
    bench.step(5, ("cube", wrench))
    moved = rows_of(bench.engine.state())

    bench.engine.set_state(torch.tensor([2, 0]), rows(middle, [2, 0]))
    now = bench.engine.state()
    for part in ("qpos", "qvel", "link_position", "link_quaternion"):
        assert torch.allclose(getattr(now, part)[[0, 2]], getattr(middle, part)[[0, 2]], atol=1e-6), part
    assert torch.allclose(rows_of(now)[1][[0, 2]], bodies[[0, 2]], atol=1e-6)
    assert torch.equal(rows_of(now)[0][1], moved[0][1]), "world 1 was not asked for"
    assert torch.equal(rows_of(now)[1][1], moved[1][1])
    assert not torch.allclose(moved[0], joints, atol=1e-3)


def test_a_state_that_was_put_back_goes_on_as_before(bench: Bench) -> None:
    bench.reset([0, 1, 2])
    before = bench.step(3)
    expected = rows_of(bench.step(6))
    bench.engine.set_state(torch.arange(3), before)
    found = rows_of(bench.step(6))
    assert torch.allclose(found[0], expected[0], atol=1e-3)
    assert torch.allclose(found[1][..., :3], expected[1][..., :3], atol=1e-4)


def test_states_are_snapshots(bench: Bench) -> None:
    bench.reset([0, 1, 2])
    first = bench.engine.state()
    copy = [tensor.clone() for tensor in rows_of(first)]
    bench.step(5)
    assert all(torch.equal(a, b) for a, b in zip(rows_of(first), copy, strict=True))
    assert not torch.equal(rows_of(bench.engine.state())[1], copy[1])


def test_quaternions_are_wxyz_and_markers_stay(bench: Bench) -> None:
    bench.reset([0, 1, 2])
    state = bench.step(5)
    goal = bench.layout.slot("goal")
    assert torch.allclose(state.body_quaternion.norm(dim=-1), torch.ones(3, 3), atol=1e-5)
    assert torch.allclose(state.body_quaternion[:, bench.layout.slot("cube"), 0].abs(), torch.ones(3), atol=1e-3)
    assert torch.allclose(state.body_position[:, goal], torch.tensor([0.0, 0.0, 0.2]))
    assert not state.body_linear_velocity[:, goal].any()
    base = bench.engine.link_names.index(load_card("panda").base_link)
    assert torch.allclose(state.link_position[:, base], torch.tensor(bench.layout.robot_position).float(), atol=1e-6)


def test_the_robot_reaches_its_joint_targets(bench: Bench) -> None:
    bench.reset([0, 1, 2])
    start = bench.engine.state().qpos
    offsets = torch.tensor([[0.2], [-0.2], [0.0]]) * torch.tensor([1.0] * 7 + [0.0, 0.0])
    bench.engine.set_targets(start + offsets)
    state = bench.step(30)
    assert (state.qpos[:, :7] - (start + offsets)[:, :7]).abs().max() < 0.01
    assert state.qvel.abs().max() < 0.02


def test_the_gripper_opens_and_closes(bench: Bench) -> None:
    bench.reset([0, 1, 2])
    target = bench.engine.state().qpos
    target[0, 7:], target[1, 7:] = 0.0, 0.04
    bench.engine.set_targets(target)
    fingers = bench.step(15).qpos[:, 7:]
    assert fingers[0].abs().max() < 2e-3
    assert (fingers[1] - 0.04).abs().max() < 2e-3


def test_torch_and_warp_share_their_memory(bench: Bench) -> None:
    physics = bench.engine._physics
    pairs = {name: getattr(physics.state, name) for name in ("joint_q", "joint_qd", "body_q", "body_qd")}
    for name, array in pairs.items():
        assert getattr(physics, name).data_ptr() == array.ptr, name
    first, second = bench.engine.render()["base"], bench.engine.render()["base"]
    assert {name: image.data_ptr() for name, image in first.items()} == {
        name: image.data_ptr() for name, image in second.items()
    }, "images are drawn into the same memory again"


def test_a_reset_moves_the_images_with_the_objects(bench: Bench) -> None:
    bench.reset([0, 1, 2])
    before = bench.engine.render()["base"]["depth"].clone()
    state = bench.engine.state()
    state.body_position[1, bench.layout.slot("cube")] = torch.tensor([0.0, -0.05, 0.02])
    bench.engine.set_state(torch.arange(3), state)
    after = bench.engine.render()["base"]["depth"]
    assert torch.equal(after[[0, 2]], before[[0, 2]])
    assert not torch.equal(after[1], before[1])
    assert after.shape == (3, 12, 16, 1)
    bench.reset([0, 1, 2])
    assert torch.equal(bench.engine.render()["base"]["depth"], before)
