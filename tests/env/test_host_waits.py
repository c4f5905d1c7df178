"""On a GPU the host reads one thing of each control step and waits for nothing else, however the worlds are.

Here all runs on the CPU, by the same calls as on a GPU; see `host_waits` for how waiting shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
import warp as wp
from host_waits import HostWaits, watched
from small_tasks import floating, task_of

from simgen.env import TaskEnv
from simgen.env.scene_facts import SceneFacts
from simgen.spec import TaskSpec, load_task
from simgen.world import host

VERDICT = "env/download.py"
SMALL = ("cameras.base.size=[16, 16]", "render.triangles_per_link=200")
# Between them they use most terms, stages, pushes, people, moving parts and what is derived from images.
TASKS = ("tidy_table", "shelf_place", "push_t", "quadruped_ball", "allegro_rotate_cube", "nav_people", "turn_faucet")
FLOWS = {
    "eye": [0.5, 0.3, 0.5], "look_at": [0.0, 0.0, 0.1], "size": [16, 12],
    "outputs": ["rgb", "depth", "segmentation", "optical_flow", "scene_flow", "pointcloud"],
}  # fmt: skip
STEPS = 3


@pytest.fixture
def as_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "waits_for", lambda device: True)


@contextmanager
def running(task: TaskSpec, images: bool, num_envs: int = 2, **options: Any) -> Iterator[TaskEnv]:
    env = TaskEnv(task, num_envs, images=images, **options)
    try:
        env.reset(seed=0)
        yield env
    finally:
        env.close()


def waits_of(env: TaskEnv) -> HostWaits:
    """Returns what makes the host wait in some steps, after those in which things are compiled and captured."""
    actions = env.action_mode.low.new_zeros(env.num_envs, env.action_mode.dim)
    for _ in range(2):
        env.step(actions)
    with watched() as waits:
        for _ in range(STEPS):
            env.step(actions)
    return waits


def flows() -> TaskSpec:
    falling = floating({"box": [0.06, 0.05, 0.04]}, 0.3)
    return task_of({"box": falling}, robot={"use": "panda", "control": "pd_ee_delta_pose"}, cameras={"base": FLOWS})


@pytest.mark.usefixtures("as_on_a_gpu")
@pytest.mark.parametrize("backend", ["trace", "raster"])
def test_a_step_with_images_reads_the_verdict_alone(backend: str) -> None:
    with running(load_task("pick_cube", SMALL), True, backend=backend) as env:
        assert [file for file, _, _ in waits_of(env).found] == [VERDICT] * STEPS


@pytest.mark.usefixtures("as_on_a_gpu")
def test_derived_images_make_nobody_wait() -> None:
    with running(flows(), True) as env:
        assert [file for file, _, _ in waits_of(env).found] == [VERDICT] * STEPS


@pytest.mark.slow
@pytest.mark.usefixtures("as_on_a_gpu")
@pytest.mark.parametrize("name", TASKS)
def test_no_term_makes_anybody_wait(name: str) -> None:
    with running(load_task(name), False) as env:
        assert [file for file, _, _ in waits_of(env).found] == [VERDICT] * STEPS


def test_on_a_cpu_nothing_waits_and_shortcuts_are_taken() -> None:
    assert not host.waits_for(torch.device("cpu"))
    assert host.waits_for(torch.device("cuda:0"))
    assert not host.may_be_any(torch.zeros(3, dtype=torch.bool))
    assert host.may_be_any(torch.tensor([False, True]))


@pytest.mark.gpu
def test_torch_sees_nobody_wait_on_a_gpu() -> None:
    with running(load_task("pick_cube", SMALL), True, device="cuda:0") as env:
        actions = torch.zeros(env.num_envs, env.action_mode.dim, device="cuda:0")
        env.step(actions)
        torch.cuda.set_sync_debug_mode("error")
        try:
            for _ in range(STEPS):
                env.step(actions)
        finally:
            torch.cuda.set_sync_debug_mode("default")


def of_actions(env: TaskEnv, steps: int) -> Iterator[torch.Tensor]:
    rng = torch.Generator().manual_seed(0)
    for _ in range(steps):
        yield 2 * torch.rand(env.num_envs, env.action_mode.dim, generator=rng) - 1


def leaves(tree: dict[str, Any], prefix: str = "") -> dict[str, torch.Tensor]:
    found = {}
    for name, value in tree.items():
        found |= leaves(value, f"{prefix}{name}/") if isinstance(value, dict) else {prefix + name: value}
    return found


def seen(task: TaskSpec, steps: int) -> list[dict[str, torch.Tensor]]:
    """Returns observation, reward and ends of all steps, of which some are the last of an episode."""
    moments = []
    with running(task, True) as env:
        for actions in of_actions(env, steps):
            obs, reward, terminated, truncated, info = env.step(actions)
            numbers = {"reward": reward, "terminated": terminated, "truncated": truncated}
            moments.append(leaves(obs) | numbers | leaves({"final": info.get("final_obs", {})}))
    return moments


@pytest.mark.slow
def test_what_a_gpu_would_do_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    task = flows().model_copy(update={"episode": flows().episode.model_copy(update={"max_steps": 3})})
    here = seen(task, 7)
    monkeypatch.setattr(host, "waits_for", lambda device: True)
    for before, now in zip(here, seen(task, 7), strict=True):
        assert before.keys() == now.keys()
        assert all(torch.equal(before[name], now[name]) for name in before)
    assert sum("final/agent/qpos" in moment for moment in here) == 2


@pytest.mark.usefixtures("as_on_a_gpu")
def test_actions_that_are_not_finite_end_the_episode_where_nobody_looked_before() -> None:
    with running(load_task("pick_cube"), False, num_envs=3) as env:
        actions = torch.zeros(3, env.action_mode.dim)
        actions[1, 0] = torch.nan
        outcome = env.advance(actions)
        assert outcome.problems == {1: "the action was not finite (NaN or infinite)"}
        assert outcome.truncated.tolist() == outcome.verdict.ended.tolist() == [False, True, False]
        assert env.worlds.state.qpos.isfinite().all(), "it has not come into the simulation"
        assert env.advance(torch.zeros(3, env.action_mode.dim)).problems == {}


# Each makes the host wait; they are called through functions of simgen's, which is where waits are looked for.
CROSSINGS: dict[str, Callable[[torch.Tensor], Any]] = {
    "reads by item": lambda rows: rows[0].item(),
    "reads by __bool__": lambda rows: bool((rows > 0).any()),
    "reads by tolist": lambda rows: rows.tolist(),
    "reads by cpu": lambda rows: rows.cpu(),
    "reads by to": lambda rows: rows.to("cpu"),
    "reads by nonzero": lambda rows: rows.nonzero(),
    "reads by numpy": lambda rows: rows.numpy(),
    "reads how many a mask selects": lambda rows: rows[rows > 0],
    "reads a length by repeat_interleave": lambda rows: rows.repeat_interleave(torch.ones_like(rows).long()),
    "hands over numbers by new_tensor": lambda rows: rows.new_tensor([1.0]),
    "hands over numbers by tensor": lambda rows: torch.tensor([1.0], device=rows.device),
    "hands over an index": lambda rows: rows[[0, 1]],
    "makes a tensor of the host's by arange": lambda rows: torch.arange(3),
    "hands over numbers by wp.array": lambda rows: wp.array([1.0], dtype=wp.float32, device="cpu"),
    "waits by array.numpy": lambda rows: wp.from_torch(rows).numpy(),
    "waits by warp.synchronize": lambda rows: wp.synchronize(),
}


class _OneWorld:
    num_envs, device = 1, torch.device("cpu")

    def __init__(self, crossing: Callable[[torch.Tensor], Any]) -> None:
        self._crossing = crossing

    def scene(self, env_id: int) -> float:
        self._crossing(torch.tensor([1.0, 2.0], device="cpu"))
        return 0.0


def noticed(work: Callable[[torch.Tensor], Any]) -> list[str]:
    facts = SceneFacts(_OneWorld(work))  # type: ignore[arg-type]
    with watched() as waits:
        facts.get("nothing", lambda scene: 0.0)
    return [what for _, _, what in waits.found]


@pytest.mark.parametrize("what", CROSSINGS)
def test_each_way_of_waiting_is_seen(what: str) -> None:
    assert what in noticed(CROSSINGS[what])


def test_what_does_not_wait_is_not_taken_for_it() -> None:
    def nothing(rows: torch.Tensor) -> None:
        pass

    def harmless(rows: torch.Tensor) -> None:
        rows[host.indices([0], rows.device)] *= host.constant([0.25], like=rows)
        rows[rows > 1.0] = 2.0
        rows.masked_fill_(rows == 0, 1.0)
        wp.to_torch(wp.zeros(3, dtype=wp.float32, device="cpu"))

    harmless(torch.tensor([1.0, 2.0]))  # constants are handed over once
    assert noticed(harmless) == noticed(nothing)


def test_what_is_kept_can_be_used_after_inference_mode() -> None:
    with torch.inference_mode():
        kept = host.constant([0.25, 4.5], torch.zeros(1))
    factors = torch.ones(2, requires_grad=True)
    (factors * kept).sum().backward()
    assert factors.grad is not None
    assert factors.grad.tolist() == [0.25, 4.5]
