"""What a person can do with a live world: turn knobs, drive, record, and replay what was recorded."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import viser
from recorded import write_swings
from small_tasks import COIN

from simgen.cli import main
from simgen.data import open_dataset
from simgen.data.replay import replay_episode
from simgen.env.base import BaseEnv
from simgen.env.factory import make_env
from simgen.generate.identity import dataset_spec
from simgen.generate.options import GenerateOptions
from simgen.generate.part import TaskPart
from simgen.generate.share import Share, Turns
from simgen.spec import load_task
from simgen.view.live.driving import Driver, Held, Inputs
from simgen.view.live.human import human_spec
from simgen.view.live.ranges import Ranges
from simgen.view.live.session import WatchOptions, WatchView
from simgen.view.live.task import task_to_watch
from simgen.world import rotation
from simgen.world.robot.links import Links, tool_poses
from simgen.world.scene.layout import layout_of

COIN_WITH_CAMERA = COIN | {
    "episode": {"max_steps": 40, "control_hz": 20, "sim_hz": 40},
    "cameras": {
        "base": {"eye": [0.5, 0.4, 0.5], "look_at": [0, 0, 0.1], "size": [32, 32], "outputs": ["rgb", "depth"]}
    },
    "randomize": {"cube.mass": {"uniform": [0.1, 0.3]}, "camera.base.eye": {"jitter": 0.02}},
}


@pytest.fixture(scope="module")
def env() -> Iterator[BaseEnv]:
    env = make_env(load_task(COIN_WITH_CAMERA), 1)
    yield env
    env.close()


@pytest.fixture
def watch(server: viser.ViserServer, env: BaseEnv, tmp_path: Path) -> Iterator[WatchView]:
    view = WatchView(server, env, WatchOptions(seed=5, out=tmp_path / "human"))
    yield view
    view.close()


def _drive(view: WatchView, keys: list[str], steps: int) -> None:
    for _ in range(steps):
        view.inputs.report(json.dumps({"keys": keys, "n": 1}))
        view.step()


def _record_one(view: WatchView) -> bool:
    """Drives until the episode succeeds, or saves it after six steps; returns whether it succeeded."""
    kept, successes = view.recording.kept, view.recording.successes
    for _ in range(6):
        _drive(view, ["KeyW", "KeyR"], 1)
        if view.recording.kept > kept:
            return True
    view.inputs.press("save")
    _drive(view, [], 1)
    assert (view.recording.kept, view.recording.successes) == (kept + 1, successes)
    return False


def test_links_are_where_the_engine_has_them(env):
    env.start([0], [3])
    for _ in range(5):
        env.advance(torch.full((1, env.action_mode.dim), 0.7))
    state = env.worlds.state
    links = Links(env.card)
    assert links.names == tuple(env.engine.link_names)
    root = torch.cat([state.link_position[:, 0], state.link_quaternion[:, 0]], -1).numpy()
    poses = links.poses(root, state.qpos.numpy())
    assert np.abs(poses[0, :, :3] - state.link_position[0].numpy()).max() < 1e-5
    aligned = np.abs((poses[0, :, 3:] * state.link_quaternion[0].numpy()).sum(-1))
    assert aligned == pytest.approx(1.0, abs=1e-5)
    tool = tool_poses(env.card, links.names, poses)
    assert np.abs(tool[0, :3] - env.worlds.tcp_position[0].numpy()).max() < 1e-5


def test_what_a_person_does_is_recorded_and_replays(watch, env, tmp_path):
    watch.panel.recording.value = True
    watch.step()
    assert watch.recording_now
    assert watch.waiting
    for _ in range(3):
        watch.step()
    assert watch.recording.steps == 0, "it begins with the first move"
    executed: list[torch.Tensor] = []
    advance = env.advance
    env.advance = lambda action: (executed.append(action.clone()), advance(action))[1]
    try:
        ends = []
        while len(set(ends)) < 2:  # half of the seeds succeed by doing nothing
            executed[:] = []
            ends.append(_record_one(watch))
        last = torch.cat(executed).numpy()
    finally:
        env.advance = advance
    watch.panel.recording.value = False
    watch.step()
    watch.close()
    with open_dataset(tmp_path / "human") as dataset:
        assert dataset.phases == ["human"]
        assert [episode.success for episode in dataset] == ends
        assert [episode.flags == [] for episode in dataset] == ends
        assert np.array_equal(dataset[-1].actions, last)
        assert np.abs(dataset[-1].actions).max() > 0.1
        longest = max(dataset, key=len).number
    replay = replay_episode(tmp_path / "human", longest)
    assert replay.identical
    assert replay.steps == 6


def test_recording_goes_on_where_it_stopped_and_counts_what_was_discarded(server, env, tmp_path):
    options = WatchOptions(seed=7, out=tmp_path / "human")
    finished: list[int] = []
    for round_ in range(2):
        view = WatchView(server, env, options)
        view.panel.at_once.value = False
        view.panel.recording.value = True
        view.step()
        for press in ("discard", "save"):
            _drive(view, ["KeyA"], 2)
            view.inputs.report("{}")
            view.inputs.press(press)
            view.step()
        assert (view.recording.kept, view.recording.dropped, view.recording.before) == (1, 1, round_)
        _drive(view, ["KeyA"], 3)
        finished += [1, 3][round_ : round_ + 1] + [4] * bool(view.ended)
        view.close()  # what has not ended is not kept
    with open_dataset(tmp_path / "human") as dataset:
        assert [episode.index for episode in dataset] == finished
        seeds = [episode.seed for episode in dataset]
    assert len(set(seeds)) == len(finished)


def test_an_ended_episode_waits_for_an_answer(watch):
    watch.panel.recording.value = True
    watch.panel.at_once.value = False
    watch.step()
    _drive(watch, ["KeyS"], 45)
    assert watch.ended
    assert watch.recording.kept == 0
    assert "save or discard" in watch._recorded()
    steps = watch.recording.steps
    _drive(watch, ["KeyS"], 3)
    assert watch.recording.steps == steps, "the world stands still meanwhile"
    watch.close()
    assert watch.recording.kept == 1, "nothing finished is lost"


def test_the_tool_goes_where_it_is_told_and_stands_still_otherwise(env):
    driver = Driver(env)
    env.start([0], [4])
    driver.begin()
    start = env.worlds.tcp_position[0].clone()
    for _ in range(10):
        env.advance(driver.action(Held(), None))
    still = env.worlds.tcp_position[0].clone()
    assert (still - start).norm() < 2e-3
    for _ in range(20):
        action = driver.action(Held((1.0, 0, 0, 0, 0, 0)), np.pi / 2)
        assert torch.all(action >= env.action_mode.low)
        assert torch.all(action <= env.action_mode.high)
        env.advance(action)
    moved = env.worlds.tcp_position[0] - still
    assert 0.12 < moved[1] < 0.3, "0.25 m/s for a second, to where the person looks"
    assert moved[[0, 2]].abs().max() < 0.03
    turn = env.worlds.tcp_quaternion.clone()
    for _ in range(10):
        env.advance(driver.action(Held((0, 0, 0, 0, 0, 1.0)), None))
    turned = rotation.to_rotation_vector(rotation.multiply(env.worlds.tcp_quaternion, rotation.conjugate(turn)))
    assert turned[0, 2] > 0.25
    fingers = env.worlds.state.qpos[0, -1].clone()
    driver.toggle_gripper()
    for _ in range(10):
        env.advance(driver.action(Held(), None))
    assert abs(float(env.worlds.state.qpos[0, -1] - fingers)) > 0.01


def test_reports_of_the_page():
    inputs = Inputs()
    inputs.report('{"keys": ["KeyW", "KeyD", "ShiftLeft", "Space", "KeyZ"]}')
    assert inputs.held().axes == pytest.approx((0.3, -0.3, 0, 0, 0, 0))
    assert inputs.presses() == ["gripper"]
    inputs.report('{"keys": ["Space"]}')
    assert inputs.presses() == [], "it is still held"
    inputs.report('{"keys": [], "taps": {"Enter": 1, "KeyW": 4}}')  # pressed and let go between two reports
    assert inputs.presses() == ["save"]
    inputs.report('{"keys": [], "taps": {"Enter": 1}}')
    assert inputs.presses() == []
    inputs.report('{"keys": ["Enter"], "taps": {"Enter": 3}}')
    assert inputs.presses() == ["save", "save"]
    inputs.report('{"keys": [], "taps": {"Enter": 1}}')  # the page was loaded anew, and the key was hit since
    assert inputs.presses() == ["save"]
    for nonsense in ("", "[]", "{", '{"keys": 3}', '{"axes": ["a"]}', "null"):
        inputs.report(nonsense)
    pad = {"axes": [0.05, -1.0, 0.5, 0.0], "buttons": [1.0, 0, 0, 0, 0, 0, 0, 0.5, 0, 1.0]}
    inputs.report(json.dumps(pad))
    forward, left, up, _, _, yaw = inputs.held().axes
    assert (forward, left, up) == pytest.approx((1.0, 0.0, 0.5))
    assert yaw < -0.3
    assert sorted(inputs.presses()) == ["gripper", "save"]
    inputs.report('{"axes": [1e999, null]}')
    inputs._told -= 1.0
    assert not inputs.held().any, "a page that is gone holds nothing"
    inputs.jog(2, -1.0)
    assert inputs.held().axes[2] == -1.0


def test_knobs_set_what_is_drawn(watch):
    names = {knob.name: knob for knob in watch._ranges.knobs}
    assert set(names) >= {"cube.mass", "camera.base.eye"}
    assert (names["cube.mass"].low, names["cube.mass"].high) == ((0.1,), (0.3,))
    assert names["camera.base.eye"].low == pytest.approx((0.48, 0.38, 0.48))
    drawn = dict(watch.world.scene.values)
    seed = watch.world.scene.seed
    mass = watch.panel._knobs[names["cube.mass"]][0]
    assert mass.value == pytest.approx(drawn["cube.mass"])
    mass.value = 0.25
    watch.step()
    scene = watch.world.scene
    assert scene.seed == seed
    assert scene.values["cube.mass"] == pytest.approx(0.25)
    assert scene.bodies[0].mass == pytest.approx(0.25)
    assert scene.values["camera.base.eye"] == drawn["camera.base.eye"], "all else stays as it was"
    watch.panel._loosen()
    watch.step()
    assert watch.world.scene.values == drawn


def test_knobs_of_a_real_task():
    task = load_task("pick_cube")
    ranges = Ranges(task, layout_of(task))
    ranges.prepare(3)
    names = {knob.name: knob for knob in ranges.knobs}
    assert names["cube.color"].words == ("red", "blue", "yellow")
    assert names["goal.pose.z"].labels == ("goal.pose.z",)
    assert names["cube.pose.xy"].labels == ("cube.pose.xy.x", "cube.pose.xy.y")
    scene = ranges.scene(3, {names["cube.color"]: "yellow", names["cube.pose.xy"]: [0.05, -0.03]})
    assert scene.bodies[0].color_name == "yellow"
    assert scene.bodies[0].position[:2] == pytest.approx([0.05, -0.03])
    assert scene.bodies[1].position == pytest.approx(ranges.scene(3, {}).bodies[1].position)


def test_pause_single_step_teacher_and_seed(watch):
    place = next(knob for knob in watch._ranges.knobs if knob.name == "cube.pose.xy")
    watch.panel.turned = {place: [0.1, -0.2]}  # where the task is not done
    watch._again()
    watch.step()
    watch._asked.put("pause")
    watch.step()
    steps = watch.world.steps
    watch.step()
    assert watch.world.steps == steps
    watch._asked.put("step")
    watch.step()
    assert watch.world.steps == steps + 1
    assert watch.panel.teacher.value
    assert "paused" in watch.panel._facts.content
    assert "return" in watch.panel._terms.content
    watch._asked.put("pause")
    watch.panel.seed.value = 12
    watch.step()
    assert watch.world.scene.seed == 12
    assert watch.world.steps == 1
    for _ in range(40):
        watch.step()
    assert watch.ended
    watch._ended_at -= 10
    watch.step()
    assert watch.world.scene.seed != 12, "the next one comes by itself"


def test_a_recorded_dataset_is_one_that_generate_would_make():
    task = load_task(COIN_WITH_CAMERA)
    options = GenerateOptions(seed=3)
    part = TaskPart(task, Share(Turns([1.0]), 0), {}, options)
    assert human_spec(task, 3, None, {}) == dataset_spec(task, [part], options)


def test_which_task_is_watched(caplog):
    task = task_to_watch("pick_cube")
    assert task.episode.max_steps == 1200
    assert task_to_watch("pick_cube", ["episode.max_steps=70"]).episode.max_steps == 70
    assert task_to_watch("pick_cube", seconds=2.0).episode.max_steps == 40
    assert task_to_watch("open_drawer").name == "open_drawer-cabinet_2drawer"
    assert "--variant takes open_drawer-cabinet_3drawer" in caplog.text


def test_wrong_input_is_refused_before_anything_is_built(tmp_path, capsys):
    started = time.monotonic()
    cases = [
        (["no_such_task"], "no_such_task"),
        (["pick_cube", "--seconds", "-1"], "--seconds -1: allowed"),
        (["open_drawer", "--variant", "open_drawer-cabinet_2drawers"], "did you mean 'open_drawer-cabinet_2drawer'"),
        (["pick_cube", "--variant", "panda"], "is one task"),
        (["pick_cube", "--port", "70000"], "--port 70000"),
    ]
    other = write_swings(tmp_path / "other")
    cases.append((["pick_cube", "--out", str(other)], "spec"))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine", encoding="utf-8")
    cases.append((["pick_cube", "--out", str(tmp_path / "full")], "holds no simgen dataset"))
    for arguments, said in cases:
        assert main(["watch", *arguments]) == 2, arguments
        assert said in capsys.readouterr().err
    assert time.monotonic() - started < 15
