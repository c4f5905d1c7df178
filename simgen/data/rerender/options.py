"""What is asked of a rendering, what it has given, and how much of it fits into memory at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from simgen.data.pool import queue_of
from simgen.data.rerender.changes import LookChanges
from simgen.data.rerender.selection import EpisodeChoice
from simgen.errors import BadInput
from simgen.machine import available_bytes
from simgen.spec.camera import PIXELS
from simgen.spec.task import TaskSpec
from simgen.world.kernels import require_device
from simgen.world.scene.seed import episode_seed

MOST_WORLDS = 64
_SHARE_OF_MEMORY = 0.4  # of what is free, for images that are not written yet


@dataclass(frozen=True)
class RenderOptions:
    """How a dataset is drawn again.

    Args:
        changes: What looks otherwise.
        choice: Which episodes.
        seed: Draws all looks anew where it is not 0; with 0 they are those that `generate` would have drawn.
        variants: So many versions of each episode; all but the first draw all looks anew.
        num_envs: Episodes that are drawn at once; None: as many as memory allows, up to MOST_WORLDS.
        device: "cpu" or "cuda:0".
        codec: How arrays are compressed; None: as in the source.
        processes: Encoder processes.
        resume: Go on with the dataset that is there.
    """

    changes: LookChanges = field(default_factory=LookChanges)
    choice: EpisodeChoice = field(default_factory=EpisodeChoice)
    seed: int = 0
    variants: int = 1
    num_envs: int | None = None
    device: str = "cpu"
    codec: str | None = None
    processes: int = 1
    resume: bool = False

    def check(self) -> None:
        """Refuses numbers that cannot be (BadInput)."""
        least = {"variants": 1, "seed": 0, "processes": 1, "num_envs": 1}
        for name, lowest in least.items():
            value = getattr(self, name)
            if value is not None and value < lowest:
                raise BadInput(f"--{name.replace('_', '-')} {value}: must be at least {lowest}.")
        require_device(self.device)

    def looks_seed(self, seed: int, variant: int) -> int | None:
        """Returns what the looks of a version of the episode with this seed are drawn from; None: its own seed."""
        if self.seed == 0 and variant == 0:
            return None
        return episode_seed(self.seed, "looks", str(seed), variant)


@dataclass(frozen=True)
class Rendered:
    """What the new dataset holds, and how fast this run was (building and compiling not counted).

    Args:
        frames: Control steps of the whole dataset.
        drawn_frames, seconds: Of this run, with writing.
        cameras: Sizes of the images by camera and output, as in `simgen info`.
    """

    dataset: Path
    episodes: int
    frames: int
    drawn_frames: int
    seconds: float
    cameras: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Returns what scripts rely on."""
        return {
            "dataset": str(self.dataset),
            "episodes": self.episodes,
            "frames": self.frames,
            "frames_per_second": self.drawn_frames / self.seconds if self.seconds > 0 else None,
            "cameras": self.cameras,
        }


def worlds_that_fit(task: TaskSpec, part: Iterable[Any], options: RenderOptions) -> int:
    """Returns how many episodes are drawn at once, so that their images fit into memory beside those being written."""
    episodes = longest = 0
    for episode in part:
        episodes, longest = episodes + 1, max(longest, episode.length)
    wanted = min(options.num_envs or MOST_WORLDS, episodes * options.variants)
    pixels = [(view.size[0] * view.size[1], view.outputs) for view in task.cameras.values()]
    frame = sum(count * _bytes_of_pixel(outputs) for count, outputs in pixels)
    available = available_bytes()
    if available is None:
        return wanted
    fitting = int(_SHARE_OF_MEMORY * available / max(1, frame * (longest + 1))) - queue_of(options.processes)
    return max(1, min(wanted, fitting))


def _bytes_of_pixel(outputs: Iterable[str]) -> int:
    return sum(PIXELS[output][0] * np.dtype(PIXELS[output][1]).itemsize for output in outputs)  # type: ignore[index]
