"""What an episode of ours is in a LeRobot dataset: features with dtype, shape and names, and their values per frame.

An episode has T+1 observations for T actions; a frame is an observation with the action that follows it, so the last
observation has no frame.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from simgen.data.export.layout import ENV, OBS, ArrayFacts, Layout
from simgen.data.export.selection import ExportEpisode

Kind = Literal["video", "depth video", "image", "pixels", "numbers"]
FLAGS = ("terminated", "truncated", "success", "fail")
_COLORS = ("rgb", "albedo")
_ACTIONS = {"actions": "recorded_action", "executed_actions": "executed_action", "actions_ee": "end_effector_action"}


@dataclass(frozen=True)
class Feature:
    """A column of the tables, or a video.

    Attributes:
        key: its name in LeRobot.
        kind: how it is stored; "pixels" are images of numbers in a column.
        shape: of one frame, as info.json says it.
        names: of the columns or axes.
        meaning: in words, with units.
        paths: of our arrays that it is made of.
        read: gives its T rows; None where frames are read in blocks from the first path.
    """

    key: str
    kind: Kind
    dtype: str
    shape: tuple[int, ...]
    names: tuple[str, ...] | None
    meaning: str
    paths: tuple[str, ...]
    read: Callable[[ExportEpisode], np.ndarray] | None = None

    @property
    def is_video(self) -> bool:
        return self.kind in ("video", "depth video")

    def rows(self, episode: ExportEpisode) -> np.ndarray:
        """Its values, a row a frame. Shape: (T, *shape)."""
        if self.read is not None:
            return self.read(episode).reshape(episode.length, *self.shape)
        return episode.array(self.paths[0], slice(0, episode.length)).reshape(episode.length, *self.shape)


def features_of(layout: Layout, images: Literal["video", "png"], depth_video: bool, env_states: bool) -> list[Feature]:
    """Returns the features of an export, without those that count frames.

    Args:
        images: whether colours become videos, or PNG images in the tables.
        depth_video: whether depth becomes a 12-bit video.
        env_states: whether the state of the simulator is among them.
    """
    features = [_image(facts, images, depth_video) for facts in layout.images]
    features += _states(layout)
    features += [_numbers(f"privileged.{_below(facts)}", facts) for facts in layout.states if facts.is_privileged]
    features.append(_numbers("action", layout.action))
    features += _labels(layout)
    features += [_numbers(f"camera.{facts.camera}.{facts.name}", facts) for facts in layout.cameras]
    if env_states:
        dotted = [(facts.path.removeprefix(ENV).replace("/", "."), facts) for facts in layout.env_states]
        features += [_numbers(f"env_states.{name}", facts) for name, facts in dotted]
    return features


def _image(facts: ArrayFacts, images: str, depth_video: bool) -> Feature:
    height, width = facts.shape[:2]
    camera, output, meaning = facts.camera, facts.name, f"{facts.name} of camera {facts.camera} [{facts.unit}]"
    if output in _COLORS:
        key = f"observation.images.{camera}" + (f"_{output}" if output != "rgb" else "")
        kind: Kind = "video" if images == "video" else "image"
        names = ("height", "width", "channels")
        return Feature(key, kind, kind, (height, width, 3), names, meaning, (facts.path,))
    if output == "depth" and depth_video:
        names = ("height", "width", "channels")
        key = f"observation.images.{camera}_depth"
        return Feature(key, "depth video", "video", (height, width, 1), names, meaning, (facts.path,))
    shape = (height, width) if facts.shape[2] == 1 else facts.shape
    names = ("height", "width", "channels")[: len(shape)]
    return Feature(f"observation.{camera}_{output}", "pixels", facts.dtype, shape, names, meaning, (facts.path,))


def _states(layout: Layout) -> list[Feature]:
    """One vector of what the robot and the task show, as policies want it; what fits in no vector stands apart."""
    public = [facts for facts in layout.states if not facts.is_privileged]
    vector = [facts for facts in public if facts.dtype == "float32" and len(facts.shape) == 1]
    features = []
    if vector:
        names = tuple(f"{facts.name}.{column}" for facts in vector for column in _columns(facts))
        starts = np.cumsum([0, *(facts.shape[0] for facts in vector)])
        parts = [f"{start}: {facts.name} [{facts.unit}]" for start, facts in zip(starts[:-1], vector, strict=True)]
        paths = tuple(facts.path for facts in vector)

        def read(episode: ExportEpisode) -> np.ndarray:
            rows = slice(0, episode.length)
            return np.concatenate([episode.array(path, rows) for path in paths], axis=1)

        meaning = "from column " + ", ".join(parts)
        features.append(
            Feature("observation.state", "numbers", "float32", (int(starts[-1]),), names, meaning, paths, read)
        )
    return features + [_numbers(f"observation.{_below(facts)}", facts) for facts in public if facts not in vector]


def _columns(facts: ArrayFacts) -> tuple[str, ...]:
    return facts.names or tuple(map(str, range(facts.shape[0])))


def _below(facts: ArrayFacts) -> str:
    """The rest of a path below obs/, without its first folder."""
    return facts.path.removeprefix(OBS).partition("/")[2].replace("/", ".") or facts.name


def _numbers(key: str, facts: ArrayFacts) -> Feature:
    shape = facts.shape or (1,)
    meaning = "; ".join(filter(None, (facts.unit and f"[{facts.unit}]", facts.note))) or "-"
    return Feature(key, "numbers", facts.dtype, shape, facts.names, meaning, (facts.path,))


def _labels(layout: Layout) -> list[Feature]:
    """Reward and ends of episodes under LeRobot's names, then what else there is of the steps."""
    features = []
    reward = layout.step("rewards")
    if reward is not None:
        features.append(_numbers("next.reward", reward))
    for name in FLAGS:
        facts = layout.step(name)
        if facts is not None:
            features.append(_numbers(f"next.{name}", facts))
    ends = tuple(name for name in ("terminated", "truncated") if layout.step(name) is not None)
    features.append(
        Feature("next.done", "numbers", "bool", (1,), None, "the last frame of the episode, or an end", ends, _done)
    )
    if layout.step("success") is None:
        features.append(
            Feature(
                "next.success",
                "numbers",
                "bool",
                (1,),
                None,
                "in the last frame: the episode succeeded",
                (),
                _succeeded,
            )
        )
    rest = [facts for facts in layout.steps if facts.path not in ("rewards", *FLAGS)]
    return features + [_numbers(_label(facts), facts) for facts in rest]


def _label(facts: ArrayFacts) -> str:
    return _ACTIONS.get(facts.path, facts.path.replace("/", "."))


def _done(episode: ExportEpisode) -> np.ndarray:
    ends = [episode.step(name) for name in ("terminated", "truncated")]
    done = np.any([end.reshape(-1) for end in ends if end is not None] or [np.zeros(episode.length, bool)], axis=0)
    done[-1] = True
    return done


def _succeeded(episode: ExportEpisode) -> np.ndarray:
    success = np.zeros(episode.length, bool)
    success[-1] = episode.view.success
    return success


def described(feature: Feature, info: dict[str, Any] | None = None) -> dict[str, Any]:
    """What info.json says of a feature."""
    entry: dict[str, Any] = {
        "dtype": feature.dtype,
        "shape": list(feature.shape),
        "names": list(feature.names) if feature.names else None,
    }
    return {**entry, "info": info} if info else entry


COUNTERS: dict[str, dict[str, Any]] = {
    "timestamp": {"dtype": "float32", "shape": [1], "names": None},
    "frame_index": {"dtype": "int64", "shape": [1], "names": None},
    "episode_index": {"dtype": "int64", "shape": [1], "names": None},
    "index": {"dtype": "int64", "shape": [1], "names": None},
    "task_index": {"dtype": "int64", "shape": [1], "names": None},
}
"""What every LeRobot dataset has beside its own features."""


def counters(number: int, first: int, length: int, task: int, fps: float) -> dict[str, np.ndarray]:
    """The values of COUNTERS for an episode.

    Args:
        number: of the episode.
        first: frames of all episodes before it.
        length: its frames.
        task: number of its task.
    """
    frames = np.arange(length, dtype=np.int64)
    return {
        "timestamp": (frames / fps).astype(np.float32),
        "frame_index": frames,
        "episode_index": np.full(length, number, np.int64),
        "index": first + frames,
        "task_index": np.full(length, task, np.int64),
    }
