"""The thing that a task is about is never in the picture."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from simgen.data.curate.section import Count, Section, Share
from simgen.data.curate.subject import SEGMENTATION, Subject
from simgen.data.curate.targets import target_bodies
from simgen.data.curate.verdict import Verdict, at_least, unmeasured


class OcclusionSpec(Section):
    """Drops episodes whose target cannot be seen."""

    least: Share = Field(default=0.02, description="share of the frames in which the target must be seen")
    pixels: Count = Field(default=2, description="pixels of it that count as seen")
    cameras: Literal["any", "all"] = Field(
        default="any", description="any: one camera must see it; all: each of them must"
    )
    targets: tuple[str, ...] = Field(
        default=(), description="bodies that must be seen; [] means those that the task's success is about"
    )


class Occlusion:
    """Counts the pixels of the target in the segmentation."""

    def __init__(self, spec: OcclusionSpec) -> None:
        self._spec = spec

    def judge(self, subject: Subject) -> Verdict:
        """The value is the share of frames in which the target that is seen least is seen."""
        cameras = subject.cameras(SEGMENTATION)
        if not cameras:
            return unmeasured("has no segmentation")
        targets = self._ids(subject)
        if not targets:
            return unmeasured("no object is known that the task is about")
        seen = {name: [self._share(subject, camera, ids) for camera in cameras] for name, ids in targets.items()}
        choose = max if self._spec.cameras == "any" else min
        name = min(seen, key=lambda target: choose(seen[target]))
        share = choose(seen[name])
        where = f"camera {cameras[0]}" if len(cameras) == 1 else f"{self._spec.cameras} of {', '.join(cameras)}"
        return at_least(share, self._spec.least, f"{name} is seen in {share:.0%} of the frames ({where})", 0)

    def _ids(self, subject: Subject) -> dict[str, list[int]]:
        """Instance ids of each target."""
        names = self._spec.targets or target_bodies(subject.facts.spec)
        found: dict[str, list[int]] = {}
        for number, entry in subject.segmentation_ids.items():
            called = {str(entry.get("name")), str(entry.get("body"))}
            for name in names:
                if called & {name} or any(each.startswith(f"{name}.") for each in called):
                    found.setdefault(name, []).append(number)
        return found

    def _share(self, subject: Subject, camera: str, ids: list[int]) -> float:
        images = subject.images(camera, SEGMENTATION)
        counts = np.isin(images, ids).reshape(len(images), -1).sum(axis=1)
        return float((counts >= max(1, self._spec.pixels)).mean())
