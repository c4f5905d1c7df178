"""Draws recorded episodes again: a second camera, other textures, light and colours, without simulating.

Records a few episodes of a task, draws them three times over, shows the recorded and the new pictures side by side, and
says how many times as fast drawing was as generating the same frames.
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro
from PIL import Image

import simgen
from simgen.data import Dataset
from simgen.data.rerender import LookChanges, RenderOptions, render_dataset
from simgen.generate import GenerateOptions, generate
from simgen.spec import load_task

RANDOMIZE = {
    "camera.side.eye": {"jitter": 0.06},
    "light.direction": {"jitter": [0.5, 0.5, 0.1]},
    "light.intensity": {"uniform": [0.7, 1.2]},
    "table.texture": {"choose": ["wood", "tiles", "planks", "concrete"]},
    "ground.texture": {"choose": ["wood", "tiles", "planks", "concrete"]},
    "background.color": {"choose": [[0.72, 0.78, 0.85], [0.9, 0.9, 0.87], [0.5, 0.56, 0.62]]},
    "cube.color": {"choose": ["red", "blue", "yellow", "orange", "purple", "cyan"]},
}


@dataclass(frozen=True)
class Arguments:
    """Draw recorded episodes again from elsewhere."""

    out: Path = Path(__file__).parent / "pictures" / "new_views.png"
    """The picture; the figures are printed."""
    episodes: int = 8
    variants: int = 3
    size: int = 160
    """Of the images [px]."""


def show(recorded: Dataset, drawn: Dataset, variants: int, rows: int = 3, gap: int = 4) -> Image.Image:
    """One row for each episode: a frame of it as recorded, from the new camera, and in new looks."""
    images = []
    for number in range(min(rows, len(recorded))):
        frame = recorded[number].length // 4
        versions = [drawn[number * variants + variant] for variant in range(variants)]
        tiles = [recorded[number].rgb("base")[frame], *(version.rgb("side")[frame] for version in versions)]
        images.append([np.pad(tile, ((0, gap), (0, gap), (0, 0)), constant_values=255) for tile in tiles])
    picture = np.concatenate([np.concatenate(row, 1) for row in images])[:-gap, :-gap]
    return Image.fromarray(picture & 0xF8)  # fewer shades make a small file


def main() -> None:
    arguments = tyro.cli(Arguments)
    size = f"cameras.base.size=[{arguments.size}, {arguments.size}]"
    task = load_task("pick_cube", [size, "render.samples=2"])
    changes = LookChanges(
        camera=("side={eye: [0.55, -0.5, 0.45], look_at: [0.0, 0.02, 0.08], fov_deg: 48, outputs: [rgb, depth]}",),
        only=("side",),
        size=(arguments.size, arguments.size),
        randomize=RANDOMIZE,
    )
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "recorded"), Path(folder, "drawn")
        generated = generate(task, source, GenerateOptions(teacher=arguments.episodes, num_envs=arguments.episodes))
        rendered = render_dataset(source, out, RenderOptions(changes, variants=arguments.variants))
        with simgen.open_dataset(source) as recorded, simgen.open_dataset(out) as drawn:
            picture = show(recorded, drawn, arguments.variants)
    picture.save(arguments.out, optimize=True)
    figures = {"generated": generated.as_dict(), "drawn": rendered.as_dict()}
    speeds = {name: values["frames_per_second"] for name, values in figures.items()}
    result = {
        "picture": arguments.out.name,
        "frames_per_second": speeds,
        "ratio": speeds["drawn"] / speeds["generated"],
    }
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
