"""What an episode of ours is in RLDS: Open X-Embodiment's fields of a step, and all else that a step can hold."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from PIL import Image

from simgen.data.export.layout import OBS, ArrayFacts, Layout
from simgen.data.export.robots import card_of
from simgen.data.export.selection import ExportEpisode

Kind = Literal["image", "tensor", "text"]
ACTION = ("x", "y", "z", "roll", "pitch", "yaw", "gripper")
TOOL_MOTION = "actions_ee"


@dataclass(frozen=True)
class Field:
    """A field of a step.

    Attributes:
        key: its name, with slashes.
        kind: how TFDS stores it.
        dtype, shape: of one step.
        meaning: in words, with units.
        read: gives blocks of its T values.
    """

    key: str
    kind: Kind
    dtype: str
    shape: tuple[int, ...]
    meaning: str
    read: Callable[[ExportEpisode], Iterator[np.ndarray]]


def fields_of(layout: Layout) -> list[Field]:
    """Returns the fields of a step, but for the language instruction."""
    return [*_images(layout), *_state(layout), *_numbers(layout), *_labels(layout)]


def _images(layout: Layout) -> Iterator[Field]:
    first = layout.camera_names[0] if layout.images else ""
    for facts in layout.images:
        output = {"rgb": "image"}.get(facts.name, facts.name)
        key = f"observation/{output}" + ("" if facts.camera == first else f"_{facts.camera}")
        meaning = f"{facts.name} of camera {facts.camera} [{facts.unit}]"
        is_gray = facts.dtype in ("int16", "uint16") and facts.shape[2] == 1
        if is_gray:
            yield Field(key, "image", "uint16", facts.shape, meaning + ", PNG", partial(_unsigned, facts.path))
        elif facts.dtype == "uint8" and facts.shape[2] in (1, 3):
            yield Field(key, "image", "uint8", facts.shape, meaning, partial(_blocks, facts.path))
        else:
            yield Field(key, "tensor", _dtype(facts), facts.shape, meaning, partial(_blocks, facts.path))


def _state(layout: Layout) -> Iterator[Field]:
    vector = [facts for facts in layout.states if not facts.is_privileged and _is_vector(facts)]
    if vector:
        parts = "; ".join(f"{facts.name} {facts.shape[0]} [{facts.unit}]" for facts in vector)
        shape = (sum(facts.shape[0] for facts in vector),)
        paths = tuple(facts.path for facts in vector)
        yield Field("observation/state", "tensor", "float32", shape, parts, partial(_joined, paths))


def _numbers(layout: Layout) -> Iterator[Field]:
    for facts in layout.states:
        if facts.is_privileged or not _is_vector(facts):
            key = f"observation/{facts.path.removeprefix(OBS).replace('/', '_')}"
            yield Field(key, "tensor", _dtype(facts), facts.shape, facts.unit or "", partial(_blocks, facts.path))
    for facts in layout.cameras:
        key = f"observation/camera_{facts.camera}_{facts.name}"
        yield Field(key, "tensor", _dtype(facts), facts.shape, f"[{facts.unit}]", partial(_blocks, facts.path))


def _labels(layout: Layout) -> Iterator[Field]:
    has_hand = has_gripper(layout)
    gripper = "gripper: 1 = open, 0 = closed, absolute" if has_hand else "gripper: 0, there is none"
    meaning = (
        f"motion of the tool in this step in the robot's base frame: x, y, z [m], roll, pitch, yaw [rad]; {gripper}"
    )
    yield Field("action", "tensor", "float32", (7,), meaning, partial(_action, has_hand))
    yield Field("reward", "tensor", "float32", (), "of the step", _reward)
    yield Field("discount", "tensor", "float32", (), "0 where the episode terminated, else 1", _discount)
    yield Field("is_first", "tensor", "bool", (), "", _first)
    yield Field("is_last", "tensor", "bool", (), "", _last)
    yield Field("is_terminal", "tensor", "bool", (), "the episode ended here, and was not cut", _terminal)
    for facts in (*layout.steps, layout.action):
        if facts.path not in ("rewards", "terminated", TOOL_MOTION):
            key = f"recorded_{facts.path.replace('/', '_')}"
            yield Field(key, "tensor", _dtype(facts), facts.shape, facts.unit or "", partial(_rows, facts.path))


def has_gripper(layout: Layout) -> bool:
    """Whether the robot has a gripper; where its card is unknown, the recorded command is taken at its word."""
    card = card_of(layout)
    return card is None or card.gripper is not None


def png(image: np.ndarray) -> bytes:
    """Returns an image, (H, W, C) uint8 or uint16, as PNG."""
    buffer = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[2] == 1 else image).save(buffer, "PNG", compress_level=4)
    return buffer.getvalue()


def metadata(episode: ExportEpisode) -> dict[str, Any]:
    """The fields of episode_metadata."""
    view = episode.view
    return {
        "file_path": f"{view.file.name}/traj_{view.index}",
        "episode_id": episode.number,
        "seed": view.seed,
        "phase": view.phase,
        "task": view.task,
        "success": bool(view.success),
        "control_hz": np.float32(episode.fps or 0.0),
    }


def _is_vector(facts: ArrayFacts) -> bool:
    return facts.dtype == "float32" and len(facts.shape) == 1


def _dtype(facts: ArrayFacts) -> str:
    """What a tf.train.Example can hold: float32, whole numbers, flags."""
    if facts.dtype.startswith("float"):
        return "float32"
    return facts.dtype if facts.dtype in ("bool", "uint8", "int32", "int64") else "int64"


def _blocks(path: str, episode: ExportEpisode) -> Iterator[np.ndarray]:
    return episode.blocks(path, episode.length)


def _unsigned(path: str, episode: ExportEpisode) -> Iterator[np.ndarray]:
    return (block.view(np.uint16) for block in episode.blocks(path, episode.length))


def _rows(path: str, episode: ExportEpisode) -> Iterator[np.ndarray]:
    yield episode.array(path)


def _joined(paths: tuple[str, ...], episode: ExportEpisode) -> Iterator[np.ndarray]:
    yield np.concatenate([episode.array(path, slice(0, episode.length)) for path in paths], axis=1)


def _action(has_hand: bool, episode: ExportEpisode) -> Iterator[np.ndarray]:
    action = episode.array(TOOL_MOTION).astype(np.float32)
    action[:, 6] = (action[:, 6] + 1) / 2 if has_hand else 0.0
    yield action


def _reward(episode: ExportEpisode) -> Iterator[np.ndarray]:
    rewards = episode.step("rewards")
    yield np.zeros(episode.length, np.float32) if rewards is None else rewards.astype(np.float32)


def _terminal(episode: ExportEpisode) -> Iterator[np.ndarray]:
    """Of the last step only: what comes after success is still part of the episode."""
    terminated = episode.step("terminated")
    found = np.zeros(episode.length, bool)
    found[-1] = terminated is not None and bool(terminated[-1])
    yield found


def _discount(episode: ExportEpisode) -> Iterator[np.ndarray]:
    yield 1.0 - next(_terminal(episode)).astype(np.float32)


def _first(episode: ExportEpisode) -> Iterator[np.ndarray]:
    yield np.arange(episode.length) == 0


def _last(episode: ExportEpisode) -> Iterator[np.ndarray]:
    yield np.arange(episode.length) == episode.length - 1
