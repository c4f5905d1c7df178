"""The rasteriser and the ray tracer draw the same random scenes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

NUM_WORLDS, SIZE = 6, (112, 80)


def random_stage(kit, seed: int, num_worlds: int):
    """Spheres, boxes and mirrored, squeezed ones on a ground; places, sizes and hidden ones differ per world."""
    rng = np.random.default_rng(seed)
    shapes = [kit.sphere(0.12, rings=12), kit.box(0.2, 0.15, 0.3), kit.sphere(0.15, rings=6)]
    items = [kit.Item(kit.quad(6.0), casts_shadow=False)]
    items += [kit.Item(shapes[i % 3], color=rng.uniform(0.1, 0.9, 3), looks={"gloss": i % 2}) for i in range(14)]
    stage = kit.Stage(items, num_worlds)
    rng = torch.Generator().manual_seed(seed)
    count = (num_worlds, len(items) - 1)
    stage.views["transform"][:, 1:, :3] = torch.rand(*count, 3, generator=rng) * torch.tensor([1.2, 1.2, 0.6])
    stage.views["transform"][:, 1:, 3:] = torch.nn.functional.normalize(torch.randn(*count, 4, generator=rng), dim=-1)
    sign = torch.where(torch.rand(*count, 3, generator=rng) < 0.3, -1.0, 1.0)
    stage.views["scale"][:, 1:] = sign * (0.5 + torch.rand(*count, 3, generator=rng))
    hide = torch.rand(*count, generator=rng) < 0.15
    stage.views["mesh"][:, 1:][hide] = -1
    stage.light.views["direction"][:] = torch.randn(num_worlds, 3, generator=rng) * 0.5 + torch.tensor([0, 0, 1.5])
    camera = stage.camera((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), size=SIZE)
    eyes = torch.rand(num_worlds, 3, generator=rng) * torch.tensor([1.0, 1.0, 1.2]) + torch.tensor([1.3, 1.3, 0.4])
    eyes[0] = torch.tensor([0.6, 0.6, 0.4])  # in the middle of things
    camera.look_at(eyes, torch.tensor([0.5, 0.5, 0.2]))
    return stage, camera


@pytest.fixture(scope="module")
def drawn(kit):
    results = []
    for seed in (1, 2):
        stage, camera = random_stage(kit, seed, NUM_WORLDS)
        results.append({name: stage.draw(camera, name, shadows=True, shadow_size=512) for name in ("raster", "trace")})
    return {
        name: {key: torch.cat([r[name][key] for r in results]) for key in results[0][name]}
        for name in ("raster", "trace")
    }


def test_segmentation_agrees(drawn):
    same = drawn["raster"]["segmentation"] == drawn["trace"]["segmentation"]
    assert same.float().mean() >= 0.998
    assert same.float().mean((1, 2, 3)).min() >= 0.995
    assert drawn["raster"]["segmentation"].unique().numel() >= 10


def both(drawn):
    same = drawn["raster"]["segmentation"] == drawn["trace"]["segmentation"]
    return (same & (drawn["raster"]["segmentation"] > 0))[..., 0]


def test_depth_agrees(drawn):
    where = both(drawn)
    difference = (drawn["raster"]["depth"].int() - drawn["trace"]["depth"].int()).abs()[..., 0][where].float()
    assert difference.quantile(0.99) <= 2
    assert difference.median() == 0


def test_normals_and_albedo_agree(drawn):
    where = both(drawn)
    cosine = (drawn["raster"]["normals"] * drawn["trace"]["normals"]).sum(-1)[where]
    assert (cosine > 0.99).float().mean() >= 0.99
    assert torch.allclose(drawn["raster"]["normals"][where].norm(dim=-1), torch.ones(()), atol=1e-4)
    assert (drawn["raster"]["albedo"] == drawn["trace"]["albedo"]).all(-1)[where].float().mean() >= 0.999


def test_lit_pictures_agree(drawn):
    """Shadow maps are blurred at their edges; apart from there the light is the same."""
    difference = (drawn["raster"]["rgb"].int() - drawn["trace"]["rgb"].int()).abs().amax(-1)
    assert (difference <= 12).float().mean() >= 0.97
