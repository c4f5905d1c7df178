"""Flows and point clouds of images whose answer is known without a renderer."""

from __future__ import annotations

import math

import pytest
import torch

from simgen.world import rotation
from simgen.world.derived import MOST_DEPTH, derive, motion_back

FOCAL, WIDTH, HEIGHT = 10.0, 8, 6
WALL, THING, HEAD = 1, 3, 4  # what stands still, what moves, what carries the camera
STILL = [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]
ALL = ("optical_flow", "scene_flow", "pointcloud")


def poses(thing: list[float] = STILL, head: list[float] = STILL) -> torch.Tensor:
    return torch.tensor([[STILL, STILL, STILL, thing, head]])


def images(
    before: torch.Tensor, part: int, depth: int = 2000, now: torch.Tensor | None = None, mount: int = 0
) -> dict[str, torch.Tensor]:
    """A camera at the origin, whose axes are the world's, sees nothing but a part at a depth [mm]."""
    K = torch.tensor([[FOCAL, 0, WIDTH / 2], [0, FOCAL, HEIGHT / 2], [0, 0, 1]]).expand(len(before), 3, 3)
    size = (len(before), HEIGHT, WIDTH, 1)
    depths, parts = torch.full(size, depth, dtype=torch.int16), torch.full(size, part, dtype=torch.int16)
    back = motion_back(poses() if now is None else now, before)
    made = derive(depths, parts, K, torch.eye(4)[None, :3].expand(len(before), 3, 4), back, mount, 0.01, ALL)
    return {str(name): image for name, image in made.items()}


def everywhere(image: torch.Tensor, value: list[float]) -> bool:
    return torch.allclose(image, torch.tensor(value).expand_as(image), atol=1e-6)


def test_a_thing_that_came_nearer_and_to_the_right_flows_by_the_pinhole_formula() -> None:
    made = images(poses(thing=[-0.1, 0.0, 0.5, 1.0, 0.0, 0.0, 0.0]), THING)
    assert everywhere(made["scene_flow"], [0.1, 0.0, -0.5])
    x = torch.arange(WIDTH) + 0.5 - WIDTH / 2  # from the middle [px]
    before = (FOCAL * (x / FOCAL * 2.0 - 0.1)) / 2.5
    assert torch.allclose(made["optical_flow"][0, :, :, 0], (x - before).expand(HEIGHT, WIDTH), atol=1e-6)


def test_a_camera_that_went_to_the_right_sees_what_stands_still_go_left() -> None:
    made = images(poses(head=[-0.1, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]), WALL, mount=HEAD)
    assert everywhere(made["optical_flow"], [-FOCAL * 0.1 / 2.0, 0.0])
    assert not made["scene_flow"].any()


def test_what_moves_with_the_camera_does_not_flow() -> None:
    turn = rotation.from_rotation_vector(torch.tensor([0.3, -0.2, 0.1])).tolist()
    old = [0.1, 0.2, -0.3, *turn]
    made = images(poses(thing=old, head=old), THING, mount=HEAD)
    assert made["optical_flow"].abs().max() < 1e-6
    assert made["scene_flow"].abs().min(-1).values.max() > 0.1


def test_a_thing_that_turns_about_the_line_of_sight_flows_in_circles() -> None:
    angle = 0.2
    turn = [math.cos(angle / 2), 0.0, 0.0, -math.sin(angle / 2)]
    made = images(poses(thing=[0.0, 0.0, 2.0, *turn]), THING, now=poses(thing=[0.0, 0.0, 2.0, 1.0, 0.0, 0.0, 0.0]))
    rows, columns = torch.meshgrid(torch.arange(HEIGHT) + 0.5, torch.arange(WIDTH) + 0.5, indexing="ij")
    radius = torch.hypot(columns - WIDTH / 2, rows - HEIGHT / 2)
    assert torch.allclose(made["optical_flow"][0].norm(dim=-1), 2 * radius * math.sin(angle / 2), atol=1e-5)
    assert (made["optical_flow"][0, 0, :, 0] > 0).all(), "x right and y down: a turn from x to y moves the top right"


def test_points_are_where_the_line_of_sight_ends() -> None:
    cloud = images(poses(), WALL, depth=1500)["pointcloud"][0]
    assert torch.allclose(cloud[0, 0], torch.tensor([-3.5 / FOCAL * 1.5, -2.5 / FOCAL * 1.5, 1.5, 1.0]))
    assert torch.allclose(cloud[5, 7], torch.tensor([3.5 / FOCAL * 1.5, 2.5 / FOCAL * 1.5, 1.5, 1.0]))


@pytest.mark.parametrize("depth", [0, MOST_DEPTH])
def test_what_is_not_there_or_too_far_to_tell_is_zero(depth: int) -> None:
    for name, image in images(poses(thing=[1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]), THING, depth=depth).items():
        assert not image.any(), name


def test_a_point_that_was_behind_the_camera_has_no_place_in_the_old_image() -> None:
    made = images(poses(thing=[0.0, 0.0, -3.0, 1.0, 0.0, 0.0, 0.0]), THING)
    assert not made["optical_flow"].any()
    assert everywhere(made["scene_flow"], [0.0, 0.0, 3.0])


def test_each_world_has_its_own_motion() -> None:
    moves = ([0.1, 0.0, 0.0], [0.0, -0.2, 0.1], [0.0, 0.0, 0.0])
    before = torch.cat([poses(thing=[*move, 1.0, 0.0, 0.0, 0.0]) for move in moves])
    together = images(before, THING, now=poses().expand(3, -1, -1))
    for world, move in enumerate(moves):
        alone = images(before[world : world + 1], THING)
        assert everywhere(together["scene_flow"][world], [-part for part in move])
        for name in ALL:
            assert torch.equal(together[name][world], alone[name][0]), (world, name)
