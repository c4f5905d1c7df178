"""How the episodes differ: lengths, rewards, actions, start poses, object kinds and what was randomised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from simgen.data import Dataset
from simgen.view.report.gather import PhaseSample
from simgen.view.report.markup import Html, element
from simgen.view.report.numbers import count
from simgen.view.report.page import figure, key, section, swatch
from simgen.view.report.palette import name_color, object_color, phase_color
from simgen.view.report.plots import Points, Series, band, histogram, top_view, word_bars

MOST_ACTORS, MOST_DIMENSIONS, MOST_DRAWS = 6, 32, 18
_DELTA_POSE = ("x", "y", "z", "roll", "pitch", "yaw")


def distributions(dataset: Dataset, phases: Sequence[PhaseSample], hz: float) -> list[Html]:
    """All plots, those of one kind beside each other."""
    known = [phase for phase in phases if phase.sampled]
    sampled, episodes = sum(phase.sampled for phase in known), sum(phase.episodes for phase in known)
    note = None if sampled == episodes else f"From {count(sampled)} evenly spread episodes of {count(episodes)}."
    large = [_lengths(phases, hz), _rewards(known, hz), _starts(dataset, known)]
    parts = [
        section("Episodes in numbers", _legend(known), _grid(large), note=note, id_="plots"),
        _actions(dataset, known),
        _draws(known),
    ]
    return [part for part in parts if part is not None]


def _grid(figures: Sequence[Html | None], small: bool = False) -> Html:
    return element("div", list(figures), class_="plots small" if small else "plots")


def _legend(phases: Sequence[PhaseSample]) -> Html:
    return key([(phase.name, phase_color(phase.number)) for phase in phases])


def _series(phases: Sequence[PhaseSample], values: Sequence[np.ndarray]) -> list[Series]:
    pairs = zip(phases, values, strict=True)
    return [Series(phase.name, phase_color(phase.number), array) for phase, array in pairs if array.size]


def _lengths(phases: Sequence[PhaseSample], hz: float) -> Html:
    series = _series(phases, [phase.lengths for phase in phases])
    return figure("Length", histogram(series, "lengths of the episodes", f"steps, {hz:g} per second"))


def _rewards(phases: Sequence[PhaseSample], hz: float) -> Html | None:
    known = [phase for phase in phases if np.isfinite(phase.rewards).any()]
    if not known:
        return None
    series = _series(known, [phase.rewards for phase in known])
    chart = band(series, [phase.reward_stride for phase in known], "reward over time", "step", "reward per step")
    return figure("Reward", chart, "median, and the band of the middle 80 %")


def _starts(dataset: Dataset, phases: Sequence[PhaseSample]) -> Html | None:
    names = list(dict.fromkeys(name for phase in phases for name in phase.starts))[:MOST_ACTORS]
    points = [_points(name, number, phases) for number, name in enumerate(names)]
    points = [one for one in points if len(one.xy)]
    if not points:
        return None
    names = [element("span", swatch(one.color), one.name) for one in points]
    marks = "dots: the episode succeeded, rings: it did not"
    return figure(["Start positions from above", element("span", names, class_="key")], _view(dataset, points), marks)


def _points(name: str, number: int, phases: Sequence[PhaseSample]) -> Points:
    having = [phase for phase in phases if name in phase.starts]
    places = np.concatenate([phase.starts[name] for phase in having])
    success = np.concatenate([phase.sampled_success for phase in having])
    known = np.isfinite(places).all(axis=1)
    return Points(name, object_color(number), places[known, :2], success[known])


def _view(dataset: Dataset, points: Sequence[Points]) -> Html:
    episode = dataset[0]
    paths = [path for path in episode.arrays if path.startswith("env_states/articulations/")]
    base = episode.arrays[paths[0]][0][:2] if paths else None
    robot = (float(base[0]), float(base[1])) if base is not None and np.isfinite(base).all() else None
    return top_view(points, "start positions of the objects, seen from above", robot)


def _actions(dataset: Dataset, phases: Sequence[PhaseSample]) -> Html | None:
    known = [phase for phase in phases if phase.actions.size]
    if not known:
        return None
    columns = max(phase.actions.shape[1] for phase in known)
    names = action_names(dataset, columns)
    figures = []
    for column in range(min(columns, MOST_DIMENSIONS)):
        having = [phase for phase in known if phase.actions.shape[1] > column]
        series = _series(having, [phase.actions[:, column] for phase in having])
        values = np.concatenate([one.values for one in series])
        bounds = (-1.0, 1.0) if np.abs(values).max() <= 1.0 + 1e-5 else None
        chart = histogram(series, f"values of action {names[column]}", "", small=True, bounds=bounds)
        figures.append(figure(names[column], chart))
    robot = dataset.spec_of().get("robot")
    control = robot.get("control") if isinstance(robot, dict) else None
    note = f"Share of steps by value, per dimension of {control or 'the action'}."
    return section("Actions", _legend(known), _grid(figures, small=True), note=note, id_="actions")


def action_names(dataset: Dataset, number: int) -> list[str]:
    """What the dimensions of an action are called: as the dataset says, else by its control mode."""
    named = dataset.features.get("actions", {}).get("names")
    if isinstance(named, list) and len(named) == number:
        return [str(name) for name in named]
    robot = dataset.spec_of().get("robot")
    control = str(robot.get("control", "")) if isinstance(robot, dict) else ""
    if control.startswith("pd_ee_") and number in (6, 7):
        return [*_DELTA_POSE, "gripper"][:number]
    if control.startswith("pd_joint_") and number > 1:
        return [*(f"joint {index + 1}" for index in range(number - 1)), "gripper"]
    return [f"action {index}" for index in range(number)]


def _draws(phases: Sequence[PhaseSample]) -> Html | None:
    """Bars of words and histograms of numbers that are not the same in all episodes."""
    figures = []
    for name in dict.fromkeys(name for phase in phases for name in phase.words):
        words = sum((phase.words.get(name, Counter()) for phase in phases), Counter())
        if len(words) > 1:
            colors = {word: color for word in words if (color := name_color(word))}
            figures.append(figure(name, word_bars(words, colors, f"how often each {name} was drawn")))
    for name in dict.fromkeys(name for phase in phases for name in phase.values):
        series = _series(phases, [phase.values.get(name, np.zeros(0)) for phase in phases])
        values = np.concatenate([one.values for one in series])
        if values.max() > values.min():
            figures.append(figure(name, histogram(series, f"drawn values of {name}", "", small=True)))
    if not figures:
        return None
    more = len(figures) - MOST_DRAWS
    note = f"The first {MOST_DRAWS} of {len(figures)}." if more > 0 else None
    return section("Variation", _legend(phases), _grid(figures[:MOST_DRAWS], small=True), note=note, id_="variation")
