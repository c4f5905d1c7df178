"""Driving through a place: what is observed of it, who walks in it, and when it ends."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from simgen.env import TaskEnv
from simgen.env.walkers import PATIENCE
from simgen.generate.options import GenerateOptions, random_policy_of
from simgen.generate.recorder import Recorder
from simgen.policy import make_policy
from simgen.spec import load_task
from simgen.world.scene.place import is_person

pytestmark = pytest.mark.slow
SEEDS = [3, 4]
OVERRIDES = ["scene.place.rooms.people=1", "episode.max_steps=120", "robot.qpos_noise=0"]


@pytest.fixture(scope="module")
def env() -> Iterator[TaskEnv]:
    made = TaskEnv(load_task("nav_people", OVERRIDES), 2, images=False)
    yield made
    made.close()


def start(env: TaskEnv) -> None:
    env.start([0, 1], SEEDS)


def test_the_robot_starts_where_the_place_says_and_the_way_leads_to_the_goal(env: TaskEnv) -> None:
    start(env)
    obs = env.observe()
    for world in range(2):
        place = env.engine.scene(world).place
        assert place is not None
        x, y, yaw = place.start
        assert obs["privileged"]["base_pose"][world, :2].tolist() == pytest.approx([x, y], abs=1e-4)
        assert obs["privileged"]["goal_position"][world, :2].tolist() == pytest.approx(place.goals["goal"], abs=1e-4)
        route = obs["extra"]["route"][world].numpy()
        turn = np.array([[np.cos(yaw), np.sin(yaw)], [-np.sin(yaw), np.cos(yaw)]])
        assert route[-1] == pytest.approx(turn @ (place.goals["goal"] - [x, y]), abs=0.1)
        steps = np.linalg.norm(np.diff(route, axis=0), axis=1)
        assert steps.max() < 0.52
        assert np.linalg.norm(route[0]) == pytest.approx(0.5, abs=0.1)
        assert np.linalg.norm(obs["extra"]["path"][world, 0].numpy()) == pytest.approx(0.4, abs=0.1)


def test_speed_follows_the_command_and_progress_is_what_the_way_loses(env: TaskEnv) -> None:
    start(env)
    before = env.observe()["privileged"]["way_left"].clone()
    total = torch.zeros(2)
    for _ in range(4):
        outcome = env.advance(torch.tensor([[0.2, 0.1], [0.0, 0.5]]))
        total += outcome.terms["progress"]
    obs = env.observe()
    expected = torch.tensor([[0.3, 0.2], [0.0, 1.0]])
    assert torch.allclose(obs["extra"]["command"], expected)
    assert torch.allclose(obs["extra"]["ego_speed"], expected, atol=0.03)
    assert torch.allclose(before[:, 0] - obs["privileged"]["way_left"][:, 0], total, atol=1e-4)


def test_who_drives_into_a_wall_has_failed(env: TaskEnv) -> None:
    start(env)
    ended = torch.zeros(2, dtype=torch.bool)
    for _ in range(110):
        outcome = env.advance(torch.tensor([[0.6, 0.0], [0.6, 0.0]]))
        assert not outcome.problems
        touched = outcome.terms["collision_penalty"] < 0
        assert torch.equal(touched, outcome.terminated & ~outcome.success)
        ended |= touched
        if ended.all():
            break
    assert ended.all()
    assert not outcome.success.any()


def test_people_walk_along_their_tracks_and_wait_for_the_robot(env: TaskEnv) -> None:
    start(env)
    slot = next(index for index, slot in enumerate(env.layout.bodies) if is_person(slot.name))
    tracks = [env.engine.scene(world).bodies[slot].track for world in range(2)]
    stand = torch.zeros(2, 2)
    for _ in range(10):
        env.advance(stand)
    for world, track in enumerate(tracks):
        assert track is not None
        where = env.worlds.state.body_position[world, slot]
        assert where[:2].tolist() == pytest.approx(track[10, :2], abs=1e-4)
        assert where[2] == 0.0
    # The robot is put onto the track of person 0, who must not come nearer than a polite distance.
    track = tracks[0]
    assert track is not None
    state = env.engine.state()
    qpos = state.qpos.clone()
    qpos[0, :2] = torch.as_tensor(track[30, :2], dtype=torch.float32)
    env.engine.set_state(torch.tensor([0, 1]), type(state)(**{**vars(state), "qpos": qpos}))
    env.worlds.refresh()
    nearest, places = 9.0, []
    for _ in range(60):
        env.advance(stand)
        away = env.worlds.state.body_position[0, slot, :2] - env.worlds.base_pose[0][0, :2]
        nearest = min(nearest, float(away.norm()))
        places.append(env.worlds.state.body_position[0, slot, :2].clone())
    assert nearest > 0.25
    standing = sum(torch.equal(a, b) for a, b in zip(places[:-1], places[1:], strict=True))
    assert standing >= round(PATIENCE / env.control_seconds) - 1
    assert (places[-1] - places[0]).norm() > 0.1  # and then walks back


def test_what_stands_still_is_not_recorded_step_by_step_but_people_are(env: TaskEnv) -> None:
    rows = env.env_states()
    assert set(rows) == {"actors/goal", "actors/place.person_1", "articulations/diff_drive"}
    classes = {entry["class"] for entry in env.engine.segmentation_ids(0).values()}
    assert {"navigable", "wall", "person", "robot"} <= classes


def test_random_episodes_drive_as_mobilitygen_does_and_have_their_map(env: TaskEnv) -> None:
    start(env)
    name = random_policy_of(env.task, GenerateOptions())
    policy, recorder, ids = make_policy(name, env), Recorder(env), [0, 1]
    policy.reset(ids, SEEDS)
    recorder.begin(ids, env.observe())
    commands = []
    for _ in range(100):
        step = policy.act({})
        outcome = env.advance(step.action)
        recorder.add(ids, step, outcome, env.observe())
        commands.append(env.observe()["extra"]["command"].clone())
    assert name == "brownian"
    driven = torch.stack(commands)
    assert -0.3001 <= float(driven[..., 0].min()) < 0.2
    assert 0.5 < float(driven[..., 0].max()) <= 1.0001
    assert 0.2 < float(driven[..., 1].abs().max()) <= 0.7501
    changes = (driven[1:] - driven[:-1]).abs()
    assert 0.03 < float(changes.mean()) < 0.2  # a walk, no white noise
    episode = recorder.finish(1, 0, "random", [])
    place = env.engine.scene(1).place
    assert place is not None
    assert np.array_equal(episode.arrays["map/occupancy"], place.occupancy.occupied)
    assert episode.arrays["map/resolution"].tolist() == pytest.approx([0.05])
    assert episode.arrays["obs/extra/route"].shape == (101, 20, 2)
    assert episode.arrays["obs/extra/path"].shape == (101, 5, 2)
    assert episode.randomisation["robot.start"] == pytest.approx(place.start)
    episode.validate()
