"""What the dataset is, in words and numbers, and all of it at a glance."""

from __future__ import annotations

from collections.abc import Sequence

from simgen.data import Dataset, dataset_info
from simgen.data.rates import wilson
from simgen.view.report.gather import PhaseSample, spread
from simgen.view.report.markup import Child, Html, element
from simgen.view.report.numbers import byte_size, count, duration, interval, percent
from simgen.view.report.page import section, swatch, table
from simgen.view.report.palette import phase_color
from simgen.view.report.videos import wall_video

MOST_WALL, WALL_COLUMNS = 24, 8
_MOST_INSTRUCTIONS = 3


def header(dataset: Dataset, phases: Sequence[PhaseSample], hz: float) -> Html:
    """Name, description, instructions and the numbers that people ask for first."""
    info = dataset_info(dataset.path)
    name = str(dataset.spec.get("name") or dataset.tasks[0])
    description = dataset.spec.get("description")
    return element(
        "header",
        element("p", "simgen dataset", class_="eyebrow"),
        element("button", "◐", id_="theme", title="Light or dark", aria_label="Switch between light and dark"),
        element("h1", name),
        description and element("p", str(description), class_="lead"),
        _instructions(dataset),
        element("dl", [_number(*entry) for entry in _numbers(info, phases, hz)], class_="numbers"),
    )


def _instructions(dataset: Dataset) -> Html | None:
    texts = list(dict.fromkeys(episode.instruction for episode in dataset if episode.instruction))
    more = len(texts) - _MOST_INSTRUCTIONS
    quotes = [element("q", text) for text in texts[:_MOST_INSTRUCTIONS]]
    rest = element("span", f"and {count(more)} more", class_="more") if more > 0 else None
    return element("p", quotes, rest, class_="instructions") if texts else None


def _number(name: str, value: str, note: Child) -> Html:
    return element("div", element("dt", name), element("dd", value, element("small", note)))


def _numbers(info: dict, phases: Sequence[PhaseSample], hz: float) -> list[tuple[str, str, Child]]:
    steps = info["frames"]
    parts = ", ".join(f"{count(phase.episodes)} {phase.name}" for phase in phases)
    numbers: list[tuple[str, str, Child]] = [("Episodes", count(info["episodes"]), parts)]
    teacher = next((phase for phase in phases if phase.name == "teacher"), None)
    if teacher is not None:
        rate = percent(teacher.successes / teacher.attempts)
        numbers.append(("Teacher success", rate, f"{count(teacher.successes)} of {count(teacher.attempts)} attempts"))
    numbers.append(("Steps", count(steps), f"{duration(steps / hz)} at {hz:g} Hz"))
    outputs = sum(len(outputs) for outputs in info["cameras"].values())
    if outputs:
        cameras = len(info["cameras"])
        note = f"{cameras} camera{'s' * (cameras > 1)}, {outputs} output{'s' * (outputs > 1)}"
        numbers.append(("Images", count((steps + info["episodes"]) * outputs), note))
    numbers.append(("Size", byte_size(info["bytes"]), f"{byte_size(info['bytes'] / max(steps, 1))} per step"))
    return numbers


def wall(dataset: Dataset, phases: Sequence[PhaseSample], hz: float) -> Html | None:
    """Many episodes at once; None for few episodes or without images. The best phase is shown, the teacher's."""
    best = max(phases, key=lambda phase: phase.successes)
    episodes = dataset.filter(phase=best.name)
    columns = min(WALL_COLUMNS, len(episodes))
    number = min(len(episodes), MOST_WALL) // max(columns, 1) * columns
    if number < 4:
        return None
    video = wall_video([episodes[index] for index in spread(len(episodes), number)], columns, hz)
    if video is None:
        return None
    text = f"{number} of {count(len(episodes))} {best.name} episodes, all starting at the same moment."
    caption = element("figcaption", text)
    return element("figure", video.element(text), caption, class_="wall")


def phase_table(phases: Sequence[PhaseSample]) -> Html:
    """Success, lengths and discarded attempts by phase."""
    columns = ("Phase", "Success", "95 % interval", "Episodes", "Attempts", "Discarded", "Mean length", "Steps")
    rows = [_phase_row(phase) for phase in phases]
    reasons = [
        element("li", swatch(phase_color(phase.number)), f"{count(number)} × {reason} ({phase.name})")
        for phase in phases
        for reason, number in sorted(phase.discarded.items(), key=lambda item: (-item[1], item[0]))
    ]
    discarded = reasons and [element("h3", "Why attempts were discarded"), element("ul", reasons, class_="reasons")]
    note = "Success counts successful episodes per attempt; discarded attempts are part of it."
    return section("Phases", table(columns, rows, numeric=(2, 3, 4, 5, 6, 7)), discarded, note=note, id_="phases")


def _phase_row(phase: PhaseSample) -> list[Child]:
    rate = phase.successes / phase.judged if phase.judged else 0.0
    bar = element("span", class_="meter", style=f"--c:{phase_color(phase.number)};--share:{100 * rate:.1f}%")
    return [
        element("span", swatch(phase_color(phase.number)), phase.name, class_="phase"),
        element("span", bar, percent(rate), class_="rate") if phase.judged else "not labelled",
        interval(wilson(phase.successes, phase.judged)) if phase.judged else "",
        count(phase.episodes),
        count(phase.attempts),
        count(phase.attempts - phase.episodes),
        f"{phase.lengths.mean():.1f}" if phase.episodes else "",
        count(phase.steps),
    ]
