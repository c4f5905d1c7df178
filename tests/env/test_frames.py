"""Flows and point clouds, against poses and camera matrices that the test writes down itself step by step."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from small_tasks import floating, standing, task_of

from simgen.env import TaskEnv, make_env
from simgen.env.frames import Frames
from simgen.spec import TaskSpec
from simgen.world import rotation
from simgen.world.engine.base import WorldState

pytestmark = pytest.mark.slow

ENGINES = ["newton", pytest.param("maniskill", marks=pytest.mark.vulkan)]
DERIVED = ["optical_flow", "scene_flow", "pointcloud"]
ALL = ["rgb", "depth", "segmentation", *DERIVED]
BASE = {"eye": [0.5, 0.35, 0.5], "look_at": [0.05, 0, 0.1], "fov_deg": 55, "size": [96, 72]}
HAND = {"mount": "panda_hand", "eye": [0.08, 0, 0.02], "look_at": [0.05, 0, 0.3], "fov_deg": 70, "size": [64, 48]}
RIDER = {"mount": "box", "eye": [0.2, 0, 0.2], "look_at": [0, 0, -0.2], "fov_deg": 90, "size": [32, 24]}
PANDA, COARSE = {"use": "panda", "control": "pd_joint_delta_pos"}, {"triangles_per_link": 200}
RADIUS, STEPS = 0.05, 4


def task(**cameras: dict[str, Any]) -> TaskSpec:
    objects = {
        "box": floating({"box": [0.1, 0.07, 0.12]}, 0.35, 0.05, 0.15, texture="checker"),
        "ball": standing({"sphere": RADIUS}, 0.15, -0.1, fixed=True),
        "goal": floating({"marker": {"sphere": 0.03}}, 0.05, 0.2, 0.1),
    }
    return task_of(objects, robot=PANDA, cameras=cameras, episode={"max_steps": STEPS}, render=COARSE)


@dataclass(frozen=True, eq=False)
class Frame:
    """What there was at one moment: the observation, and copies of the poses."""

    obs: dict[str, Any]
    state: WorldState

    def image(self, camera: str, name: str, world: int = 0) -> np.ndarray:
        return self.obs["sensor_data"][camera][name][world].double().numpy()

    def parameter(self, camera: str, name: str) -> np.ndarray:
        return self.obs["sensor_param"][camera][name][0].double().numpy()


@dataclass(frozen=True, eq=False)
class Film:
    """The frames of one episode, and the pose of each segmentation id of world 0 in them."""

    env: TaskEnv
    frames: list[Frame]

    def ids(self) -> dict[str, int]:
        return {entry["name"]: number for number, entry in self.env.engine.segmentation_ids(0).items()}

    def pose(self, name: str, time: int) -> tuple[np.ndarray, np.ndarray]:
        """Rotation matrix and position [m] of a link, a body, the table or the ground."""
        state = self.frames[time].state
        if name in ("table", "ground"):
            return np.eye(3), np.zeros(3)
        links = list(self.env.engine.link_names)
        kind, row = ("link", links.index(name)) if name in links else ("body", self.env.layout.slot(name))
        turn = rotation.to_matrix(getattr(state, f"{kind}_quaternion")[0, row].double())
        return turn.numpy(), getattr(state, f"{kind}_position")[0, row].double().numpy()


def turn(env: TaskEnv) -> None:
    """Turns the arm and the falling box for a step."""
    env.engine.apply_wrench("box", torch.tensor([0.5, 0.0, 0.0, 0.004, 0.003, -0.004]).repeat(env.num_envs, 1))
    action = torch.zeros(env.num_envs, env.action_mode.dim)
    action[:, :6] = torch.tensor([0.9, 0.4, -0.7, 0.3, 0.5, 0.6])
    env.advance(action)


def push(env: TaskEnv) -> Frame:
    """Does so, and returns what is seen then."""
    turn(env)
    return Frame(env.observe(), env.worlds.state)


@pytest.fixture(scope="module")
def film_of() -> Iterator[Callable[[str], Film]]:
    """Makes the same film with an engine; each once."""

    @functools.cache
    def make(engine: str) -> Film:
        cameras = {name: {**each, "outputs": ALL} for name, each in (("base", BASE), ("hand", HAND), ("rider", RIDER))}
        env = make_env(task(**cameras), 1, engine=engine)
        opened.callback(env.close)
        assert isinstance(env, TaskEnv)
        first, _ = env.reset(seed=0)
        return Film(env, [Frame(first, env.worlds.state), *(push(env) for _ in range(STEPS))])

    with contextlib.ExitStack() as opened:
        yield make


@pytest.fixture(params=ENGINES)
def film(request: pytest.FixtureRequest, film_of: Callable[[str], Film]) -> Film:
    return film_of(request.param)


def moved(film: Film, camera: str, time: int) -> Iterator[tuple[str, np.ndarray, np.ndarray, np.ndarray]]:
    """Yields each part that a camera sees, its pixels, and where their points are and were one step before [m]."""
    frame = film.frames[time]
    segmentation, cloud = frame.image(camera, "segmentation")[..., 0], frame.image(camera, "pointcloud")
    for name, number in film.ids().items():
        pixels = (segmentation == number) & (cloud[..., 3] > 0)
        if pixels.any():
            (R, t), (old_R, old_t) = film.pose(name, time), film.pose(name, time - 1)
            points = cloud[pixels][:, :3]
            yield name, pixels, points, ((points - t) @ R) @ old_R.T + old_t


@pytest.mark.parametrize("camera", ["base", "hand", "rider"])
def test_scene_flow_is_the_difference_of_poses(film: Film, camera: str) -> None:
    fastest = {}
    for time in range(1, STEPS + 1):
        for name, pixels, points, before in moved(film, camera, time):
            flow = film.frames[time].image(camera, "scene_flow")[pixels]
            np.testing.assert_allclose(flow, points - before, atol=2e-6, err_msg=f"{name} at {time}")
            fastest[name] = max(fastest.get(name, 0.0), float(np.linalg.norm(flow, axis=1).max()))
    assert fastest["table"] == 0.0
    if camera == "base":
        assert fastest["box"] > 0.01
        assert fastest["panda_hand"] > 0.005
        assert fastest["ball"] == fastest["goal"] == 0.0


@pytest.mark.parametrize("camera", ["base", "hand", "rider"])
def test_optical_flow_is_the_difference_of_projections(film: Film, camera: str) -> None:
    fastest = {}
    for time in range(1, STEPS + 1):
        now, then = film.frames[time], film.frames[time - 1]
        K, extrinsic = now.parameter(camera, "intrinsic_cv"), then.parameter(camera, "extrinsic_cv")
        for name, pixels, _, before in moved(film, camera, time):
            seen = (before @ extrinsic[:, :3].T + extrinsic[:, 3]) @ K.T
            front = seen[:, 2] > 0.02
            rows, columns = np.nonzero(pixels)
            here = np.stack([columns, rows], 1)[front] + 0.5
            expected = here - seen[front, :2] / seen[front, 2:]
            flow = now.image(camera, "optical_flow")[pixels][front]
            np.testing.assert_allclose(flow, expected, rtol=1e-3, atol=5e-3, err_msg=f"{name} at {time}")
            fastest[name] = max(fastest.get(name, 0.0), float(np.linalg.norm(flow, axis=1).max(initial=0.0)))
    if camera == "base":
        assert fastest["table"] == 0.0
        assert min(fastest["box"], fastest["panda_hand"]) > 0.5
    else:
        assert fastest["table"] > 1.0, "the camera moves over it"


@pytest.mark.parametrize("camera", ["base", "hand"])
def test_the_previous_frame_warped_by_the_flow_is_this_one(film: Film, camera: str) -> None:
    for time in range(2, STEPS + 1):
        now, then = film.frames[time], film.frames[time - 1]
        flow, part = now.image(camera, "optical_flow"), now.image(camera, "segmentation")[..., 0]
        rows, columns = np.indices(part.shape)
        x = np.floor(columns + 0.5 - flow[..., 0]).astype(int)
        y = np.floor(rows + 0.5 - flow[..., 1]).astype(int)
        inside = (x >= 0) & (x <= columns.max()) & (y >= 0) & (y <= rows.max())
        x, y = np.clip(x, 0, columns.max()), np.clip(y, 0, rows.max())
        visible = inside & (then.image(camera, "segmentation")[y, x, 0] == part) & (part > 0)
        changed = visible & (np.linalg.norm(flow, axis=-1) > 1.5)
        assert changed.sum() > 100
        extrinsic, K = then.parameter(camera, "extrinsic_cv"), then.parameter(camera, "intrinsic_cv")
        before = now.image(camera, "pointcloud")[..., :3] - now.image(camera, "scene_flow")
        millimetres = 1000 * (before @ extrinsic[2, :3] + extrinsic[2, 3])
        error = np.abs(then.image(camera, "depth")[y, x, 0] - millimetres)[changed]
        assert np.median(error) < 0.6 * np.median(millimetres[changed]) / K[0, 0], "half a pixel on a slope"
        colour = now.image(camera, "rgb")
        warped, still = (np.abs(then.image(camera, "rgb")[at] - colour).mean(-1) for at in ((y, x), (rows, columns)))
        assert warped[changed].mean() < 0.7 * still[changed].mean()


def test_point_clouds_lie_on_what_is_there(film: Film) -> None:
    ids = film.ids()
    for time, frame in enumerate(film.frames):
        for camera in ("base", "hand"):
            cloud, part = frame.image(camera, "pointcloud"), frame.image(camera, "segmentation")[..., 0]
            assert np.array_equal(cloud[..., 3], frame.image(camera, "depth")[..., 0] > 0)
            assert not cloud[cloud[..., 3] == 0].any()
            height = cloud[part == ids["table"]][:, 2]
            top = height > -0.005  # the rest is the table's edge
            assert top.mean() > 0.95
            assert np.abs(height[top]).max() <= 1.2e-3
            assert np.median(np.abs(height[top])) <= 0.6e-3  # depth is in whole millimetres, which SAPIEN cuts off
        cloud, part = frame.image("base", "pointcloud"), frame.image("base", "segmentation")[..., 0]
        radius = np.linalg.norm(cloud[part == ids["ball"]][:, :3] - film.pose("ball", time)[1], axis=1)
        assert len(radius) > 50
        assert np.abs(radius - RADIUS).max() < 2e-3  # the ball is drawn with flat faces


def test_nothing_has_moved_in_the_first_frame(film: Film) -> None:
    for images in film.frames[0].obs["sensor_data"].values():
        assert not images["optical_flow"].any()
        assert not images["scene_flow"].any()
        assert images["pointcloud"].any()


@pytest.mark.vulkan
def test_both_engines_agree_on_the_same_motion(film_of: Callable[[str], Film]) -> None:
    """Both are put into the same two states, one after the other."""
    seen = {}
    for engine in ("newton", "maniskill"):
        env = film_of(engine).env
        env.reset(seed=0)
        state = env.worlds.state
        turn = rotation.from_rotation_vector(torch.tensor([0.1, -0.15, 0.1]))
        state.body_position[:, 0] += torch.tensor([0.02, -0.01, -0.03])
        state.body_quaternion[:, 0] = rotation.multiply(turn, state.body_quaternion[:, 0])
        state.qpos[:, :6] += torch.tensor([0.05, 0.02, -0.04, 0.03, 0.02, 0.05])
        frames = Frames(env.engine)
        frames.begin(torch.tensor([0]), env.engine.state())
        env.engine.set_state(torch.tensor([0]), state)
        frames.step(env.engine.state())
        seen[engine] = frames.take()[1]
    for camera in ("base", "hand"):
        ours, theirs = (seen[engine][camera] for engine in ("newton", "maniskill"))
        same = (ours["segmentation"] == theirs["segmentation"])[..., 0] & (ours["segmentation"] > 0)[..., 0]
        assert same.float().mean() > 0.9
        for name, tolerance in (("optical_flow", 0.05), ("scene_flow", 1e-4), ("pointcloud", 2e-3)):
            error = (ours[name] - theirs[name])[same].abs().amax(-1)
            assert float(error.quantile(0.95)) < tolerance, (camera, name)
            assert float(theirs[name][same].abs().max()) > 10 * tolerance


@pytest.fixture(scope="module")
def pair() -> Iterator[TaskEnv]:
    cameras = {"base": {**BASE, "outputs": ["optical_flow", "rgb"]}, "hand": {**HAND, "outputs": DERIVED}}
    env = make_env(task(**cameras), 2)
    assert isinstance(env, TaskEnv)
    yield env
    env.close()


def flows(obs: dict[str, Any]) -> dict[str, torch.Tensor]:
    return {f"{c}/{name}": image for c, made in obs["sensor_data"].items() for name, image in made.items()}


def equal(first: dict[str, Any], second: dict[str, Any], rows: list[int]) -> bool:
    a, b = flows(first), flows(second)
    return a.keys() == b.keys() and all(torch.equal(a[name][rows], b[name][rows]) for name in a)


def test_only_what_was_asked_for_is_observed(pair: TaskEnv) -> None:
    obs, _ = pair.reset(seed=0)
    assert {name: (tuple(image.shape), image.dtype) for name, image in flows(obs).items()} == {
        "base/rgb": ((2, 72, 96, 3), torch.uint8),
        "base/optical_flow": ((2, 72, 96, 2), torch.float32),
        "hand/optical_flow": ((2, 48, 64, 2), torch.float32),
        "hand/scene_flow": ((2, 48, 64, 3), torch.float32),
        "hand/pointcloud": ((2, 48, 64, 4), torch.float32),
    }


def test_observing_more_or_less_often_changes_nothing(pair: TaskEnv) -> None:
    pair.reset(seed=1)
    often = [push(pair).obs for _ in range(3)][-1]
    assert equal(often, pair.observe(), [0, 1])
    assert equal(often, pair.observe(worlds=[1]), [0, 1])
    pair.reset(seed=1)
    for _ in range(3):
        turn(pair)
    assert equal(often, pair.observe(worlds=[0]), [0])
    assert equal(often, pair.observe(), [0, 1])


def test_a_new_episode_starts_without_motion_and_leaves_the_other_worlds(pair: TaskEnv) -> None:
    pair.reset(seed=2)
    push(pair)
    before = push(pair).obs
    after, _ = pair.reset(options={"reset_mask": np.array([True, False])})
    assert equal(before, after, [1])
    for name, image in flows(after).items():
        if "flow" in name:
            assert not image[0].any(), name
            assert image[1].any(), name


def test_the_final_observation_shows_the_last_motion(pair: TaskEnv) -> None:
    pair.reset(seed=3)
    action = torch.zeros(2, pair.action_mode.dim)
    action[:, 0] = 0.8
    for _ in range(STEPS):
        obs, _, _, truncated, info = pair.step(action)
    assert truncated.all()
    for name in ("base/optical_flow", "hand/optical_flow", "hand/scene_flow"):
        assert flows(info["final_obs"])[name].flatten(1).any(1).all(), name
        assert not flows(obs)[name].any(), name
