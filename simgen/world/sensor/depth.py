"""Depth as stereo and time-of-flight cameras measure it: noise, frayed edges, flying pixels, holes.

Sources of the models: see `simgen.spec.sensor_presets`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int16

from simgen.spec.sensors import DepthSpec, StereoSpec, TofSpec
from simgen.world.sensor.draw import column
from simgen.world.sensor.holes import hidden_from_right, lost
from simgen.world.sensor.random import FrameKey, smooth_normal, uniform
from simgen.world.sensor.surface import edges, slant_cosine, slant_factor

_LARGEST = 32767.0  # int16


def noisy_depth(
    images: Int16[torch.Tensor, "N H W 1"],
    intrinsics: Float[torch.Tensor, "N 3 3"],
    specs: Sequence[DepthSpec],
    keys: Sequence[FrameKey],
) -> Int16[torch.Tensor, "N H W 1"]:
    """Spoils depth images [mm, 0 = none].

    Args:
        images: Clean images.
        intrinsics: Camera matrices of the images [px].
        specs: The sensor of each image, all numbers drawn and all of one model.
        keys: Which images they are.
    """
    clean = images[..., 0].float()
    intrinsics = intrinsics.float()
    cosine = slant_cosine(clean, intrinsics)
    seen = _frayed(clean, specs, keys)
    jump, near, far = edges(seen)
    focal = intrinsics[:, 0, 0, None, None]
    stereo = [spec for spec in specs if isinstance(spec, StereoSpec)]
    tof = [spec for spec in specs if isinstance(spec, TofSpec)]
    if stereo:
        measured, gone = _stereo(seen, focal, stereo, keys)
    else:
        measured, gone = _time_of_flight(_flying(seen, jump, near, far, tof, keys), tof, keys), seen <= 0.0
    measured = measured + _slant_noise(cosine, specs, keys)
    gone = gone | (seen <= 0.0) | lost(measured, cosine, jump, specs, keys)
    measured = torch.where(gone, 0.0, measured.round().clamp(1.0, _LARGEST))
    return measured.to(torch.int16)[..., None]


def _field(specs: Sequence[DepthSpec], keys: Sequence[FrameKey], purpose: str, like: torch.Tensor) -> torch.Tensor:
    """Returns noise of standard deviation 1, as smooth as the sensor's. Shape: that of `like`, (N, H, W)."""
    height, width = like.shape[1:]
    return smooth_normal(keys, purpose, height, width, specs[0].smooth_px, like.device)


def _frayed(depth: torch.Tensor, specs: Sequence[DepthSpec], keys: Sequence[FrameKey]) -> torch.Tensor:
    """Lets each pixel look a little beside itself."""
    if not any(spec.lateral_px for spec in specs):
        return depth
    height, width = depth.shape[1:]
    size = column(specs, "lateral_px", depth.device)
    down, right = ((_field(specs, keys, f"lateral {axis}", depth) * size).round().long() for axis in "vu")
    rows = (torch.arange(height, device=depth.device)[:, None] + down).clamp(0, height - 1)
    columns = (torch.arange(width, device=depth.device) + right).clamp(0, width - 1)
    return depth.flatten(1).gather(1, (rows * width + columns).flatten(1)).reshape(depth.shape)


def _stereo(
    depth: torch.Tensor, focal: torch.Tensor, specs: Sequence[StereoSpec], keys: Sequence[FrameKey]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns depth [mm] by way of a noisy, stepped disparity, and where there is none."""
    spec = specs[0]
    reach = (focal if spec.focal_px is None else torch.full_like(focal, spec.focal_px)) * (1000.0 * spec.baseline_m)
    disparity = reach / depth.clamp(min=1.0)
    if any(spec.noise_px for spec in specs):
        disparity = disparity + _field(specs, keys, "disparity", depth) * column(specs, "noise_px", depth.device)
    if spec.step_px > 0.0:
        disparity = (disparity / spec.step_px).round() * spec.step_px
    gone = disparity <= 0.0
    if spec.shadow:
        gone = gone | hidden_from_right(depth, focal, spec.baseline_m)
    return reach / disparity.clamp(min=1e-3), gone


def _flying(
    depth: torch.Tensor,
    jump: torch.Tensor,
    near: torch.Tensor,
    far: torch.Tensor,
    specs: Sequence[TofSpec],
    keys: Sequence[FrameKey],
) -> torch.Tensor:
    """Puts some pixels at edges between what is in front and what is behind, whose light they mix."""
    if not any(spec.flying for spec in specs):
        return depth
    shape = tuple(depth.shape[1:])
    flies = jump & (uniform(keys, "flies", shape, depth.device) < column(specs, "flying", depth.device))
    return torch.where(flies, near + (far - near) * uniform(keys, "between", shape, depth.device), depth)


def _time_of_flight(depth: torch.Tensor, specs: Sequence[TofSpec], keys: Sequence[FrameKey]) -> torch.Tensor:
    """Returns depth [mm] with noise."""
    metres = depth * 0.001
    constant, linear, square = (
        column(specs, name, depth.device) for name in ("noise_m", "noise_per_m", "noise_per_m2")
    )
    deviation = (constant + linear * metres + square * metres * metres).clamp(min=0.0)
    return depth + _field(specs, keys, "flight", depth) * deviation * 1000.0


def _slant_noise(cosine: torch.Tensor, specs: Sequence[DepthSpec], keys: Sequence[FrameKey]) -> torch.Tensor:
    """Returns what slanted surfaces add [mm]."""
    size = column(specs, "grazing_noise_m", cosine.device) * 1000.0
    if not any(spec.grazing_noise_m for spec in specs):
        return torch.zeros_like(cosine)
    return _field(specs, keys, "slant", cosine) * slant_factor(cosine) * size
