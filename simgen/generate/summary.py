"""What a run of `simgen generate` says at its end."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simgen.generate.options import GenerateOptions
from simgen.generate.phase import PhaseCounts
from simgen.machine import processor


@dataclass(frozen=True)
class Summary:
    """What the dataset now holds, and how fast this run was (building and compiling not counted).

    Args:
        dataset: Directory or URL.
        episodes, frames: Of the whole dataset; frames are recorded control steps, as in `simgen info`.
        simulated_frames: Control steps that this run simulated, summed over worlds; also of what was discarded.
        seconds: How long that took, with writing.
        phases: Counts of each phase, earlier runs included.
        workers: How many this run had at a time; None: it was this process alone.
    """

    dataset: Path | str
    episodes: int
    frames: int
    simulated_frames: int
    seconds: float
    phases: dict[str, PhaseCounts] = field(default_factory=dict)
    workers: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Returns the summary with the keys that scripts rely on."""
        return {
            "dataset": str(self.dataset),
            "episodes": self.episodes,
            "frames": self.frames,
            "frames_per_second": self.simulated_frames / self.seconds if self.seconds > 0 else None,
            "phases": {
                name: {
                    "episodes": counts.episodes,
                    "attempts": counts.attempts,
                    "success_rate": counts.success_rate,
                    "discarded": counts.discarded,
                }
                for name, counts in self.phases.items()
            },
        } | ({} if self.workers is None else {"workers": self.workers})


def run_note(options: GenerateOptions, counts: Mapping[str, PhaseCounts], seconds: float) -> dict[str, Any] | None:
    """Returns what dataset.json notes of a run; None if it has simulated nothing."""
    frames = sum(each.frames for each in counts.values())
    if frames == 0:
        return None
    return {
        "frames": frames,
        "seconds": round(seconds, 3),
        "num_envs": options.num_envs,
        "device": options.device,
        "processor": processor(),
        "cores": os.cpu_count(),
    }
