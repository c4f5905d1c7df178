"""What the light does to the picture, shadows, gloss and smoothing."""

from __future__ import annotations

import pytest
import torch


@pytest.fixture
def stage(kit):
    ground = kit.Item(kit.quad(4.0), casts_shadow=False)
    ball = kit.Item(kit.sphere(0.2), position=(0, 0, 0.5), color=(0.8, 0.3, 0.2), looks={"gloss": 0.5})
    return kit.Stage([ground, ball], num_worlds=2)


def view(stage, backend="raster", **options):
    camera = stage.camera((1.5, 0.0, 1.2), (0.0, 0.0, 0.2))
    return stage.draw(camera, backend, ["rgb", "segmentation"], **options)


CHANGES = {
    "direction": (-0.5, 0.2, 0.4),
    "intensity": 0.3,
    "color": (1.0, 0.5, 0.4),
    "ambient": 0.05,
    "background_low": (0.1, 0.2, 0.1),
    "background_high": (0.2, 0.1, 0.1),
}


@pytest.mark.parametrize("name", CHANGES)
def test_each_parameter_changes_its_world_only(stage, backend, name):
    before = view(stage, backend)["rgb"]
    stage.light.views[name][1] = torch.as_tensor(CHANGES[name])
    after = view(stage, backend)
    assert torch.equal(before[0], after["rgb"][0])
    changed = (before[1] != after["rgb"][1]).any(-1)
    sky = after["segmentation"][1, ..., 0] == 0
    assert changed[sky].any() == name.startswith("background")
    assert changed[~sky].any() != name.startswith("background")


def test_light_from_one_side_is_brighter_there(stage, backend):
    stage.light.views["direction"][:] = torch.tensor([0.0, 1.0, 0.2])
    pictures = view(stage, backend)
    ball = pictures["segmentation"][0, ..., 0] == 2
    columns = ball.any(0).nonzero().flatten()
    middle = int(columns.float().mean())
    bright, dark = (  # the camera looks along -x, so +y is right
        pictures["rgb"][0].float().mean(-1)[:, part][ball[:, part]].mean()
        for part in (slice(middle, None), slice(0, middle))
    )
    assert bright > 1.3 * dark


def test_shadow_falls_where_geometry_says(kit, backend):
    ground, plate = kit.Item(kit.quad(4.0), casts_shadow=False), kit.Item(kit.box(0.4, 0.4, 0.02), position=(0, 0, 0.6))
    stage = kit.Stage([ground, plate])
    stage.light.views["direction"][:] = torch.tensor([1.0, 0.0, 2.0])  # the shadow moves by -x height / 2 = -0.3
    camera = stage.camera((0.0, 0.0, 3.0), (0.0, 0.0, 0.0), size=(128, 128))
    lit = stage.draw(camera, backend, shadows=False)["rgb"][0].float().mean(-1)
    shaded = stage.draw(camera, backend, shadows=True)["rgb"][0].float().mean(-1)
    darker = shaded < 0.8 * lit
    focal, cx = camera.views["intrinsics"][0, 0].item(), 64.0
    # the camera looks down with +y up in the picture (or down): use both symmetric axes' extents
    rows, columns = darker.nonzero().unbind(1)
    along = camera.cam2world_cv()[0, :3, :2]  # world directions of the picture's columns and rows
    x = ((columns + 0.5 - cx) * along[0, 0] + (rows + 0.5 - cx) * along[0, 1]) / focal * 3.0
    y = ((columns + 0.5 - cx) * along[1, 0] + (rows + 0.5 - cx) * along[1, 1]) / focal * 3.0
    # of the shadow -0.5 < x < -0.1 the plate, seen from above, hides -0.25 < x
    assert x.min() == pytest.approx(-0.5, abs=0.04)
    assert x.max() == pytest.approx(-0.25, abs=0.04)
    assert y.min() == pytest.approx(-0.2, abs=0.04)
    assert y.max() == pytest.approx(0.2, abs=0.04)


def test_only_casters_cast(kit, backend):
    ground = kit.Item(kit.quad(4.0), casts_shadow=False)
    plate = kit.Item(kit.box(0.4, 0.4, 0.02), position=(0, 0, 0.6), casts_shadow=False)
    stage = kit.Stage([ground, plate])
    camera = stage.camera((1.5, 0.0, 2.0))
    lit, shaded = (stage.draw(camera, backend, shadows=flag)["rgb"] for flag in (False, True))
    assert torch.equal(lit, shaded)


def test_gloss_makes_a_highlight(stage, backend):
    glossy = view(stage, backend)
    stage.views["gloss"][:] = 0.0
    matt = view(stage, backend)
    difference = glossy["rgb"][0].int() - matt["rgb"][0].int()
    ball = glossy["segmentation"][0, ..., 0] == 2
    assert difference[~ball].abs().max() == 0
    assert difference.min() >= 0
    assert difference[ball].max() > 10


@pytest.mark.parametrize("samples", [2, 4])
def test_more_samples_smooth_edges_and_nothing_else(kit, backend, samples):
    stage = kit.Stage([kit.Item(kit.sphere(0.3), color=(0.9, 0.1, 0.1))])
    camera = stage.camera((1.0, 0.5, 0.3), size=(50, 38))
    one, more = (stage.draw(camera, backend, samples=s) for s in (1, samples))
    for name in ("depth", "segmentation"):
        assert torch.equal(one[name], more[name])
    assert (one["albedo"].int() - more["albedo"].int()).abs().max() <= 1
    difference = (one["rgb"].float() - more["rgb"].float()).abs().amax(-1)[0]
    seen = one["segmentation"][0, ..., 0].float()[None, None]
    neighbours = torch.nn.functional.max_pool2d(seen, 3, 1, 1) + torch.nn.functional.max_pool2d(-seen, 3, 1, 1)
    edge = neighbours[0, 0] != 0
    assert difference[edge].max() > 30
    assert difference[~edge].max() < 12
    assert (one["rgb"].float().mean() - more["rgb"].float().mean()).abs() < 1.0
