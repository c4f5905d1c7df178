"""What pictures of two engines amount to: sums over frames, not means of means."""

from __future__ import annotations

import numpy as np
import pytest

from simgen.bench.parity.images import FEWEST_PIXELS, ImageSums, disagreement

NAMES = {1: "table", 2: "cube", 3: "crumb"}


def masks(cube_columns: int) -> dict[str, np.ndarray]:
    image = np.ones((20, 20, 1), np.int16)
    image[:, :cube_columns] = 2
    image[0, 19] = 3
    return {"segmentation": image}


def test_iou_sums_over_frames_and_leaves_small_things_out() -> None:
    sums = ImageSums()
    sums.add(masks(10), masks(5), NAMES)
    sums.add(masks(4), masks(4), NAMES)
    figures = sums.figures()
    by_name = {thing.name: thing for thing in figures.things}
    assert by_name["cube"].iou == pytest.approx((100 + 80) / (200 + 80))
    assert by_name["cube"].pixels == (200 + 80) / 2
    assert by_name["table"].iou == pytest.approx((199 + 319) / (299 + 319))
    assert by_name["crumb"].iou == 1.0
    assert by_name["crumb"].pixels < FEWEST_PIXELS
    assert not by_name["crumb"].counts
    assert figures.iou == pytest.approx((by_name["cube"].iou + by_name["table"].iou) / 2)
    assert figures.pixel_accuracy == pytest.approx(1 - 100 / 800)
    assert figures.frames == 2
    assert figures.depth_median is None
    assert figures.rgb_mean is None


def test_depth_counts_where_both_see_something() -> None:
    first = np.full((10, 10, 1), 500, np.int16)
    second = first + 3
    second[:, 0] = 0  # nothing there
    second[0, 1:] = 540
    sums = ImageSums()
    sums.add({"depth": first}, {"depth": second}, NAMES)
    figures = sums.figures()
    assert figures.depth_median == 0.003
    assert figures.depth_p95 == 0.040
    assert figures.depth_bias == pytest.approx((81 * 0.003 + 9 * 0.040) / 90)
    assert figures.depth_one_sided == pytest.approx(0.1)
    assert figures.iou is None


def test_sums_of_cameras_add_up() -> None:
    whole, part, other = ImageSums(), ImageSums(), ImageSums()
    for sums, columns in ((part, 3), (other, 12)):
        for target in (sums, whole):
            picture = masks(columns) | {"rgb": np.full((20, 20, 3), columns, np.uint8)}
            changed = masks(7) | {"rgb": np.full((20, 20, 3), 255, np.uint8)}
            target.add(picture, changed, NAMES)
    part += other
    assert part.figures() == whole.figures()
    assert part.figures().rgb_mean == pytest.approx(255 - 7.5)


def test_the_worst_frame_is_the_one_with_most_other_ids() -> None:
    assert disagreement(masks(10), masks(10)) == 0
    assert disagreement(masks(10), masks(5)) == pytest.approx(0.25)
    black, grey = ({"rgb": np.full((2, 2, 3), value, np.uint8)} for value in (0, 9))
    assert disagreement(black, grey) == 9
