"""Pictures: the same geometry, ids and nearly the same colours as the other engine's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from small_tasks import standing

from simgen.world.engine.newton.engine import NewtonEngine

pytestmark = [pytest.mark.vulkan, pytest.mark.slow]

BASE = {"eye": [0.45, 0.35, 0.45], "look_at": [-0.1, 0, 0.1], "fov_deg": 55, "size": [96, 72]}
ALL = ["rgb", "depth", "segmentation", "normals", "albedo"]
LEAST_IOU, LARGEST_DEPTH_ERROR, LARGEST_SHADE_ERROR = 0.97, 2, 8


def newton_images(stage: Any, seed: int) -> dict[str, dict[str, torch.Tensor]]:
    engine = NewtonEngine(stage.layout, 1, stage.task.episode.substeps, stage.task.episode.control_seconds)
    engine.reset(torch.tensor([0]), [stage.scene(seed)])
    images = {camera: {name: image.clone() for name, image in made.items()} for camera, made in engine.render().items()}
    engine.close()
    return images


def assert_alike(ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> None:
    a, b = ours["segmentation"], theirs["segmentation"]
    for identity in set(a.unique().tolist()) | set(b.unique().tolist()):
        first, second = a == identity, b == identity
        if int(first.sum()) >= 20:
            assert float((first & second).sum() / (first | second).sum()) >= LEAST_IOU, identity
    seen = (ours["depth"] > 0) & (theirs["depth"] > 0)
    error = (ours["depth"].int() - theirs["depth"].int()).abs()[seen]
    assert float(error.float().median()) <= LARGEST_DEPTH_ERROR
    assert float((ours["rgb"].float() - theirs["rgb"].float()).abs().mean()) <= LARGEST_SHADE_ERROR


@pytest.mark.parametrize("name", ["pick_cube", "sort_by_colour"])
def test_bundled_tasks_look_alike_in_both_engines(stage_of: Callable[..., Any], name: str) -> None:
    stage = stage_of(name)
    stage.build(1)
    ours, theirs = stage.batch.render(), newton_images(stage, 1)
    assert ours.keys() == theirs.keys()
    for camera in ours:
        assert_alike(ours[camera], theirs[camera])


def test_moving_parts_look_alike_in_both_engines(stage_of: Callable[..., Any]) -> None:
    objects = {
        "cabinet": {"cabinet": {"drawers": 1, "doors": 2}, "fixed": True, "open": {"drawer_1": 0.8, "door_1": 0.4},
                    "color": "teal", "scale": 0.9, "pose": {"on": "table", "xy": [0.1, 0.0], "yaw_deg": 60}},
        "faucet": {"faucet": {}, "fixed": True, "open": {"lever": 0.5}, "pose": {"on": "table", "xy": [0.1, -0.35]}},
    }  # fmt: skip
    camera = {"eye": [0.75, 0.4, 0.55], "look_at": [0.1, -0.08, 0.12], "fov_deg": 50, "size": [128, 96]}
    stage = stage_of(objects, cameras={"base": {**camera, "outputs": ["rgb", "depth", "segmentation"]}})
    stage.build()
    ours, theirs = stage.batch.render()["base"], newton_images(stage, 0)["base"]
    assert_alike(ours, theirs)
    first = 3 + len(stage.batch.link_names)
    for index, slot in enumerate(stage.layout.bodies):
        assert int((ours["segmentation"] == first + index).sum()) >= 20, slot.name


def test_all_outputs_a_textured_body_and_a_hand_camera(stage_of: Callable[..., Any]) -> None:
    objects = {"block": standing({"box": [0.1, 0.06, 0.08]}, x=0.05, y=0.1, texture="checker", scale=1.5)}
    cameras = {
        "base": {**BASE, "outputs": ALL},
        "hand": {"mount": "panda_hand", "eye": [0.07, 0, 0.03], "look_at": [0.03, 0, 0.3], "fov_deg": 80,
                 "size": [64, 48], "outputs": ["rgb", "depth", "segmentation"]},
    }  # fmt: skip
    stage = stage_of(objects, cameras=cameras)
    stage.build()
    ours, theirs = stage.batch.render(), newton_images(stage, 0)
    for camera in cameras:
        assert_alike(ours[camera], theirs[camera])
        for output, image in ours[camera].items():
            assert image.shape == theirs[camera][output].shape, output
            assert image.dtype == theirs[camera][output].dtype, output
    table = ours["base"]["segmentation"][..., 0] == 1
    assert torch.allclose(ours["base"]["normals"][table], torch.tensor([0.0, 0.0, 1.0]), atol=1e-2)
    albedo = [images["base"]["albedo"].float() for images in (ours, theirs)]
    assert float((albedo[0] - albedo[1]).abs().mean()) <= LARGEST_SHADE_ERROR


def test_more_samples_smooth_the_colours_alone(stage_of: Callable[..., Any]) -> None:
    objects = {"block": standing({"box": [0.1, 0.06, 0.08]}, x=0.05, y=0.1, color="red")}
    cameras = {"base": {**BASE, "outputs": ["rgb", "depth", "segmentation"]}}
    pictures = []
    for samples in (1, 2, 4):
        stage = stage_of(objects, cameras=cameras, render={"samples": samples})
        stage.build()
        pictures.append(stage.batch.render()["base"])
    one, two, four = pictures
    assert torch.equal(one["depth"], four["depth"])
    assert torch.equal(one["segmentation"], four["segmentation"])
    assert_alike(four, newton_images(stage, 0)["base"])
    labels = one["segmentation"][0, ..., 0].float()[None, None]
    uneven = torch.nn.functional.max_pool2d(labels, 3, 1, 1) != -torch.nn.functional.max_pool2d(-labels, 3, 1, 1)
    finer = [(some["rgb"].float() - four["rgb"].float()).abs().amax(-1)[0] for some in (one, two)]
    assert finer[0][uneven[0, 0]].mean() > 2 * finer[1][uneven[0, 0]].mean()  # edges come closer to the smooth ones
    assert finer[0][uneven[0, 0]].mean() > 2 * finer[0][~uneven[0, 0]].mean()


def test_the_first_picture_does_not_change_the_world(stage_of: Callable[..., Any]) -> None:
    cameras = {"base": {**BASE, "outputs": ["rgb"]}}
    stage = stage_of({"cube": standing({"box": [0.04, 0.04, 0.04]}, y=0.2)}, cameras=cameras)
    stage.build()
    stage.batch.set_targets(stage.targets(0.1))
    before = stage.step(3)
    stage.batch.render()
    for name, value in vars(stage.batch.state()).items():
        assert torch.allclose(value, getattr(before, name), atol=1e-5), name
    moved = float((stage.step(5).qpos - before.qpos).abs().max())
    assert moved > 0.01, "its targets are still those that it had"


def test_cameras_and_lights_follow_the_scene(stage_of: Callable[..., Any]) -> None:
    fields = {
        "cameras": {"base": {**BASE, "outputs": ["rgb"]}},
        "randomize": {"light.intensity": {"uniform": [0.2, 1.2]}},
    }
    stage = stage_of({"cube": standing({"box": [0.04, 0.04, 0.04]}, y=0.2)}, **fields)
    shades = {}
    for seed in range(4):
        scene = stage.build(seed)
        shades[scene.light.intensity] = float(stage.batch.render()["base"]["rgb"].float().mean())
    ordered = [shades[intensity] for intensity in sorted(shades)]
    assert ordered == sorted(ordered)
    assert ordered[-1] > ordered[0] + 10


def test_shaders_do_without_the_slow_table() -> None:
    from simgen.world.engine.maniskill.shaders import shader_config

    for detailed in (False, True):
        folder = Path(shader_config(detailed).shader_pack)
        assert folder.is_dir(), "upstream's shaders have changed: the first picture of a process takes ten seconds more"
        assert not any("samplerBRDFLUT" in path.read_text() for path in folder.iterdir())
