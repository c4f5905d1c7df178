"""What cameras saw, as pictures for people: one column with a picture for each output of each camera."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from simgen.view.report.motion_colors import NOTES, color_motion
from simgen.view.report.palette import NOTHING, SegmentationColors, color_depth
from simgen.view.report.tiles import OUTPUTS, resize_colors, resize_nearest

if TYPE_CHECKING:
    import viser

_WIDTH = 280  # of the column [px]
_SHOWN = ("rgb", "depth", "segmentation")  # at first; others are there to be chosen


class Colors:
    """Paints the outputs of cameras, with colours that stay the same from step to step."""

    def __init__(self) -> None:
        self._segmentation = SegmentationColors()
        self._bounds: dict[str, tuple[float, float]] = {}

    def forget(self) -> None:
        """Begins anew: other cameras, another episode."""
        self._bounds.clear()

    def paint(self, camera: str, output: str, image: np.ndarray, ids: Mapping[int, Mapping[str, Any]]) -> np.ndarray:
        """Returns an output as colours. Shapes: (H, W, channels) -> (H, W, 3), uint8."""
        if output in ("rgb", "albedo"):
            return resize_colors(image[None], *image.shape[:2])[0].astype(np.uint8)
        if output == "normals":
            return np.clip(np.nan_to_num(image[..., :3]) * 127.5 + 127.5, 0, 255).astype(np.uint8)
        if output in NOTES:
            return color_motion(output, image[None])[0]
        plane = image.reshape(*image.shape[:2], -1)[..., 0]
        if output == "depth":
            return color_depth(plane, self._bounds_of(camera, plane))
        plane = np.clip(plane, 0, None).astype(np.int64)
        return self._segmentation.table(ids, int(plane.max(initial=0)))[plane]

    def _bounds_of(self, camera: str, depth: np.ndarray) -> tuple[float, float]:
        """Nearest and farthest distance [mm] that is told apart: those of the first picture that has any."""
        if camera not in self._bounds:
            seen = depth[depth > 0]
            near, far = np.percentile(seen, [0.5, 99]) if seen.size else (200.0, 2000.0)
            if not seen.size:
                return float(near), float(far)
            self._bounds[camera] = (float(near), float(max(far, near * 1.05)))
        return self._bounds[camera]


class Pictures:
    """A column of pictures.

    Args:
        server: Where.
    """

    def __init__(self, server: viser.ViserServer) -> None:
        self._server = server
        self._panel: Any = None
        self._tab: Any = None
        self._names: tuple[tuple[str, str], ...] = ()
        self._images: dict[tuple[str, str], viser.GuiImageHandle] = {}

    def show(self, painted: Mapping[tuple[str, str], np.ndarray]) -> None:
        """Shows pictures (H, W, 3) by camera and output; where these are the same as before, in their places."""
        names = tuple(painted)
        if names != self._names:
            self._arrange(painted)
        with self._server.atomic():
            for name, image in painted.items():
                self._images[name].image = fitted(image)

    def _arrange(self, painted: Mapping[tuple[str, str], np.ndarray]) -> None:
        for handle in self._images.values():
            with contextlib.suppress(KeyError):
                handle.remove()
        self._names, self._images = tuple(painted), {}
        if not painted:
            return
        if self._panel is None:
            from simgen.view.live.server import IMAGES_WIDTH

            self._panel = self._server.gui.add_panel()
            self._tab = self._panel.add_tab("Cameras")
            self._panel.dock_left()
            self._panel.set_width(IMAGES_WIDTH)
        with self._tab:
            for (camera, output), image in painted.items():
                self._images[camera, output] = self._server.gui.add_image(
                    fitted(image), label=f"{camera} · {output}", format="jpeg", jpeg_quality=88
                )


def outputs_of(stored: Mapping[str, Any]) -> list[str]:
    """Returns the outputs of a camera that can be shown, those of most interest first."""
    return [output for output in OUTPUTS if output in stored and len(stored[output].shape) in (3, 4)]


def first_choice(outputs: Mapping[str, list[str]], most: int = 6) -> list[tuple[str, str]]:
    """Returns which pictures are shown at first: colour, depth and segmentation of as many cameras as there is room."""
    wanted = [(camera, output) for camera, each in outputs.items() for output in each if output in _SHOWN]
    if len(wanted) > most:  # many cameras: the colours of each
        wanted = [(camera, each[0]) for camera, each in outputs.items() if each]
    return wanted[: max(most, len(outputs))]


def fitted(image: np.ndarray) -> np.ndarray:
    """Returns a picture of a size for the page: small ones enlarged by a whole factor, large ones shrunk."""
    height, width = image.shape[:2]
    longest = max(height, width, 1)
    factor = _WIDTH // longest
    if factor > 1:
        return resize_nearest(image[None], factor * height, factor * width)[0]
    factor = min(1.0, 1.5 * _WIDTH / longest)
    size = max(1, round(factor * height)), max(1, round(factor * width))
    return np.ascontiguousarray(resize_colors(image[None], *size)[0])


def empty(height: int, width: int) -> np.ndarray:
    """Returns a picture of nothing. Shape: (height, width, 3), uint8."""
    return np.full((height, width, 3), NOTHING, np.uint8)
