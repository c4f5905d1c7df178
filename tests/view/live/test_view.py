"""What `simgen view` shows of recorded episodes, and what it says to wrong input."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ctrl_c import heed_ctrl_c
from data.synthetic_episodes import make_episode
from recorded import STEPS, make_swing, write_swings

from simgen.cli import main
from simgen.data import DatasetWriter, open_dataset
from simgen.spec import load_task
from simgen.view.live import motion as motion_module
from simgen.view.live.cameras import CameraPose, cloud_of
from simgen.view.live.motion import Settings, motion_of
from simgen.view.live.playback import Playback
from simgen.view.live.task import task_to_watch
from simgen.view.live.text import escaped
from simgen.view.live.view import DatasetView
from simgen.world.scene.layout import layout_of
from simgen.world.scene.sample import SceneSampler


@pytest.fixture(scope="module")
def swings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_swings(tmp_path_factory.mktemp("swings") / "data")


def test_robot_and_objects_are_where_they_were(swings):
    with open_dataset(swings) as dataset:
        episode = dataset.episode("teacher", 1)
        setting = Settings(dataset.spec).of(episode)
        motion = motion_of(episode, setting)
    assert setting.note == ""
    assert motion.links is not None
    assert motion.bodies is not None
    cube = setting.layout.slot("cube")
    assert motion.bodies[-1, cube, 2] - motion.bodies[0, cube, 2] == pytest.approx(0.2, abs=1e-6)
    assert motion.paths["cube"].shape == (STEPS + 1, 3)
    base = np.array([-0.615, 0.0, 0.0])
    start, end = motion.paths["tool"][[0, -1]] - base
    assert np.linalg.norm(start) == pytest.approx(np.linalg.norm(end), abs=1e-6), "it swings about the base's axis"
    turned = np.arctan2(end[1], end[0]) - np.arctan2(start[1], start[0])
    assert turned == pytest.approx(1.2, abs=1e-6)


def test_parts_hang_on_what_carries_them():
    task = task_to_watch("open_drawer")
    layout = layout_of(task)
    scene = SceneSampler(task, layout).sample(3)
    index = layout.slot("cabinet")
    members = layout.members(index)[1:]
    travel = [scene.bodies[member].hanging.start for member in members]
    root = np.concatenate([scene.bodies[index].position, scene.bodies[index].quaternion, np.zeros(6)])
    rows = {"env_states/articulations/cabinet": np.tile([*root, *travel, *np.zeros(len(members))], (2, 1))}
    rows["env_states/articulations/cabinet"][1, 13] += 0.1
    bodies = motion_module._bodies(layout, scene, rows, 2)
    for member in members:
        assert bodies[0, member, :3] == pytest.approx(scene.bodies[member].position, abs=1e-6)
    assert np.linalg.norm(bodies[1, members[0], :3] - bodies[0, members[0], :3]) == pytest.approx(0.1, abs=1e-6)


def test_points_are_where_the_camera_measured_them():
    intrinsic = np.array([[50.0, 0, 20], [0, 40.0, 10], [0, 0, 1]])
    extrinsic = np.array([[0, -1.0, 0, 0.1], [0, 0, -1, 0.2], [1, 0, 0, 0.3]])
    pose = CameraPose.of(intrinsic, extrinsic)
    depth = np.zeros((20, 40), np.int16)
    depth[7, 31], depth[2, 3] = 1500, 800
    colors = np.zeros((20, 40, 3), np.uint8)
    colors[7, 31] = (9, 8, 7)
    points, shades = cloud_of(pose, depth, colors)
    seen = extrinsic @ np.c_[points, np.ones(2)].T
    pixels = (intrinsic @ seen)[:2] / seen[2]
    assert pytest.approx(np.array([[3.5, 2.5], [31.5, 7.5]]), abs=1e-3) == pixels.T
    assert seen[2] == pytest.approx([0.8, 1.5])
    assert shades[1].tolist() == [9, 8, 7]
    assert CameraPose.of(np.eye(3), np.full((3, 4), np.nan)) is None
    points, _ = cloud_of(pose, np.full((1000, 1000), 900, np.int16), None)
    assert 10_000 < len(points) <= 20_000


def test_slider_play_and_episode_change_what_is_shown(swings, server):
    with open_dataset(swings) as dataset:
        view = DatasetView(server, dataset, 1)
        controls = view.controls
        assert "no success" in controls._facts.content
        controls.slider.value = 6
        view.step()
        assert view.playback.moment == 6
        assert "0.30 s" in controls._now.content
        assert "return so far 2.73" in controls._now.content
        picture = view._pictures._images["base", "rgb"].image
        assert picture[5, -5].tolist() == [140, 140, 140]
        controls.outcome.value = "success"
        view.step()
        assert view.number == 2
        assert view.playback.moment == 0
        assert "**success**" in controls._facts.content
        assert "seed 1" in controls._facts.content
        view.playback.speed = 4.0
        view.playback.play(True)
        view.playback._since -= 0.2
        view.step()
        assert view.playback.moment > 0


def test_the_clock_keeps_time():
    clock = Playback()
    clock.begin(100, 0.05)
    clock.play(True)
    clock._since -= 0.4
    clock.tick()
    assert clock.moment == 8
    clock.play(False)
    clock._since -= 0.4
    clock.tick()
    assert clock.moment == 8
    clock.jump(1000)
    assert clock.moment == 99
    clock.play(True)
    assert clock.moment == 0


def test_words_from_files_are_never_markup():
    shown = escaped("<img src=x onerror=alert(1)> **bold** [a](http://b) | x")
    assert not set("<>*[]()|") & set(shown)


def _without(*parts: str):
    episode = make_swing(0)
    arrays = {path: array for path, array in episode.arrays.items() if not any(part in path for part in parts)}
    return [dataclasses.replace(episode, arrays=arrays)]


@pytest.mark.parametrize(
    ("spec", "episodes", "note"),
    [
        (None, _without("sensor_data", "sensor_param"), "no images were stored"),
        (None, _without("env_states"), "no states were stored"),
        ({"env_id": "PickCube-v1", "name": "pick_cube"}, _without(), "is drawn by ManiSkill itself"),
        ({"name": "pick_cube", "robot": {"use": "panda"}}, [make_episode(0)], "scene"),
        ({"name": "pick_cube", "source": {"format": "lerobot", "fps": 10}}, _without("env_states"), "imported"),
    ],
)
def test_what_is_missing_is_said_and_the_rest_is_shown(tmp_path, server, spec, episodes, note):
    folder = write_swings(tmp_path / "data", spec, episodes)
    with open_dataset(folder) as dataset:
        view = DatasetView(server, dataset)
        view.controls.slider.value = view.shown.count - 1
        view.step()
        assert any(note in said for said in view.shown.notes), view.shown.notes
        assert escaped(view.shown.notes[0])[:40] in view.controls._facts.content
        assert view.playback.moment == view.shown.count - 1


def test_wrong_input_is_refused(tmp_path, swings, capsys):
    (tmp_path / "nothing").mkdir()
    assert main(["view", str(tmp_path / "nothing")]) == 2
    assert "is not a simgen dataset" in capsys.readouterr().err
    assert main(["view", str(swings), "--episode", "3"]) == 2
    assert "allowed: 0 to 2" in capsys.readouterr().err
    assert main(["view", str(swings), "--host", "no.such.host.invalid"]) == 2
    assert "is no address of this machine" in capsys.readouterr().err
    with DatasetWriter(tmp_path / "empty", load_task("pick_cube").resolved(), phases=["teacher"]) as writer:
        writer.discard("teacher", 0, 0, "failure")
    assert main(["view", str(tmp_path / "empty")]) == 2
    assert "no finished episode" in capsys.readouterr().err
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert main(["view", str(swings), "--port", str(taken.getsockname()[1])]) == 2
    assert "--port 0 for any that is free" in capsys.readouterr().err


def test_the_command_says_where_it_is_and_ends_cleanly(swings):
    command = [sys.executable, "-m", "simgen.cli", "view", str(swings), "--port", "0", "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heed_ctrl_c
    ) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        with socket.create_connection(("127.0.0.1", said["port"]), timeout=10):
            pass
        os.kill(process.pid, signal.SIGTERM)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    assert out == ""
    assert said["episodes"] == 3
    assert said["url"] == f"http://127.0.0.1:{said['port']}"
    assert f"ssh -L {said['port']}:127.0.0.1:{said['port']}" in err
    assert "Traceback" not in err
