"""Many worlds at once: independence, per-world looks, changes between pictures, graphs, broken poses, wrong input."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import warp as wp

from simgen.errors import SimgenError
from simgen.world.engine.newton.render.camera import CameraBatch
from simgen.world.engine.newton.render.instances import InstanceTable
from simgen.world.engine.newton.render.mesh_pool import MeshPool
from simgen.world.engine.newton.render.renderer import Renderer
from simgen.world.scene.model import TriangleMesh


def varied_stage(kit, num_worlds: int):
    """World e looks the same however many there are."""
    items = [kit.Item(kit.quad(4.0), casts_shadow=False), kit.Item(kit.sphere(0.2, rings=10))]
    items += [kit.Item(kit.box(0.2, 0.3, 0.2))]
    stage = kit.Stage(items, num_worlds)
    camera = stage.camera((1.5, 1.0, 1.0), size=(48, 40))
    for world in range(num_worlds):
        rng = torch.Generator().manual_seed(world)
        stage.views["transform"][world, 1:, :3] = torch.rand(2, 3, generator=rng) * 0.6
        stage.views["color"][world, 1:] = torch.rand(2, 3, generator=rng)
        stage.light.views["direction"][world] = torch.rand(3, generator=rng) + 0.2
        camera.look_at(torch.rand(3, generator=rng) + 0.9, torch.zeros(3), env_ids=torch.tensor([world]))
    return stage, camera


def test_a_world_does_not_depend_on_the_batch(kit, backend):
    many_stage, many_camera = varied_stage(kit, 16)
    many = many_stage.draw(many_camera, backend, shadows=True)
    few_stage, few_camera = varied_stage(kit, 5)
    few = few_stage.draw(few_camera, backend, shadows=True)
    one_stage, one_camera = varied_stage(kit, 1)
    one = one_stage.draw(one_camera, backend, shadows=True)
    for name in kit.outputs:
        assert torch.equal(many[name][:5], few[name])
        assert torch.equal(many[name][:1], one[name])
    assert not torch.equal(many["rgb"][0], many["rgb"][1])


def test_looks_can_change_between_pictures(kit, backend):
    stage, camera = varied_stage(kit, 3)
    renderer = Renderer(stage.pool, stage.table, 0, "cpu", backend=backend)
    pictures = renderer.render(stage.body_q, camera, ["rgb", "segmentation", "albedo"], stage.light)
    before = {name: picture.clone() for name, picture in pictures.items()}
    stage.views["mesh"][1, 1] = -1
    stage.views["color"][2, 2] = torch.tensor([0.0, 1.0, 0.0])
    stage.views["segmentation"][2, 2] = 77
    renderer.render(stage.body_q, camera, ["rgb", "segmentation", "albedo"], stage.light)
    assert torch.equal(before["rgb"][0], pictures["rgb"][0])
    assert 2 in before["segmentation"][1]
    assert 2 not in pictures["segmentation"][1]
    assert (pictures["albedo"][2][pictures["segmentation"][2, ..., 0] == 77] == torch.tensor([0, 255, 0])).all()


@pytest.mark.parametrize("scale", [0.0, float("nan"), float("inf")])
def test_broken_poses_are_not_drawn_and_break_nothing(kit, backend, scale):
    items = [kit.Item(kit.box(0.3, 0.3, 0.3), body=0), kit.Item(kit.box(0.2, 0.2, 0.2), position=(0, 0.4, 0))]
    stage = kit.Stage(items, num_worlds=2, num_bodies=1)
    poses = stage.body_q.numpy()
    poses[0] = scale
    stage.body_q.assign(poses)
    camera = stage.camera((2.0, 0.0, 0.0))
    segmentation = stage.draw(camera, backend, shadows=True)["segmentation"]
    assert set(segmentation[0].unique().tolist()) == {0, 2}
    assert set(segmentation[1].unique().tolist()) == {0, 1, 2}
    mounted = stage.camera((2.0, 0.0, 0.0), body=0)
    assert stage.draw(mounted, backend)["rgb"].shape == (2, 64, 64, 3)


def test_shapes_types_and_several_cameras(kit, backend):
    stage, wide = varied_stage(kit, 3)
    tall = stage.camera((1.0, 1.0, 1.0), size=(17, 33))
    renderer = Renderer(stage.pool, stage.table, 0, "cpu", backend=backend)
    renderer.update(stage.body_q, stage.light)
    first = renderer.view(stage.body_q, wide, ["rgb"])["rgb"]
    kept = first.clone()
    second = renderer.view(stage.body_q, tall, kit.outputs)
    assert torch.equal(first, kept)  # another camera has other buffers
    assert renderer.view(stage.body_q, wide, ["rgb"])["rgb"].data_ptr() == first.data_ptr()
    shapes = {name: (tuple(p.shape), p.dtype) for name, p in second.items()}
    assert shapes == {
        "rgb": ((3, 33, 17, 3), torch.uint8),
        "depth": ((3, 33, 17, 1), torch.int16),
        "segmentation": ((3, 33, 17, 1), torch.int16),
        "normals": ((3, 33, 17, 3), torch.float32),
        "albedo": ((3, 33, 17, 3), torch.uint8),
    }


def test_rendering_is_captured_in_a_graph(kit, backend):
    stage, camera = varied_stage(kit, 2)
    renderer = Renderer(stage.pool, stage.table, 0, "cpu", backend=backend)
    outputs = ["rgb", "depth"]
    pictures = renderer.render(stage.body_q, camera, outputs, stage.light)
    with wp.ScopedCapture(device="cpu") as capture:
        renderer.render(stage.body_q, camera, outputs, stage.light)
    stage.views["transform"][0, 2, :3] += 0.2
    camera.look_at(torch.tensor([1.6, 0.2, 0.9]), torch.zeros(3))
    expected = stage.draw(camera, backend, outputs, shadows=True, shadow_size=128)
    wp.capture_launch(capture.graph)
    assert all(torch.equal(pictures[name], expected[name]) for name in outputs)


def test_nothing_visible_is_a_picture_of_the_sky(kit, backend):
    stage = kit.Stage([kit.Item(kit.box(1, 1, 1))])
    stage.views["mesh"][:] = -1
    pictures = stage.draw(stage.camera((3.0, 0.0, 0.0)), backend, shadows=True)
    assert (pictures["segmentation"] == 0).all()
    assert pictures["rgb"].min() > 0


def test_wrong_input_is_told(kit):
    stage = kit.Stage([kit.Item(kit.box(1, 1, 1))], num_worlds=2)
    camera = stage.camera((3.0, 0.0, 0.0))
    renderer = Renderer(stage.pool, stage.table, 1, "cpu")
    with pytest.raises(SimgenError, match="update"):
        renderer.view(stage.body_q, camera, ["rgb"])
    with pytest.raises(SimgenError, match="2 worlds x 1 bodies"):
        renderer.render(stage.body_q, camera, ["rgb"], stage.light)
    body_q = wp.zeros(2, dtype=wp.transform, device="cpu")
    with pytest.raises(SimgenError, match="'rgbd'"):
        renderer.render(body_q, camera, ["rgbd"], stage.light)
    with pytest.raises(SimgenError, match="1 worlds"):
        renderer.render(body_q, CameraBatch(1, 8, 8, device="cpu"), ["rgb"], stage.light)
    with pytest.raises(SimgenError, match="near"):
        CameraBatch(1, 8, 8, near=2.0, far=1.0, device="cpu")
    with pytest.raises(SimgenError, match="same point|cannot look"):
        camera.look_at(torch.zeros(3), torch.zeros(3))
    with pytest.raises(SimgenError, match="casts_shadow"):
        InstanceTable([-1, -1], 1, "cpu", casts_shadow=[True])


def test_pool_takes_each_mesh_once_and_only_good_ones(kit):
    pool, mesh = MeshPool(), kit.box(1, 1, 1)
    assert pool.add(mesh) == pool.add(mesh) == 0
    assert pool.add(kit.box(1, 1, 1), shadow=mesh) == 1
    assert len(pool) == 2
    with pytest.raises(SimgenError, match="finalize"):
        _ = pool.arrays
    broken = {
        "no triangles": (mesh.vertices, np.zeros((0, 3), np.int32)),
        "not finite": (mesh.vertices * np.nan, mesh.faces),
        "outside": (mesh.vertices, mesh.faces + 40),
    }
    for message, (vertices, faces) in broken.items():
        with pytest.raises(SimgenError, match=message):
            pool.add(TriangleMesh(vertices.astype(np.float32), faces, mesh.normals))
    pool.finalize("cpu")
    assert pool.add(mesh) == 0
    with pytest.raises(SimgenError, match="finalized"):
        pool.add(kit.quad(1.0))
    with pytest.raises(SimgenError, match="trace=True"):
        Renderer(pool, InstanceTable([-1], 1, "cpu"), 0, "cpu", backend="trace")
