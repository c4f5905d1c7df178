"""Which episodes and arrays of a dataset are exported, and their values: resized, with intrinsics that follow."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from simgen.data.episode_view import EpisodeView
from simgen.data.export.layout import IMAGES, ArrayFacts, Layout, layout_of
from simgen.data.import_.images import resize_stack, scaled_intrinsics
from simgen.data.import_.selection import selected
from simgen.data.reader import Dataset
from simgen.data.recorded import source_of
from simgen.data.shard import cached_record
from simgen.errors import BadInput, SimgenError, unknown

if TYPE_CHECKING:
    from simgen.data.export.base import ExportOptions

BLOCK = 16  # frames that are read at once
_LEAST, _MOST = 8, 8192  # of an image's sides [px]


class ExportEpisode:
    """One chosen episode, as the export shall show it. Arrays are read when they are asked for.

    Attributes:
        number: in the export, from 0.
        view: the episode in the dataset: seed, phase, index, instruction, success, randomisation, ...
        layout: what arrays it has.
        fps: control steps per second [Hz]; None where the dataset does not say.
    """

    def __init__(
        self, number: int, view: EpisodeView, layout: Layout, fps: float | None, size: tuple[int, int] | None
    ) -> None:
        self.number, self.view, self.layout, self.fps, self._size = number, view, layout, fps, size

    @property
    def length(self) -> int:
        """T, the number of actions; observations have one row more."""
        return self.view.length

    @property
    def task(self) -> str:
        return self.view.task

    @property
    def instruction(self) -> str:
        """In words; the task's name where there is none."""
        return self.view.instruction or self.view.task.replace("_", " ")

    def array(self, path: str, rows: slice = slice(None)) -> np.ndarray:
        """Reads an array, or rows of it.

        Args:
            path: as in the layout: images come resized, intrinsics follow.

        Raises:
            SimgenError: the episode has not got it, or with another shape than the first of its task.
        """
        facts = self.layout.find(path)
        if facts is None or path not in self.view.arrays:
            raise SimgenError(f"{self.view.file}: {self.view.phase} episode {self.view.index} has no array {path!r}.")
        lazy = self.view.arrays[path]
        if tuple(lazy.shape[1:]) != facts.source_shape and facts in self._fixed_shapes:
            raise SimgenError(
                f"{self.view.file}: {self.view.phase} episode {self.view.index}: {path} has shape "
                f"{list(lazy.shape[1:])}, the first episode of {self.task} has {list(facts.source_shape)}."
            )
        values = lazy[rows] if lazy.ndim else lazy[()]
        if self._size is None:
            return values
        return self._resized(path, facts, values)

    @cached_property
    def _fixed_shapes(self) -> frozenset[ArrayFacts]:
        """Those whose shape does not differ between episodes."""
        return frozenset(self.layout.arrays()) - frozenset(self.layout.fixed)

    def _resized(self, path: str, facts: ArrayFacts, values: np.ndarray) -> np.ndarray:
        if path.startswith(IMAGES):
            resized = resize_stack(values, self._size)
            return _rescaled_flow(resized, facts, self._size) if facts.name == "optical_flow" else resized
        if path.endswith("/intrinsic_cv"):
            recorded = next((image.source_shape for image in self.layout.images if image.camera == facts.camera), None)
            return values if recorded is None else scaled_intrinsics(values, (recorded[0], recorded[1]), self._size)
        return values

    def blocks(self, path: str, stop: int | None = None, rows: int = BLOCK) -> Iterator[np.ndarray]:
        """Reads an array a few rows at a time, up to row `stop`."""
        end = self.length + 1 if stop is None else stop
        for start in range(0, end, rows):
            yield self.array(path, slice(start, min(end, start + rows)))

    @property
    def action(self) -> np.ndarray:
        """Shape: (T, action_dim)."""
        return self.array(self.layout.action.path)

    def step(self, name: str) -> np.ndarray | None:
        """A label of the steps such as "rewards"; None where there is none. Shape: (T, ...)."""
        return None if self.layout.step(name) is None else self.array(name)


def _rescaled_flow(flow: np.ndarray, facts: ArrayFacts, size: tuple[int, int] | None) -> np.ndarray:
    """Optical flow counts pixels, of which there are others now."""
    if size is None:
        return flow
    scale = np.array([size[0] / facts.source_shape[1], size[1] / facts.source_shape[0]], np.float32)
    return (flow * scale).astype(flow.dtype)


class Selection:
    """The chosen episodes of a dataset, and what arrays they have.

    Attributes:
        dataset: with the chosen episodes only.
        layouts: by task.
    """

    def __init__(self, dataset: Dataset, options: ExportOptions, held: tuple[str, ...]) -> None:
        _require_size(options.size)
        self.whole, self.options = dataset, options
        self.dataset = chosen_episodes(dataset, options)
        self.layouts: dict[str, Layout] = {}
        for episode in self.dataset:
            if episode.task not in self.layouts:
                self.layouts[episode.task] = layout_of(episode, dataset.features, options, held)

    def __len__(self) -> int:
        return len(self.dataset)

    def episode(self, number: int) -> ExportEpisode:
        """The episode with this number in the export."""
        view = self.dataset[number]
        return ExportEpisode(number, view, self.layouts[view.task], fps_of(self.dataset, view.task), self.options.size)

    @property
    def tasks(self) -> list[str]:
        """In the order of their first episodes."""
        return list(self.layouts)

    @cached_property
    def layout(self) -> Layout:
        """What all episodes have.

        Raises:
            BadInput: tasks differ; says in what.
        """
        (first, layout), *others = self.layouts.items()
        for task, other in others:
            _require_same(first, layout, task, other)
        return layout

    @cached_property
    def fps(self) -> float:
        """Control steps per second of all episodes [Hz].

        Raises:
            BadInput: the dataset does not say, or tasks differ.
        """
        rates = {task: fps_of(self.dataset, task) for task in self.tasks}
        if len(set(rates.values())) > 1:
            found = ", ".join(f"{task} {rate or 'unknown'}" for task, rate in rates.items())
            raise BadInput(
                f"{self.dataset.path}: has tasks with different rates [Hz]: {found}; choose one with --task."
            )
        rate = next(iter(rates.values()))
        if rate is None:
            raise BadInput(
                f"{self.dataset.path}: does not say how many control steps a second has (episode.control_hz)."
            )
        return rate

    def require_same_shapes(self) -> None:
        """Refuses episodes whose arrays differ in shape, as far as the records of their shards tell (BadInput)."""
        apart = (*self.layout.fixed, *self.layout.env_states)
        needed = {array.path: array for array in self.layout.arrays() if array not in apart}
        for record_path in dict.fromkeys(episode.file.with_suffix(".json") for episode in self.dataset):
            for path, feature in cached_record(record_path)["shard"]["features"].items():
                wanted = needed.get(path)
                shape = tuple(feature["shape"])
                if wanted is not None and None not in shape and shape != wanted.source_shape:
                    raise BadInput(
                        f"{self.dataset.path}: {path} has shape {list(shape)} in {record_path.name} and "
                        f"{list(wanted.source_shape)} before; {self.options.format} needs one shape: "
                        "choose episodes with --task or --episodes, or leave the array out with --states or --cameras."
                    )

    @cached_property
    def digest(self) -> str:
        """sha256 of the content hashes of the chosen episodes, in order."""
        return _digest(self.dataset)

    @cached_property
    def dataset_digest(self) -> str:
        """sha256 of the content hashes of all episodes of the dataset, in order."""
        return _digest(self.whole)

    def robots(self) -> list[str]:
        """Names of the robots of the chosen episodes, as far as their specs say."""
        names: list[str] = []
        for task in self.tasks:
            names += _robots(self.dataset.spec_of(task))
        return list(dict.fromkeys(names))

    @property
    def steps(self) -> int:
        """The sum of the lengths of the chosen episodes."""
        return sum(episode.length for episode in self.dataset)


def chosen_episodes(dataset: Dataset, options: ExportOptions) -> Dataset:
    """Returns the episodes that are wanted.

    Raises:
        BadInput: a phase or a task that is not there, numbers that cannot be read, or nothing is left.
    """
    where = str(dataset.path)
    if not len(dataset):
        raise BadInput(f"{where}: holds no episodes.")
    for what, name, there in (("phase", options.phase, dataset.phases), ("task", options.task, dataset.tasks)):
        if name is not None and name not in there:
            raise unknown(what, name, there, where=f"{where}: --{what}")
    chosen = dataset.filter(phase=options.phase, task=options.task, success=options.success)
    if not len(chosen):
        asked = {"phase": options.phase, "task": options.task, "success": options.success}
        words = ", ".join(f"{key} {value}" for key, value in asked.items() if value is not None)
        counts = ", ".join(f"{phase}: {_outcomes(dataset.filter(phase=phase))}" for phase in dataset.phases)
        raise BadInput(f"{where}: no episode has {words}. There are {counts}.")
    if options.episodes is not None:
        wanted = set(selected(options.episodes, len(chosen)))
        chosen = chosen.filter(where=lambda episode: episode.number in wanted)
    return chosen


def _outcomes(dataset: Dataset) -> str:
    return f"{len(dataset)} episodes, {len(dataset.filter(success=True))} successful"


def fps_of(dataset: Dataset, task: str) -> float | None:
    """Control steps per second of a task [Hz]; None where its spec does not say."""
    spec = dataset.spec_of(task)
    episode: Any = spec.get("episode")
    value = episode.get("control_hz") if isinstance(episode, Mapping) else None
    if value is None:
        value = (source_of(spec) or {}).get("fps")
    return float(value) if isinstance(value, int | float) and value > 0 else None


def _robots(spec: Mapping[str, Any]) -> list[str]:
    robot: Any = spec.get("robot")
    if isinstance(robot, str):
        return [robot]
    if not isinstance(robot, Mapping):
        return []
    choice = robot.get("use", robot.get("choose"))
    if isinstance(choice, Mapping):
        choice = choice.get("choose")
    return [str(name) for name in (choice if isinstance(choice, list) else [choice]) if name]


def _require_size(size: tuple[int, int] | None) -> None:
    if size is not None and not all(_LEAST <= side <= _MOST for side in size):
        raise BadInput(f"--size {size[0]} {size[1]}: both sides must be {_LEAST} to {_MOST} pixels.")


def _require_same(first: str, layout: Layout, task: str, other: Layout) -> None:
    """Refuses tasks whose arrays differ, besides what belongs to the state of the simulator."""
    ours = {array.path: array for array in layout.arrays() if array not in (*layout.fixed, *layout.env_states)}
    theirs = {array.path: array for array in other.arrays() if array not in (*other.fixed, *other.env_states)}
    lines = [f"  {path}: only in {first if path in ours else task}" for path in sorted(ours.keys() ^ theirs.keys())]
    for path in sorted(ours.keys() & theirs.keys()):
        one, two = ours[path], theirs[path]
        if (one.shape, one.dtype) != (two.shape, two.dtype):
            lines.append(f"  {path}: {one.dtype} {list(one.shape)} in {first}, {two.dtype} {list(two.shape)} in {task}")
    if lines:
        more = [f"  and {len(lines) - 8} more"] if len(lines) > 8 else []
        raise BadInput(
            "\n".join(
                [
                    f"the tasks {first} and {task} have different arrays, and this format needs the same:",
                    *lines[:8],
                    *more,
                ]
            )
            + "\nChoose one with --task, or what they share with --cameras, --outputs, --states and "
            "--actions actions_ee."
        )


def _digest(dataset: Dataset) -> str:
    digest = hashlib.sha256()
    for episode in dataset:
        digest.update(episode.sha256.encode())
    return digest.hexdigest()
