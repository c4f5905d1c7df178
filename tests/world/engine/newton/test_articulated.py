"""Moving parts in the Newton engine: they follow their joints, resist, stop at their limits, and can be put back."""

from __future__ import annotations

import pytest
import torch
from small_tasks import Bench, task_of

from simgen.world.engine.base import WorldState

OBJECTS = {
    "cabinet": {
        "choose": [{"cabinet": {"seed": 1}}, {"cabinet": {"seed": 2}}],
        "fixed": True,
        "open": {"drawer_1": 0.5},
        "pose": {"on": "table", "xy": [0.3, 0.5], "yaw_deg": 180},
    },
    "faucet": {"faucet": {}, "fixed": True, "pose": {"on": "table", "xy": [0.1, -0.5]}},
}
WORLDS = 3


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench(task_of(OBJECTS), WORLDS)


def ends(bench: Bench, index: int) -> tuple[torch.Tensor, torch.Tensor]:
    joints = [bench.engine.scene(env).bodies[bench.engine.layout.joints[index]].hanging for env in range(WORLDS)]
    limits = [(hanging.joint.lower, hanging.joint.upper) for hanging in joints if hanging is not None]
    return torch.tensor([low for low, _ in limits]), torch.tensor([high for _, high in limits])


def push(part: str, force: tuple[float, float, float]) -> tuple[str, torch.Tensor]:
    return part, torch.tensor([*force, 0.0, 0.0, 0.0]).expand(WORLDS, 6)


def test_worlds_of_one_model_have_cabinets_of_different_sizes(bench: Bench) -> None:
    bench.reset(range(WORLDS))
    candidates = {bench.engine.scene(env).bodies[0].candidate for env in range(WORLDS)}
    assert candidates == {0, 1}
    state = bench.engine.state()
    lower, upper = ends(bench, 0)
    assert torch.allclose(state.joint_position[:, 0], 0.5 * (lower + upper), atol=1e-6)
    for env in range(WORLDS):
        for slot, body in enumerate(bench.engine.scene(env).bodies):
            expected = torch.as_tensor(body.position).float()
            assert torch.allclose(state.body_position[env, slot], expected, atol=1e-5), (env, slot)


def test_friction_holds_what_nobody_pushes(bench: Bench) -> None:
    bench.reset(range(WORLDS))
    before = bench.engine.state().joint_position
    after = bench.step(10).joint_position
    assert torch.allclose(after, before, atol=1e-4)


def test_a_pulled_drawer_slides_along_its_axis_to_its_limit(bench: Bench) -> None:
    bench.reset(range(WORLDS))
    start = bench.engine.state()
    pulled = bench.step(40, push("cabinet.drawer_1", (-8.0, 0.0, 0.0)))
    _, upper = ends(bench, 0)
    assert torch.allclose(pulled.joint_position[:, 0], upper, atol=2e-3)
    moved = pulled.body_position[:, 1] - start.body_position[:, 1]
    assert torch.allclose(moved[:, 0], -(upper - start.joint_position[:, 0]), atol=3e-3)
    assert torch.allclose(moved[:, 1:], torch.zeros(WORLDS, 2), atol=1e-4)
    assert torch.equal(pulled.body_position[:, 0], start.body_position[:, 0]), "the cabinet stands"
    pushed = bench.step(60, push("cabinet.drawer_1", (60.0, 0.0, 0.0)))
    assert torch.allclose(pushed.joint_position[:, 0], torch.zeros(WORLDS), atol=2e-3)


def test_a_lever_turns_about_its_hub(bench: Bench) -> None:
    bench.reset(range(WORLDS))
    slots = [slot.name for slot in bench.engine.layout.bodies]
    lever = slots.index("faucet.lever")
    before = bench.engine.state()
    after = bench.step(20, push("faucet.lever", (6.0, 0.0, 0.0)))
    assert (after.joint_position[:, 2] > 0.5).all()
    hub = torch.tensor([0.1, -0.5])
    reach = [(state.body_position[:, lever, :2] - hub).norm(dim=-1) for state in (before, after)]
    assert torch.allclose(reach[0], reach[1], atol=1e-4)


def test_more_friction_needs_more_force() -> None:
    task = task_of({"faucet": OBJECTS["faucet"]}, randomize={"faucet.joint_friction": {"choose": [1.0, 100.0]}})
    bench = Bench(task, 4)
    bench.reset(range(4))
    drawn = torch.tensor([float(bench.engine.scene(env).values["faucet.joint_friction"]) for env in range(4)])
    assert set(drawn.tolist()) == {1.0, 100.0}
    wrench = torch.tensor([6.0, 0.0, 0.0, 0.0, 0.0, 0.0]).expand(4, 6)
    turned = bench.step(20, ("faucet.lever", wrench)).joint_position[:, 0]
    assert ((turned > 0.3) == (drawn == 1.0)).all()


def test_a_state_with_open_parts_can_be_put_back(bench: Bench) -> None:
    bench.reset(range(WORLDS))
    kept = bench.step(8, push("cabinet.drawer_1", (-6.0, 0.0, 0.0)))
    expected = bench.step(8)
    bench.reset(range(WORLDS))
    bench.engine.set_state(torch.arange(WORLDS), WorldState(**vars(kept)))
    assert torch.allclose(bench.engine.state().body_position, kept.body_position, atol=1e-6)
    again = bench.step(8)
    assert torch.allclose(again.joint_position, expected.joint_position, atol=1e-4)
