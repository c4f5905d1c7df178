"""Makes one picture of a dataset: the middle frames of some episodes, each as RGB | depth | segmentation.

    python examples/03_picture.py demo examples/pictures/pick_cube.png

The picture at the top of the README was made so, from the dataset of `make demo`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

import simgen
from simgen.view.report.tiles import TilePainter, depth_bounds, lay_out

GAP = 8  # between episodes [px]


def montage(dataset_path: Path, phase: str, rows: int, columns: int, at: float) -> np.ndarray:
    """Returns a picture of rows x columns episodes at the share `at` (0..1) of their length. Shape: (H, W, 3)."""
    with simgen.open_dataset(dataset_path) as dataset:
        episodes = dataset.filter(phase=phase)[: rows * columns]
        painter = TilePainter(depth_bounds(episodes))
        frames = [next(painter.frames(each, lay_out(each), [round(at * each.length)])) for each in episodes]
    height, width = frames[0].shape[:2]
    picture = np.full((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, 3), 255, np.uint8)
    for number, frame in enumerate(frames):
        top, left = number // columns * (height + GAP), number % columns * (width + GAP)
        picture[top : top + height, left : left + width] = frame
    return picture


def main() -> None:
    """Reads the arguments and writes the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--phase", default="teacher")
    parser.add_argument("--rows", type=int, default=4)
    parser.add_argument("--columns", type=int, default=3)
    parser.add_argument("--at", type=float, default=0.6, help="share of each episode's length, 0..1")
    options = parser.parse_args()
    picture = montage(options.dataset, options.phase, options.rows, options.columns, options.at)
    options.picture.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(options.picture, optimize=True)
    print(f"{options.picture}: {picture.shape[1]} x {picture.shape[0]} pixels")


if __name__ == "__main__":
    main()
