"""What a comparison found, and whether it is close enough."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from simgen.bench.parity.closed_loop import ClosedLoop
from simgen.bench.parity.first_frame import FirstFrames
from simgen.bench.parity.open_loop import OpenLoop

LEAST_IOU = 0.97
MOST_DEPTH_ERROR = 0.002  # median [m]
MOST_SUCCESS_DIFFERENCE = 0.05  # of the teacher


@dataclass(frozen=True)
class Target:
    """A figure and what it should be; `value` is None where it could not be measured."""

    name: str
    value: float | None
    bound: float
    ok: bool | None
    at_least: bool = False


@dataclass(frozen=True, eq=False)
class Film:
    """Open-loop episodes as both engines draw them, step by step.

    Attributes:
        frames: Of each shown episode, both engines. Shape: (T, 2, N, H, W, 3), uint8.
        places: Which of the open loop's episodes are shown.
        captions: What is special about each.
        camera: Who saw it.
        hz: Frames per second of real time.
    """

    frames: Any
    places: tuple[int, ...]
    captions: tuple[str, ...]
    camera: str
    hz: float


@dataclass(frozen=True, eq=False)
class Parity:
    """Everything that a comparison of two engines found.

    Attributes:
        task: Its name.
        names: Of the two sides.
        first_frames, closed_loop: None where the task has no cameras, or no teacher.
        conditions: Options, machine, versions, commit, date; JSON-able.
        notes: What was left out, and why.
    """

    task: str
    names: tuple[str, str]
    first_frames: FirstFrames | None
    open_loop: OpenLoop
    closed_loop: ClosedLoop | None
    film: Film | None
    conditions: dict[str, Any]
    notes: tuple[str, ...] = field(default=())

    def rates(self) -> tuple[float, float] | None:
        """The teacher's success rates over the episodes that both engines could simulate."""
        pairs = self.closed_loop.pairs() if self.closed_loop is not None else []
        if not pairs:
            return None
        return sum(one.success for _, one, _ in pairs) / len(pairs), sum(two.success for *_, two in pairs) / len(pairs)

    def targets(self) -> tuple[Target, ...]:
        """The three figures that decide."""
        images = self.first_frames.all if self.first_frames is not None else None
        iou = images.iou if images is not None else None
        depth = images.depth_median if images is not None else None
        rates = self.rates()
        apart = abs(rates[0] - rates[1]) if rates is not None else None
        return (
            Target("segmentation IoU", iou, LEAST_IOU, None if iou is None else iou >= LEAST_IOU, at_least=True),
            _at_most("median depth error [m]", depth, MOST_DEPTH_ERROR),
            _at_most("difference of teacher success", apart, MOST_SUCCESS_DIFFERENCE),
        )

    @property
    def ok(self) -> bool:
        """Whether no target is missed; what could not be measured is not held against the engines."""
        return all(target.ok is not False for target in self.targets())


def _at_most(name: str, value: float | None, bound: float) -> Target:
    return Target(name, value, bound, None if value is None else value <= bound + 1e-9)
