"""Shows recorded episodes as real cameras would have seen them: as recorded above, through the sensors below.

    python examples/09_sensor_views.py demo sensors.png --preset realsense_d435

The dataset is only read: what a sensor makes of an image is computed on the way, from the episode's seed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

import simgen
from simgen.data import Dataset
from simgen.view.report.tiles import TilePainter, depth_bounds, lay_out

# Presets know depth alone: how colour comes out is up to light, lens and driver.
RGB = {
    "noise": 0.02,
    "blur_px": 0.5,
    "motion_px": {"uniform": [0.0, 2.0]},
    "exposure": {"uniform": [0.7, 1.4]},
    "white_balance": {"uniform": [[0.9, 1.0, 0.9], [1.1, 1.0, 1.1]]},
}


def row(dataset: Dataset, painter: TilePainter) -> np.ndarray:
    """Returns the middle frames of the episodes side by side. Shape: (H, W, 3), uint8."""
    return np.concatenate(
        [next(painter.frames(episode, lay_out(episode), [episode.length // 2])) for episode in dataset], axis=1
    )


def main() -> None:
    """Reads the arguments and writes the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--preset", default="realsense_d435", help="which depth camera; needs the output depth")
    parser.add_argument("--episodes", type=int, default=3)
    options = parser.parse_args()
    clean = simgen.open_dataset(options.dataset)
    sensors = {camera: {"preset": options.preset, "rgb": RGB} for camera in clean.cameras}
    seen = simgen.open_dataset(options.dataset, sensors=sensors)
    clean, seen = clean[: options.episodes], seen[: options.episodes]
    painter = TilePainter(depth_bounds(clean))
    picture = np.concatenate([row(clean, painter), row(seen, painter)])
    Image.fromarray(picture).save(options.picture, optimize=True)
    print(f"{options.picture}: {picture.shape[1]} x {picture.shape[0]} pixels")


if __name__ == "__main__":
    main()
