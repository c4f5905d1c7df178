"""Known shapes in known places: depth, segmentation, normals and pixel positions against pencil and paper."""

from __future__ import annotations

import numpy as np
import pytest
import torch


def test_box_has_the_depth_and_size_of_the_formula(kit, backend):
    stage = kit.Stage([kit.Item(kit.box(0.4, 0.4, 0.4))])
    camera = stage.camera((1.2, 0.0, 0.0), size=(80, 60), fov=0.9)
    pictures = stage.draw(camera, backend)
    seen = pictures["segmentation"][0, ..., 0] == 1
    assert set(pictures["depth"][0][seen].flatten().tolist()) == {1000}  # the near face is flat: planar depth
    focal = 30 / np.tan(0.45)
    assert seen.sum(1).max() == 2 * round(0.2 * focal)
    assert seen.sum(0).max() == 2 * round(0.2 * focal)
    assert torch.allclose(pictures["normals"][0][seen], torch.tensor([1.0, 0.0, 0.0]), atol=1e-5)


def test_sphere_depth_is_analytic(kit, backend):
    stage = kit.Stage([kit.Item(kit.sphere(0.3, rings=96))])
    camera = stage.camera((0.0, -1.0, 0.0), size=(64, 64), fov=0.9)
    pictures = stage.draw(camera, backend)
    fx, fy, cx, cy = camera.views["intrinsics"][0].tolist()
    column, row = np.meshgrid(np.arange(64) + 0.5, np.arange(64) + 0.5)
    ray = np.stack([(column - cx) / fx, (row - cy) / fy, np.ones_like(row)], -1)
    squared = (ray**2).sum(-1)
    root = 1.0 - squared * (1.0 - 0.3**2)  # |z ray - (0, 0, 1)| = 0.3
    expected = np.where(root > 0, (1.0 - np.sqrt(np.maximum(root, 0))) / squared, 0) * 1000
    depth = pictures["depth"][0, ..., 0].numpy()
    inner = root > 0.03
    assert np.abs(depth - expected)[inner].max() <= 1.0
    assert (depth[root < -0.01] == 0).all()
    point = ray * expected[..., None] / 1000 - np.array([0, 0, 1.0])
    world = np.stack([point[..., 0], point[..., 2], -point[..., 1]], -1) / 0.3  # x right, y forward, z up
    assert np.abs(pictures["normals"][0].numpy() - world)[inner].max() < 0.02


def test_background_has_no_depth_no_id_no_normal(kit, backend):
    stage = kit.Stage([kit.Item(kit.box(0.1, 0.1, 0.1))])
    pictures = stage.draw(stage.camera((1.0, 0.5, 0.5)), backend)
    nothing = pictures["segmentation"][0, ..., 0] == 0
    assert nothing.sum() > 1000
    for name in ("depth", "normals", "albedo"):
        assert (pictures[name][0][nothing] == 0).all()
    assert (pictures["rgb"][0][nothing] > 100).all()  # but a sky


def test_points_are_where_intrinsic_and_extrinsic_say(kit, backend):
    rng = np.random.default_rng(3)
    places = rng.uniform(-0.4, 0.4, (12, 3))
    stage = kit.Stage([kit.Item(kit.sphere(0.03), position=p) for p in places])
    camera = stage.camera((1.5, -0.7, 0.9), (0.05, 0.0, 0.1), size=(160, 100), fov=0.7)
    camera.views["intrinsics"][0] = torch.tensor([150.0, 140.0, 83.3, 46.1])  # off centre, pixels not square
    pictures = stage.draw(camera, backend)
    segmentation = pictures["segmentation"][0, ..., 0].numpy()
    K, extrinsic = camera.intrinsic_cv()[0].numpy(), camera.extrinsic_cv()[0].numpy()
    tested = 0
    for index, place in enumerate(places):
        rows, columns = np.nonzero(segmentation == index + 1)
        u, v, z = K @ (extrinsic @ np.array([*place, 1.0]))
        full = np.pi * K[0, 0] * K[1, 1] * (0.03 / z) ** 2
        if len(rows) > 0.95 * full:  # not hidden by another
            assert abs(columns.mean() + 0.5 - u / z) < 0.3
            assert abs(rows.mean() + 0.5 - v / z) < 0.3
            tested += 1
    assert tested >= 8


def test_camera_matrices_agree(kit):
    stage = kit.Stage([kit.Item(kit.box(1, 1, 1))])
    camera = stage.camera((1.0, 2.0, 3.0), (0.0, 0.5, 0.0))
    stage.draw(camera, outputs=["depth"])
    world = camera.cam2world_cv()[0]
    extrinsic = torch.cat([camera.extrinsic_cv()[0], torch.tensor([[0.0, 0.0, 0.0, 1.0]])])
    assert torch.allclose(extrinsic @ world, torch.eye(4), atol=1e-5)
    assert torch.allclose(world[:3, 3], torch.tensor([1.0, 2.0, 3.0]))
    forward = torch.nn.functional.normalize(torch.tensor([-1.0, -1.5, -3.0]), dim=0)
    assert torch.allclose(world[:3, 2], forward, atol=1e-5)
    assert world[2, 1] < 0  # the picture's down is down
    assert torch.allclose(camera.cam2world_gl()[0, :3, 2], -forward, atol=1e-5)


@pytest.mark.parametrize("target", [(0.0, 0.0, -1.0), (0.0, 0.0, 1.0)])
def test_camera_can_look_along_up(kit, target):
    stage = kit.Stage([kit.Item(kit.box(0.1, 0.2, 0.1), position=target)])
    pictures = stage.draw(stage.camera((0.0, 0.0, 0.0), target))
    assert (pictures["segmentation"] == 1).sum() > 50


def test_near_plane_cuts_and_nothing_else(kit, backend):
    """The camera stands inside the bounding sphere of a long box; what is beyond the near plane must be complete."""
    stage = kit.Stage([kit.Item(kit.box(2.0, 0.2, 0.2))])
    camera = stage.camera((0.0, 0.0, 0.3), (1.0, 0.0, 0.0), size=(64, 48), fov=1.2)
    pictures = stage.draw(camera, backend)
    seen = pictures["segmentation"][0, ..., 0].numpy() == 1
    top = camera.extrinsic_cv()[0].numpy()
    plane = np.array([0, 0, 1.0]) @ top[:, :3].T
    offset = plane @ (top[:, :3] @ np.array([0, 0, 0.1]) + top[:, 3])
    fx, fy, cx, cy = camera.views["intrinsics"][0].tolist()
    column, row = np.meshgrid(np.arange(64) + 0.5, np.arange(48) + 0.5)
    ray = np.stack([(column - cx) / fx, (row - cy) / fy, np.ones_like(row)], -1)
    depth = offset / (ray @ plane)
    expected = np.where(seen, depth * 1000, 0)
    middle = seen[:, 32]
    assert middle.sum() > 15
    assert middle[47]  # down to the edge of the picture
    assert np.abs(pictures["depth"][0, :, 32, 0].numpy() - expected[:, 32])[middle].max() <= 1.0


def test_triangle_reaching_behind_the_camera(kit, backend):
    triangle = np.array([[[3.0, 0.5, -0.2], [-2.0, 0.4, -0.2], [-2.0, -0.4, -0.2]]])
    stage = kit.Stage([kit.Item(kit.flat_mesh(triangle[:, ::1]))])
    camera = stage.camera((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), size=(64, 64), fov=1.0)
    pictures = stage.draw(camera, backend)
    seen = pictures["segmentation"][0, ..., 0].numpy() == 1
    fx, fy, cx, cy = camera.views["intrinsics"][0].tolist()
    column, row = np.meshgrid(np.arange(64) + 0.5, np.arange(64) + 0.5)
    down = np.maximum((row - cy) / fy, 1e-9)
    x = 0.2 / down
    y = -(column - cx) / fx * x
    a, b, c = triangle[0, :, :2]

    def side(p, q):
        return (q[0] - p[0]) * (y - p[1]) - (q[1] - p[1]) * (x - p[0])

    expected = (row > cy) & (side(a, b) > 0) & (side(b, c) > 0) & (side(c, a) > 0)
    assert expected.sum() > 200
    assert (seen != expected).sum() <= 2
    depth = pictures["depth"][0, ..., 0].numpy()
    both = seen & expected
    assert np.abs(depth - np.rint(x * 1000))[both].max() <= 1


def test_near_and_far_limits(kit, backend):
    stage = kit.Stage([kit.Item(kit.box(0.2, 0.2, 0.2), position=(x, 0, 0)) for x in (0.5, 2.0, 4.0)])
    camera = stage.camera((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), near=0.7, far=3.0)
    assert set(stage.draw(camera, backend)["segmentation"].unique().tolist()) == {0, 2}


@pytest.mark.parametrize("scale", [(1.0, 1.0, 1.0), (-1.0, 1.0, 1.0), (-1.0, -1.0, -1.0), (0.5, 2.0, -1.5)])
def test_scaled_and_mirrored_instances_keep_their_outside(kit, backend, scale):
    stage = kit.Stage([kit.Item(kit.sphere(0.2), scale=scale)])
    camera = stage.camera((2.0, 0.0, 0.0), size=(96, 96))
    pictures = stage.draw(camera, backend)
    center = pictures["depth"][0, 47:49, 47:49].float().mean()
    assert abs(center - (2.0 - 0.2 * abs(scale[0])) * 1000) < 3
    assert pictures["normals"][0, 48, 48, 0] > 0.99
    seen = pictures["segmentation"][0, ..., 0] == 1
    focal = 48 / np.tan(0.4)
    for axis, across in ((0, scale[1]), (1, scale[2])):
        radius = 0.2 * abs(across)
        reach = focal * radius / np.sqrt(4 - (0.2 * scale[0]) ** 2)
        assert abs(seen.sum(1 - axis).max() - 2 * reach) <= 1.5


def test_back_faces_are_not_drawn(kit, backend):
    stage = kit.Stage([kit.Item(kit.quad(1.0)), kit.Item(kit.box(0.1, 0.1, 0.1), position=(0, 0, 1.0))])
    below, above = stage.camera((0.0, 0.1, -2.0)), stage.camera((0.0, 0.1, 3.0))
    assert set(stage.draw(below, backend)["segmentation"].unique().tolist()) == {0, 2}
    assert set(stage.draw(above, backend)["segmentation"].unique().tolist()) == {0, 1, 2}


def test_camera_inside_a_box_sees_through_it(kit, backend):
    stage = kit.Stage([kit.Item(kit.box(1, 1, 1)), kit.Item(kit.box(0.5, 0.5, 0.5), position=(2, 0, 0))])
    camera = stage.camera((0.0, 0.0, 0.0), (1.0, 0.0, 0.0))
    pictures = stage.draw(camera, backend)
    assert set(pictures["segmentation"].unique().tolist()) == {0, 2}
    assert pictures["depth"][0, 32, 32, 0] == 1750


def test_huge_ground_has_a_straight_horizon(kit, backend):
    stage = kit.Stage([kit.Item(kit.quad(160.0))])
    camera = stage.camera((0.0, 0.0, 1.0), (1.0, 0.0, 1.0), size=(96, 64), far=1000.0)
    pictures = stage.draw(camera, backend)
    first_row = (pictures["segmentation"][0, ..., 0] == 1).int().argmax(0)
    assert first_row.unique().numel() == 1
    rows = torch.arange(40, 64)
    expected = 1000 * camera.views["intrinsics"][0, 1] / (rows + 0.5 - 32)
    assert (pictures["depth"][0, 40:, :, 0].float() - expected[:, None]).abs().max() <= 1


def test_bodies_and_mounted_cameras_move(kit, backend):
    stage = kit.Stage([kit.Item(kit.box(0.2, 0.2, 0.2), body=1)], num_worlds=2, num_bodies=2)
    poses = torch.zeros(2, 2, 7)
    poses[..., 6] = 1.0
    poses[0, 0, :3] = torch.tensor([5.0, 0.0, 0.0])  # the camera's body
    poses[0, 1, :3] = torch.tensor([7.1, 0.0, 0.0])
    poses[1, 1, :3] = torch.tensor([0.0, 3.1, 0.0])
    poses[1, 0, 5:] = torch.tensor([0.5**0.5, 0.5**0.5])  # turned left by 90 degrees
    stage.body_q.assign(poses.view(-1, 7).numpy())
    camera = stage.camera((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), body=0)
    pictures = stage.draw(camera, backend)
    assert pictures["depth"][:, 32, 32, 0].tolist() == [2000, 3000]
    assert torch.allclose(camera.cam2world_cv()[1, :3, 2], torch.tensor([0.0, 1.0, 0.0]), atol=1e-5)
