"""What arrays the episodes of an export have, after the selection: images, states, actions, labels and the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from simgen.data.episode_view import EpisodeView
from simgen.errors import BadInput, unknown

if TYPE_CHECKING:
    from simgen.data.export.base import ExportOptions

IMAGES, CAMERAS, OBS, ENV = "obs/sensor_data/", "obs/sensor_param/", "obs/", "env_states/"
ACTION_ARRAYS = ("actions", "executed_actions", "actions_ee")
NONE = "none"


@dataclass(frozen=True)
class ArrayFacts:
    """One array of an episode.

    Attributes:
        path: in ManiSkill's trajectory group.
        shape: without the axis of time; of images after a resize (H, W, C).
        dtype: as NumPy calls it.
        unit: None where nobody knows.
        names: of the columns, where they are known.
        source_shape: as recorded.
        note: the convention, where there is one.
    """

    path: str
    shape: tuple[int, ...]
    dtype: str
    unit: str | None = None
    names: tuple[str, ...] | None = None
    source_shape: tuple[int, ...] = ()
    note: str | None = None

    @property
    def camera(self) -> str:
        """Of an image or a camera's parameter."""
        return self.path.split("/")[2]

    @property
    def name(self) -> str:
        """The last part of the path; of an image its output."""
        return self.path.rsplit("/", 1)[1] if "/" in self.path else self.path

    @property
    def is_privileged(self) -> bool:
        """Whether only a simulator knows it."""
        return self.path.startswith(f"{OBS}privileged/")


@dataclass(frozen=True)
class Layout:
    """The arrays of an episode of T steps that an export may use.

    Attributes:
        images: obs/sensor_data/<camera>/<output>, T+1 rows.
        cameras: obs/sensor_param/<camera>/..., T+1 rows; intrinsics follow a resize.
        states: what else there is below obs/, T+1 rows.
        env_states: state of the simulator, T+1 rows.
        action: what was chosen as the action, T rows.
        steps: whatever else has T rows: rewards, terminated, truncated, success, fail, subtask, other actions.
        fixed: what belongs to the episode as a whole, such as its map.
    """

    images: tuple[ArrayFacts, ...]
    cameras: tuple[ArrayFacts, ...]
    states: tuple[ArrayFacts, ...]
    env_states: tuple[ArrayFacts, ...]
    action: ArrayFacts
    steps: tuple[ArrayFacts, ...]
    fixed: tuple[ArrayFacts, ...]

    def arrays(self) -> Iterator[ArrayFacts]:
        """All of them."""
        yield from (*self.images, *self.cameras, *self.states, *self.env_states, self.action, *self.steps, *self.fixed)

    @property
    def camera_names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(image.camera for image in self.images))

    def step(self, name: str) -> ArrayFacts | None:
        """The step label of this name, e.g. "rewards"."""
        return next((array for array in self.steps if array.path == name), None)

    def find(self, path: str) -> ArrayFacts | None:
        return next((array for array in self.arrays() if array.path == path), None)


def layout_of(
    episode: EpisodeView, features: Mapping[str, Mapping[str, Any]], options: ExportOptions, held: tuple[str, ...]
) -> Layout:
    """Returns the layout of an episode under a selection.

    Args:
        features: of the dataset.
        held: image outputs that the format can hold; empty: all.

    Raises:
        BadInput: a camera, output, state or action that the episode has not; names what it has.
    """
    facts = {path: _facts(path, episode, features, options.size) for path in episode.arrays}
    images = _images([array for path, array in facts.items() if path.startswith(IMAGES)], options, held, episode)
    shown = {image.camera for image in images}
    if options.actions not in facts:
        there = [name for name in ACTION_ARRAYS if name in facts]
        raise unknown("actions", options.actions, there, where=f"--actions: {episode.task}")
    below = [array for path, array in facts.items() if path.startswith(OBS) and not path.startswith((IMAGES, CAMERAS))]
    rest = [array for path, array in facts.items() if not path.startswith((OBS, ENV)) and path != options.actions]
    steps = [array for array in rest if _is_step(array, episode, features)]
    return Layout(
        images=tuple(images),
        cameras=tuple(facts[p] for p in facts if p.startswith(CAMERAS) and facts[p].camera in shown),
        states=tuple(_states(below, options.states, episode.task)),
        env_states=tuple(array for path, array in facts.items() if path.startswith(ENV)),
        action=facts[options.actions],
        steps=tuple(steps),
        fixed=tuple(array for array in rest if array not in steps),
    )


def _facts(
    path: str, episode: EpisodeView, features: Mapping[str, Mapping[str, Any]], size: tuple[int, int] | None
) -> ArrayFacts:
    array, known = episode.arrays[path], features.get(path, {})
    shape = tuple(array.shape[1:])
    resized = (size[1], size[0], *shape[2:]) if size and path.startswith(IMAGES) and len(shape) == 3 else shape
    names = known.get("names")
    fits = isinstance(names, list) and len(shape) == 1 and len(names) == shape[0]
    return ArrayFacts(
        path=path,
        shape=resized,
        dtype=array.dtype.name,
        unit=known.get("unit"),
        names=tuple(map(str, names)) if fits and names else None,
        source_shape=shape,
        note="; ".join(str(known[key]) for key in ("frame", "convention") if known.get(key)) or None,
    )


def _is_step(array: ArrayFacts, episode: EpisodeView, features: Mapping[str, Mapping[str, Any]]) -> bool:
    view = episode.arrays[array.path]
    time = features.get(array.path, {}).get("time", "T")
    return view.ndim > 0 and len(view) == episode.length and time == "T"


def _images(
    images: list[ArrayFacts], options: ExportOptions, held: tuple[str, ...], episode: EpisodeView
) -> list[ArrayFacts]:
    cameras = sorted({image.camera for image in images})
    for name in options.cameras:
        if name not in cameras and name != NONE:
            raise unknown("camera", name, [*cameras, NONE], where=f"--cameras: {episode.task}")
    there = sorted({image.name for image in images})
    for name in options.outputs:
        if name not in there:
            raise unknown("output", name, there, where=f"--outputs: {episode.task}")
        if held and name not in held:
            raise BadInput(f"--outputs {name}: {options.format} cannot hold it; it holds {', '.join(held)}.")
    return [
        image
        for image in images
        if (not options.cameras or image.camera in options.cameras)
        and (image.name in options.outputs if options.outputs else not held or image.name in held)
    ]


def _states(states: list[ArrayFacts], wanted: tuple[str, ...], task: str) -> list[ArrayFacts]:
    if not wanted:
        return states
    if NONE in wanted:
        if len(wanted) > 1:
            raise BadInput(f"--states {' '.join(wanted)}: {NONE} stands alone.")
        return []
    chosen: list[ArrayFacts] = []
    for pattern in wanted:
        found = [state for state in states if matches(state.path, pattern)]
        if not found:
            raise unknown("state", pattern, [state.path.removeprefix(OBS) for state in states], f"--states: {task}")
        chosen += found
    return [state for state in states if state in chosen]


def matches(path: str, pattern: str) -> bool:
    """Whether a path below obs/ is meant: its last part, its path with or without obs/, or with * for some of it."""
    short = path.removeprefix(OBS)
    return any(fnmatchcase(name, pattern) for name in (path, short, short.rsplit("/", 1)[-1]))
