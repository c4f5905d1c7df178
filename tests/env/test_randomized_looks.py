"""What `randomize` says of looks: it changes the picture, of what it names, and of no other world's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
import trimesh
from small_tasks import is_look, standing

from simgen.env import TaskEnv
from simgen.spec import TaskSpec, load_task
from simgen.spec.vocabulary import RANDOMIZABLE
from simgen.world.asset.add import AddOptions, add_asset
from simgen.world.scene.sample import SceneSampler

pytestmark = pytest.mark.slow

CAMERA = {"eye": [0.55, 0.35, 0.35], "look_at": [-0.1, 0, 0.2], "fov_deg": 75, "size": [96, 96]}
CHANGES: dict[str, Any] = {
    "*.scale": 1.3,
    "*.color": "purple",
    "*.texture": "checker",
    "camera.*.eye": [0.5, 0.45, 0.4],
    "camera.*.look_at": [0.0, 0.0, 0.1],
    "camera.*.fov_deg": 60.0,
    "light.direction": [-1.0, 1.0, 0.7],
    "light.intensity": 0.4,
    "light.ambient": 0.9,
    "light.color": [1.0, 0.3, 0.3],
    "background.color": "orange",
    "table.color": "teal",
    "table.texture": "marble",
    "ground.color": "teal",
    "ground.texture": "tiles",
}
THINGS = ("cube", "faucet", "brick")  # a shape, one with moving parts, and a user's asset
LOOKS = [entry.path for entry in RANDOMIZABLE if is_look(entry)]
OF_ANY = [path.replace("camera.*", "camera.base") for path in LOOKS if not path.startswith("*.")]
OF_THINGS = [path for path in LOOKS if path.startswith("*.")] + ["*.scale"]


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TaskEnv]:
    folder = tmp_path_factory.mktemp("looks")
    trimesh.creation.box((0.06, 0.09, 0.05)).export(folder / "brick.stl")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIMGEN_ASSETS", str(folder / "assets"))
        add_asset(folder / "brick.stl", folder / "assets", AddOptions())
        env = TaskEnv(task_with({}), 2)
        yield env
        env.close()


def task_with(randomize: dict[str, Any]) -> TaskSpec:
    objects = {
        "cube": standing({"box": [0.08, 0.08, 0.08]}, y=-0.15, color="red"),
        "faucet": standing({"faucet": {}}, x=0.1, y=0.05, fixed=True, color="silver"),
        "brick": standing({"asset": "brick"}, x=0.2, y=-0.1, color="white"),
    }
    camera = {**CAMERA, "outputs": ["rgb", "segmentation"]}
    return load_task(
        {
            "name": "looks",
            "robot": {"use": "panda", "qpos_noise": 0.0},
            "scene": {"objects": objects},
            "cameras": {"base": camera},
            "randomize": randomize,
        }
    )


def pictures(env: TaskEnv, path: str, value: Any) -> dict[str, torch.Tensor]:
    """Draws the usual scene in the first world and the changed one in the second."""
    scenes = [
        SceneSampler(task_with(randomize), env.layout).sample(7) for randomize in ({}, {path: {"choose": [value]}})
    ]
    assert list(scenes[1].values) == [path]
    env.start_scenes([0, 1], scenes)
    return {name: image.clone() for name, image in env.observe()["sensor_data"]["base"].items()}


def changed(images: dict[str, torch.Tensor]) -> torch.Tensor:
    """Returns which pixels differ between the two worlds by more than 8 of 255. Shape: (H, W), bool."""
    usual, other = images["rgb"].int()
    return (usual - other).abs().amax(-1) > 8


@pytest.mark.parametrize("path", OF_ANY)
def test_each_look_of_the_scene_changes_the_picture(env: TaskEnv, path: str) -> None:
    usual = pictures(env, "light.intensity", 1.0)["rgb"][0]
    images = pictures(env, path, CHANGES[path.replace("camera.base", "camera.*")])
    assert torch.equal(images["rgb"][0], usual), "the other world stays as it is"
    assert float(changed(images).float().mean()) > 0.02


@pytest.mark.parametrize("thing", THINGS)
@pytest.mark.parametrize("path", OF_THINGS)
def test_each_look_of_a_thing_changes_its_part_of_the_picture(env: TaskEnv, path: str, thing: str) -> None:
    images = pictures(env, path.replace("*", thing), CHANGES[path])
    ids = env.engine.segmentation_ids(0)
    own = [number for number, entry in ids.items() if entry["name"].partition(".")[0] == thing]
    masks = torch.isin(images["segmentation"], torch.tensor(own)).flatten(3).any(-1)
    shown = masks.any(0)
    differs = changed(images)
    assert int(masks[0].sum()) > 40
    assert int((differs & shown).sum()) > 0.25 * int(shown.sum())
    if path == "*.scale":
        assert int(masks[1].sum()) > 1.2 * int(masks[0].sum())
    else:
        assert torch.equal(masks[0], masks[1])
        assert int((differs & ~shown).sum()) < 0.05 * int((~shown).sum()), "others look as before"
