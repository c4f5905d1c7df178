"""The sensor of one camera: what it makes of clean images, and which of them is seen when."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from simgen.spec.sensors import RgbSpec, SensorSpec, StereoSpec, TofSpec
from simgen.world.sensor.color import noisy_rgb
from simgen.world.sensor.depth import noisy_depth
from simgen.world.sensor.draw import drawn_sensor
from simgen.world.sensor.random import FrameKey
from simgen.world.sensor.timing import arrives, latency, shown_frame

# Pixels that are worked on at a time: more do not fit the cache, and the images are the same.
_MOST_PIXELS = 1 << 19


class Sensor:
    """A camera's sensor, in any number of episodes; it keeps no state.

    Args:
        camera: Name of the camera.
        spec: How it spoils images.
    """

    def __init__(self, camera: str, spec: SensorSpec) -> None:
        self.camera, self.spec = camera, spec
        self._text = spec.model_dump_json(exclude_none=True)

    def __repr__(self) -> str:
        return f"Sensor({self.camera!r}, {self._text})"

    def of(self, seed: int) -> SensorSpec:
        """Returns the sensor of an episode, with all of its numbers drawn."""
        return drawn_sensor(self._text, self.camera, seed)

    def latency(self, seed: int) -> int:
        """Returns how many control steps late the images of an episode arrive."""
        return latency(self.of(seed))

    def arrives(self, seed: int, frame: int) -> bool:
        """Says whether a frame of an episode ever arrives."""
        return arrives(self.of(seed), FrameKey(seed, self.camera, frame))

    def shown_frame(self, seed: int, step: int) -> int:
        """Returns the frame of an episode that is seen at a control step."""
        return shown_frame(self.of(seed), seed, self.camera, step)

    def spoils(self, output: str) -> bool:
        """Says whether images of this kind are changed, apart from when they arrive."""
        return {"rgb": self.spec.rgb, "depth": self.spec.depth}.get(output) is not None

    def spoilt(
        self,
        output: str,
        images: torch.Tensor,
        intrinsics: torch.Tensor | None,
        seeds: Sequence[int],
        frames: Sequence[int],
    ) -> torch.Tensor:
        """Returns images as the sensor gives them, or the same where it does not change this output.

        Args:
            output: "rgb" (uint8), "depth" (int16 mm, 0 = none) or another.
            images: Clean images. Shape: (N, H, W, channels).
            intrinsics: Camera matrices [px], which depth needs. Shape: (N, 3, 3).
            seeds, frames: Episode seed and control step of each image.
        """
        if not self.spoils(output) or len(images) == 0:
            return images
        keys = [FrameKey(seed, self.camera, frame) for seed, frame in zip(seeds, frames, strict=True)]
        size = max(1, _MOST_PIXELS // images[0, ..., 0].numel())
        parts = []
        for start in range(0, len(images), size):
            some = slice(start, start + size)
            matrices = None if intrinsics is None else intrinsics[some]
            parts.append(self._part(output, images[some], matrices, keys[some]))
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def _part(
        self, output: str, images: torch.Tensor, intrinsics: torch.Tensor | None, keys: list[FrameKey]
    ) -> torch.Tensor:
        specs = [self.of(key.seed) for key in keys]
        if output == "rgb":
            return noisy_rgb(images, [spec.rgb for spec in specs if isinstance(spec.rgb, RgbSpec)], keys)
        assert intrinsics is not None, "depth needs the camera's matrix"
        depth = [spec.depth for spec in specs if isinstance(spec.depth, StereoSpec | TofSpec)]
        return noisy_depth(images, intrinsics, depth, keys)
