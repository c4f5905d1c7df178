"""Draws the first frame of every task of simgen's own, three episodes each, into one picture per folder of tasks.

    python examples/11_contact_sheet.py

tasks/README.md shows the pictures.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

import simgen
from simgen.paths import tasks_dir
from simgen.spec import TaskSpec, load_task
from simgen.world.scene.variants import variants_of

EPISODES = 3
HEIGHT, GAP, TITLE = 192, 6, 26  # of a picture, between pictures, above a row [px]
NOT_TASKS = ("mixtures", "registered")


def first_frames(task: TaskSpec) -> list[np.ndarray]:
    """Returns the first frames of the task's first camera, of all its variants in turn. Shape of each: (H, W, 3)."""
    name, camera = next(iter(task.cameras.items()))
    scale = max(1, round(HEIGHT / camera.size[1]))
    size = [scale * side for side in camera.size]
    frames: list[np.ndarray] = []
    parts = [part.task for part in variants_of(task)][:EPISODES]
    for number, part in enumerate(parts):
        wanted = len(range(number, EPISODES, len(parts)))
        env = simgen.make(part, num_envs=wanted, overrides=[f"cameras.{name}.size={size}"])
        frames += list(first_images(env, name))
        env.close()
    return frames


def first_images(env: simgen.BaseEnv, camera: str) -> np.ndarray:
    """Returns what a camera sees when episodes begin. Shape: (E, H, W, 3)."""
    obs, _ = env.reset(seed=1)
    image: torch.Tensor = obs["sensor_data"][camera]["rgb"]
    return image.cpu().numpy()


def sheet(rows: dict[str, list[np.ndarray]]) -> Image.Image:
    """Returns a picture with two tasks beside each other per line, their names above."""
    cells = [cell(name, frames) for name, frames in rows.items()]
    width, height = max(each.width for each in cells), cells[0].height
    columns = 1 if len(cells) == 1 else 2
    lines = -(-len(cells) // columns)
    picture = Image.new("RGB", (columns * (width + 2 * GAP), lines * (height + 2 * GAP)), "white")
    for number, each in enumerate(cells):
        place = (number % columns * (width + 2 * GAP) + GAP, number // columns * (height + 2 * GAP) + GAP)
        picture.paste(each, place)
    return picture


def cell(name: str, frames: list[np.ndarray]) -> Image.Image:
    """Returns the frames of a task beside each other, its name above."""
    images = [Image.fromarray(frame) for frame in frames]
    images = [
        each.resize((round(each.width * HEIGHT / each.height), HEIGHT), Image.Resampling.LANCZOS) for each in images
    ]
    picture = Image.new("RGB", (sum(each.width + GAP for each in images) - GAP, TITLE + HEIGHT), "white")
    ImageDraw.Draw(picture).text((2, 2), name, "black", font=ImageFont.load_default(18))
    left = 0
    for each in images:
        picture.paste(each, (left, TITLE))
        left += each.width + GAP
    return picture


def main() -> None:
    """Draws the folders that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    folders = sorted(path.name for path in tasks_dir().iterdir() if path.is_dir() and path.name not in NOT_TASKS)
    parser.add_argument("--folders", nargs="+", choices=folders, default=folders)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "pictures")
    options = parser.parse_args()
    for folder in options.folders:
        tasks = [load_task(path) for path in sorted((tasks_dir() / folder).glob("*.yaml"))]
        picture = sheet({task.name: first_frames(task) for task in tasks})
        picture.save(options.out / f"tasks_{folder}.png", optimize=True)
        print(f"{options.out / f'tasks_{folder}.png'}: {picture.width} x {picture.height} pixels")


if __name__ == "__main__":
    main()
