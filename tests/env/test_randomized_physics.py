"""What `randomize` says of physics: it changes the motion, in both engines, and depends on the episode's seed alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import torch
from small_tasks import floating, is_look, rows_of, standing

from simgen.env import TaskEnv
from simgen.errors import BadInput
from simgen.spec import TaskSpec, load_task
from simgen.spec.vocabulary import RANDOMIZABLE
from simgen.world.scene.sample import SceneSampler
from simgen.world.scene.scene import Scene

pytestmark = pytest.mark.slow

STEPS = 16
SEEDS = (11, 12, 13)
OBJECTS = {
    "cube": floating({"box": [0.04, 0.04, 0.04]}, 0.35, y=0.25),  # falls, bounces where it can, and is dragged along
    "post": standing({"box": [0.03, 0.03, 0.1]}, y=-0.25),
    "held": floating({"box": [0.05, 0.05, 0.03]}, 0.173, x=0.0, mass=0.1),  # between the fingers, which close
}
FAUCET = {"faucet": {}, "fixed": True, "pose": {"on": "table", "xy": [0.1, -0.5]}}
CHANGES: dict[str, Any] = {  # for each path of motion in the registry, with the name of an object for *
    "cube.friction": 0.1,
    "cube.mass": 0.3,
    "cube.density": 3000.0,
    "cube.restitution": 0.9,
    "cube.scale": 1.3,
    "post.com": [0.03, 0.0, 0.0],
    "cube.push": 2.0,
    "cube.push_interval": 0.1,
    "faucet.joint_friction": 100.0,
    "faucet.joint_damping": 100.0,
    "robot.gains": 0.3,
    "robot.stiffness": 0.3,
    "robot.damping": 3.0,
    "robot.armature": 100.0,
    "robot.friction": 0.01,
    "robot.joint_friction": 5.0,
    "robot.motor_strength": 0.1,
    "robot.delay": 3.0,
    "robot.push": 100.0,
    "robot.push_interval": 0.1,
    "table.friction": 0.01,
    "physics.gravity": -3.7,
}
ENGINES = ("newton", "maniskill")
REFUSED = {("newton", "cube.restitution"), ("maniskill", "robot.joint_friction")}
EVERYTHING = {
    "cube.mass": {"log_uniform": [0.03, 0.3]},
    "cube.com": {"jitter": 0.01},
    "cube.push": {"uniform": [0.5, 2]},
    "cube.push_interval": {"uniform": [0.1, 0.3]},
    "post.friction": {"uniform": [0.2, 1.5]},
    "robot.gains": {"scale": [0.8, 1.2]},
    "robot.motor_strength": {"scale": [0.5, 1.2]},
    "robot.delay": {"choose": [0, 1, 4]},
    "robot.push": {"choose": [20]},
    "physics.gravity": {"jitter": 0.5},
}


def changed_path(path: str) -> str:
    """Returns the path of CHANGES that stands for one of the registry."""
    return next(name for name in CHANGES if name == path or name.partition(".")[2] == path.removeprefix("*."))


MOTION = [changed_path(entry.path) for entry in RANDOMIZABLE if not is_look(entry)]
OF_BODIES = [path for path in MOTION if not path.startswith("faucet.")]
OF_JOINTS = [path for path in MOTION if path.startswith("faucet.")]


def task_with(randomize: dict[str, Any], engine: str | None = None, objects: dict[str, Any] | None = None) -> TaskSpec:
    return load_task(
        {
            "name": "shaken",
            "engine": engine,
            "robot": {"use": "panda", "control": "pd_joint_delta_pos", "qpos_noise": 0.0},
            "episode": {"max_steps": STEPS, "control_hz": 20, "sim_hz": 200},
            "scene": {"table": {"use": "table"}, "objects": objects or OBJECTS},
            "randomize": randomize,
        }
    )


@pytest.fixture(scope="module", params=ENGINES)
def env(request: pytest.FixtureRequest) -> Iterator[TaskEnv]:
    env = TaskEnv(task_with({}, request.param), 3, images=False)
    yield env
    env.close()


def scene_of(env: TaskEnv, randomize: dict[str, Any], seed: int) -> Scene:
    return SceneSampler(task_with(randomize), env.layout).sample(seed)


def play(env: TaskEnv, worlds: Sequence[int], scenes: Sequence[Scene], drag: float = 0.0) -> torch.Tensor:
    """Starts episodes, moves the arm, closes the gripper; returns joints and bodies. Shape: (STEPS, worlds, ...)."""
    env.start_scenes(worlds, scenes)
    actions = torch.full((env.num_envs, env.action_mode.dim), 0.6)
    actions[:, -1] = -1.0
    wrench = torch.tensor([drag, 0.0, 0.0, 0.0, 0.0, 0.0]).expand(env.num_envs, 6)
    rows = []
    for _ in range(STEPS):
        if drag:
            env.engine.apply_wrench("cube", wrench)
        env.advance(actions)
        joints, bodies = rows_of(env.worlds.state)
        rows.append(torch.cat([joints, bodies.flatten(1)], -1)[list(worlds)])
    return torch.stack(rows)


@pytest.mark.parametrize("path", OF_BODIES)
def test_each_parameter_changes_the_motion(env: TaskEnv, path: str) -> None:
    randomize = {path: {"choose": [CHANGES[path]]}}
    usual: dict[str, Any] = {}
    if path.endswith(".push"):
        randomize[f"{path}_interval"] = {"choose": [0.1]}
    if path.endswith(".push_interval"):
        pushes = path.removesuffix("_interval")
        usual = {pushes: {"choose": [CHANGES[pushes]]}}
    plain, changed = scene_of(env, usual, 5), scene_of(env, usual | randomize, 5)
    assert changed.values[path] == CHANGES[path]
    if (env.task.engine, path) in REFUSED:
        with pytest.raises(BadInput, match=f"{path.split('.')[1]}.*the {env.task.engine} engine"):
            env.start_scenes([0], [changed])
        return
    motion = play(env, [0, 1, 2], [plain, changed, plain], drag=0.3)
    assert torch.equal(motion[:, 0], motion[:, 2])
    columns = slice(0, 9) if path.startswith("robot.") and path != "robot.friction" else slice(18, None)
    difference = (motion[:, 0] - motion[:, 1]).abs()[:, columns].amax()
    assert torch.isfinite(motion).all()
    assert float(difference) > 0.02, f"by {float(difference):g}"


@pytest.mark.parametrize("path", OF_JOINTS)
def test_each_parameter_of_joints_changes_the_motion(path: str) -> None:
    task = task_with({path: {"choose": [1.0, CHANGES[path]]}}, "newton", {"faucet": FAUCET})
    env = TaskEnv(task, 4, images=False)
    env.start(range(4), [0, 1, 2, 3])
    factors = torch.tensor([env.engine.scene(world).values[path] for world in range(4)])
    assert set(factors.tolist()) == {1.0, CHANGES[path]}
    for _ in range(STEPS):
        env.engine.apply_wrench("faucet.lever", torch.tensor([6.0, 0.0, 0.0, 0.0, 0.0, 0.0]).expand(4, 6))
        env.advance(torch.zeros(4, env.action_mode.dim))
    turned = env.worlds.state.joint_position[:, 0]
    env.close()
    assert ((turned > 0.3) == (factors == 1.0)).all(), turned


def test_the_same_seed_gives_the_same_episode_for_any_number_of_worlds(env: TaskEnv) -> None:
    scenes = [scene_of(env, EVERYTHING, seed) for seed in SEEDS]
    assert len({scene.robot.delay for scene in scenes}) > 1
    together = play(env, [0, 1, 2], scenes)
    alone = TaskEnv(env.task, 1, images=False)
    for world, scene in enumerate(scenes):
        assert torch.equal(play(alone, [0], [scene])[:, 0], together[:, world]), world
    alone.close()


def test_an_episode_does_not_depend_on_what_went_before_or_beside_it(env: TaskEnv) -> None:
    scenes = [scene_of(env, EVERYTHING, seed) for seed in SEEDS]
    together = play(env, [0, 1, 2], scenes)
    env.start_scenes([0, 1, 2], [scenes[2], scenes[0], scenes[1]])
    for _ in range(5):
        env.advance(torch.rand(3, env.action_mode.dim))
    again = play(env, [1], [scenes[1]])
    assert torch.equal(again[:, 0], together[:, 1])


def test_a_leaning_centre_of_mass_tips_a_post_over(env: TaskEnv) -> None:
    steady, leaning = ({"post.com": {"choose": [[x, 0.0, 0.0]]}} for x in (0.005, 0.03))
    play(env, [0, 1], [scene_of(env, steady, 0), scene_of(env, leaning, 0)])
    heights = env.worlds.position("post")[:2, 2]
    assert float(heights[0]) == pytest.approx(0.05, abs=1e-3), "the centre is still over the foot"
    assert float(heights[1]) < 0.04
