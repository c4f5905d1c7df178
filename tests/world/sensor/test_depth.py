"""Depth: the size of its noise, its holes, and what is seen at edges and on slanted surfaces."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from clean_images import FOCAL, NO_EFFECTS, SIZE, depth_sensor, intrinsics, sensor_of, spoilt, wall

from simgen.spec.sensor_presets import PRESETS

SEEDS = list(range(6))
# One change to each parameter that is to be seen in the image of the room.
EFFECTS: dict[str, dict[str, Any]] = {
    "stereo": {
        "min_m": 1.0, "max_m": 3.0, "lateral_px": 1.0, "grazing_noise_m": 0.01, "max_angle_deg": 60.0, "holes": 0.05,
        "edge_holes": 0.5, "noise_px": 0.1, "step_px": 0.25, "shadow": True,
    },
    "tof": {"noise_m": 0.01, "noise_per_m": 0.01, "noise_per_m2": 0.01, "flying": 0.5, "lateral_px": 1.0},
}  # fmt: skip
SIZES = {"focal_px": 400.0, "baseline_m": 0.1, "smooth_px": 2.0}


def images_of(sensor, images: torch.Tensor, frame: int = 3) -> torch.Tensor:
    return spoilt(sensor, images.expand(len(SEEDS), -1, -1, -1), SEEDS, [frame] * len(SEEDS))


@pytest.mark.parametrize("model", NO_EFFECTS)
def test_without_effects_the_image_is_clean(model: str, room: torch.Tensor) -> None:
    assert torch.equal(images_of(depth_sensor(model), room), room.expand(len(SEEDS), -1, -1, -1))
    every = torch.arange(32768, dtype=torch.int16).reshape(8, 64, 64, 1)
    sensor = depth_sensor(model)
    again = sensor.spoilt("depth", every, intrinsics(8), [0] * 8, [0] * 8)
    reachable = every <= 32000
    assert torch.equal(again[reachable], every[reachable])
    assert not again[~reachable].any()


@pytest.mark.parametrize(
    ("model", "field"), [(model, field) for model, effects in EFFECTS.items() for field in effects]
)
def test_each_parameter_changes_the_picture(model: str, field: str, room: torch.Tensor) -> None:
    spoiled = images_of(depth_sensor(model, **{field: EFFECTS[model][field]}), room)
    assert spoiled.dtype == torch.int16
    assert (spoiled != room).float().mean() > 0.002
    assert not spoiled[:, :3].any(), "where there is nothing, nothing is measured"
    assert spoiled.min() >= 0


@pytest.mark.parametrize("field", SIZES)
def test_each_size_changes_the_noise(field: str, room: torch.Tensor) -> None:
    plain = depth_sensor("stereo", noise_px=0.1)
    assert (
        images_of(depth_sensor("stereo", noise_px=0.1, **{field: SIZES[field]}), room) != images_of(plain, room)
    ).any()
    holes = depth_sensor("stereo", holes=0.1, hole_px=0.0), depth_sensor("stereo", holes=0.1, hole_px=3.0)
    assert (images_of(holes[0], room) != images_of(holes[1], room)).any()


@pytest.mark.parametrize("smooth", [0.0, 1.5])
def test_noise_of_stereo_grows_with_the_square_of_depth(smooth: float) -> None:
    """Its deviation is z^2 * noise / (focal * baseline)."""
    sensor = depth_sensor("stereo", noise_px=0.08, baseline_m=0.05, focal_px=424.0, smooth_px=smooth)
    for depth in (1000, 2000, 4000):
        error = images_of(sensor, wall(depth)).float() - depth
        expected = depth**2 * 0.08 / (424.0 * 50.0)
        assert abs(float(error.std()) / expected - 1.0) < 0.08, depth
        assert abs(float(error.mean())) < 0.2 * expected


def test_focal_length_of_the_image_where_none_is_given() -> None:
    deviation = images_of(depth_sensor("stereo", noise_px=0.05), wall(1500)).float().std()
    assert abs(float(deviation) / (1500**2 * 0.05 / (FOCAL * 50.0)) - 1.0) < 0.05


def test_disparities_come_in_steps() -> None:
    sensor = depth_sensor("stereo", noise_px=0.3, step_px=0.125, focal_px=580.0, baseline_m=0.075)
    found = images_of(sensor, wall(3000)).unique().double()
    disparity = 580.0 * 75.0 / found
    assert len(found) > 5
    assert float((disparity / 0.125 - (disparity / 0.125).round()).abs().max()) < 0.02


def test_noise_of_time_of_flight() -> None:
    sensor = depth_sensor("tof", noise_m=0.0015, noise_per_m=-0.0005, noise_per_m2=0.0003)
    for depth in (1000, 2500, 4500):
        metres = depth / 1000
        expected = 1.5 - 0.5 * metres + 0.3 * metres**2
        # Rounding to whole millimetres adds 1/12.
        deviation = float(images_of(sensor, wall(depth)).float().std())
        assert abs(deviation / (expected**2 + 1 / 12) ** 0.5 - 1.0) < 0.03, depth


def test_the_d435_has_the_noise_that_was_measured() -> None:
    """The fit that was made for elevation_mapping is met within a third from 0.7 to 3 m."""
    depth = PRESETS["realsense_d435"]["depth"]
    sensor = depth_sensor("stereo", **{name: depth[name] for name in ("baseline_m", "focal_px", "noise_px", "step_px")})
    for metres in (0.75, 1.5, 3.0):
        measured = 1000.0 * (0.000611 + 0.003587 * (metres - 0.3515) ** 2)
        deviation = float(images_of(sensor, wall(round(1000 * metres))).float().std())
        assert abs(deviation / measured - 1.0) < 0.34, metres


def test_the_share_of_holes() -> None:
    for share in (0.02, 0.2):
        lost = images_of(depth_sensor("stereo", holes=share, hole_px=1.5), wall(1000)) == 0
        assert abs(float(lost.float().mean()) / share - 1.0) < 0.2
        pairs = (lost[:, 1:] & lost[:, :-1]).float().mean() / lost.float().mean()
        assert pairs > 1.5 * share, "they come in blobs"


def test_edges(room: torch.Tensor) -> None:
    """Holes and flying pixels are at the box's outline and nowhere on the slanted floor."""
    near_box = torch.zeros(SIZE, SIZE, dtype=torch.bool)
    near_box[29:72, 39:62] = True
    near_box[32:69, 42:59] = False
    near_box[6:10] = True
    lost = images_of(depth_sensor("tof", edge_holes=0.5), room)[..., 0] == 0
    assert not lost[:, ~near_box & (room[0, ..., 0] > 0)].any()
    flown = images_of(depth_sensor("tof", flying=0.5), room)
    changed = (flown != room)[..., 0]
    assert not changed[:, ~near_box].any()
    between = flown[..., 0][changed]
    assert len(between) > 100
    assert 900 <= between.min() < between.max() <= 4000


def test_slanted_surfaces_are_lost_and_noisy() -> None:
    """A floor seen from above: its slant to the ray is that of the ray to the vertical."""
    rows = torch.arange(SIZE) + 0.5 - SIZE / 2
    down = (rows / FOCAL).clamp(min=0.05)
    floor = (1000.0 / down).clamp(max=30000).to(torch.int16)[:, None].expand(SIZE, SIZE)[None, ..., None]
    middle = slice(SIZE // 2 - 4, SIZE // 2 + 4)
    # Rays at `down` slope meet the floor at atan(1 / down) to its normal; 75 degrees is a slope of 0.268.
    lost = images_of(depth_sensor("tof", max_angle_deg=75.0), floor)[:, :, middle, 0] == 0
    assert lost[:, (down > 0.1) & (down < 0.24)].all()
    assert not lost[:, down > 0.30].any()
    noise = images_of(depth_sensor("tof", grazing_noise_m=0.001), floor).float() - floor.float()
    steep, flat = (noise[:, rows_of].std() for rows_of in (down > 0.4, (down > 0.2) & (down < 0.25)))
    assert flat > 3.0 * steep


def test_the_right_camera_does_not_see_left_of_a_box() -> None:
    images = wall(2000)
    images[:, 20:60, 40:60] = 500
    lost = images_of(depth_sensor("stereo", shadow=True, baseline_m=0.08), images)[..., 0] == 0
    wide = round(FOCAL * 80 / 500 - FOCAL * 80 / 2000)
    assert wide == 12
    assert lost[:, 20:60, 40 - wide + 1 : 40].all()
    assert not lost[:, :, 40:].any()
    assert not lost[:, 20:60, 5 : 40 - wide - 1].any()
    assert lost[:, :, :3].all(), "the right image starts further right"
    assert not lost[:, 65:, 5:].any()


@pytest.mark.parametrize("sensor", [*PRESETS, "tof_drawn"])
def test_one_image_whatever_the_batch_and_order(sensor: str, room: torch.Tensor) -> None:
    drawn = {
        "depth": {"model": "tof", "noise_m": {"choose": [0.0, 0.01]}, "holes": {"uniform": [0.0, 0.1]},
                  "flying": {"choose": [0.0, 0.5]}, "lateral_px": {"choose": [0.0, 1.0]}}
    }  # fmt: skip
    model = sensor_of(**(drawn if sensor == "tof_drawn" else {"preset": sensor}))
    pairs = [(seed, frame) for seed in range(5) for frame in (0, 1, 7)]
    images = torch.cat([room - 5 * number * (room > 0) for number in range(len(pairs))]).to(torch.int16)
    together = spoilt(model, images, [seed for seed, _ in pairs], [frame for _, frame in pairs])
    assert len({image.numpy().tobytes() for image in together}) == len(pairs)
    for number in (14, 0, 6):
        seed, frame = pairs[number]
        assert torch.equal(spoilt(model, images[number : number + 1], [seed], [frame])[0], together[number])


@pytest.mark.gpu
@pytest.mark.parametrize("preset", PRESETS)
def test_a_gpu_gives_the_same(preset: str, room: torch.Tensor) -> None:
    sensor = sensor_of(preset=preset)
    cuda = sensor.spoilt("depth", room.cuda(), intrinsics(1).cuda(), [3], [4])
    assert torch.equal(cuda.cpu(), spoilt(sensor, room, [3], [4]))
