from __future__ import annotations

import numpy as np
import pytest

from simgen.world.robot.card import RobotCard, load_card
from simgen.world.robot.visual import load_visual


def test_links_stay_near_the_triangle_budget(card: RobotCard):
    for link, parts in load_visual(card, 2000).links.items():
        assert sum(len(part.mesh.faces) for part in parts) <= 2300, link


def test_a_smaller_budget_gives_fewer_triangles():
    card = load_card("panda")
    assert load_visual(card, 300).num_triangles < 0.3 * load_visual(card, 2000).num_triangles


def test_meshes_are_whole(card: RobotCard):
    for parts in load_visual(card).links.values():
        for part in parts:
            mesh = part.mesh
            assert mesh.faces.max() < len(mesh.vertices) == len(mesh.normals)
            assert np.linalg.norm(mesh.normals, axis=1) == pytest.approx(1.0, abs=1e-3)
            assert ((part.base_color >= 0) & (part.base_color <= 1)).all()
            assert np.allclose(part.T_link_mesh[:3, :3] @ part.T_link_mesh[:3, :3].T, np.eye(3), atol=1e-5)


def test_panda_keeps_the_colors_of_its_files():
    links = load_visual(load_card("panda")).links
    colors = {tuple(round(float(v), 2) for v in part.base_color) for parts in links.values() for part in parts}
    black, white, logo = (0.05, 0.05, 0.05), (0.90, 0.92, 0.93), (0.04, 0.54, 0.78)
    assert {black, white, logo} <= colors


def test_both_fingers_share_a_mesh():
    links = load_visual(load_card("panda")).links
    left, right = links["panda_leftfinger"], links["panda_rightfinger"]
    assert [part.key for part in left] == [part.key for part in right]
    assert np.allclose(right[0].T_link_mesh[:2, :2], -np.eye(2), atol=1e-6)  # turned by half a turn about z


def test_a_visual_fills_the_extent_of_its_files():
    points = np.concatenate([part.mesh.vertices for part in load_visual(load_card("xarm7")).links["link1"]])
    low, high = points.min(axis=0), points.max(axis=0)
    assert low == pytest.approx([-0.0485, -0.0566, -0.1120], abs=2e-3)
    assert high == pytest.approx([0.0484, 0.0753, 0.0481], abs=2e-3)
