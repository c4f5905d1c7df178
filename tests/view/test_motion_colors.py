"""Colours of flows and point clouds say direction and size, and leave dark or grey what has none."""

from __future__ import annotations

import numpy as np

from simgen.view.report.motion_colors import NOTES, color_motion
from simgen.view.report.palette import NOTHING


def test_optical_flow_has_a_hue_for_each_direction_and_is_brighter_where_it_is_longer() -> None:
    flow = np.array([[[0, 0], [1, 0], [30, 0], [-30, 0], [0, 30]]], np.float32)
    still, slow, right, left, down = color_motion("optical_flow", flow)[0].astype(int)
    assert not still.any()
    assert slow.max() < right.max()
    assert np.argmax(slow) == np.argmax(right) == 0, "to the right is red"
    assert min(np.abs(a - b).max() for a, b in ((right, left), (right, down), (left, down))) > 60


def test_scene_flow_is_grey_at_rest_and_shows_its_axis() -> None:
    flow = np.array([[[0, 0, 0], [0.05, 0, 0], [0, 0, -0.05]]], np.float32)
    still, forward, down = color_motion("scene_flow", flow)[0].astype(int)
    assert np.ptp(still) == 0
    assert forward[0] > 200
    assert forward[1] == forward[2] == still[0]
    assert down[2] < 50


def test_a_point_cloud_is_dark_where_nothing_was_hit() -> None:
    cloud = np.array([[[0, 0, 0, 0], [0, 0, 2.0, 1]]], np.float32)
    nothing, high = color_motion("pointcloud", cloud)[0]
    assert tuple(nothing) == NOTHING
    assert high[2] > 200


def test_numbers_that_are_not_finite_are_coloured_too() -> None:
    for output, channels in zip(NOTES, (2, 3, 4), strict=True):
        assert color_motion(output, np.full((2, 3, channels), np.nan, np.float32)).shape == (2, 3, 3)
