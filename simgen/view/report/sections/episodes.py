"""Videos of some episodes of a phase, each with what happened in it."""

from __future__ import annotations

from simgen.data import EpisodeView
from simgen.data.recorded import UNLABELLED
from simgen.view.report.gather import PhaseSample
from simgen.view.report.markup import Html, element
from simgen.view.report.numbers import count, duration
from simgen.view.report.page import section
from simgen.view.report.plots import sparkline
from simgen.view.report.tiles import TileLayout, TilePainter
from simgen.view.report.videos import episode_video


def episodes_of(phase: PhaseSample, painter: TilePainter, hz: float) -> Html | None:
    """The cards of the phase's episodes that are shown."""
    if not phase.shown:
        return None
    cards = [_card(episode, painter, hz) for episode in phase.shown]
    title = f"{phase.name.replace('_', ' ').capitalize()} episodes"
    note = f"{len(cards)} of {count(phase.episodes)}, evenly spread. Tap a video to stop it or to go on."
    return section(title, element("div", cards, class_="cards"), note=note, id_=f"phase-{phase.name}")


def _card(episode: EpisodeView, painter: TilePainter, hz: float) -> Html:
    video = episode_video(episode, painter, hz)
    picture = None
    if video is not None and video.layout is not None:
        name = f"{episode.phase} episode {episode.index}"
        picture = element("div", video.element(name), _labels(video.layout), class_="film")
    unlabelled = UNLABELLED in episode.flags
    badge = element("b", "success" if episode.success else "no success", class_="yes" if episode.success else "no")
    speed = f", shown {video.speed:.3g}× faster" if video is not None and video.speed > 1.01 else ""
    reward = f" · reward {episode.reward_sum:.3g}" if "rewards" in episode.arrays else ""
    facts = f"{episode.length} steps, {duration(episode.length / hz)}{speed}{reward}"
    flags = ", ".join(flag for flag in episode.flags if flag not in ("failure", UNLABELLED))
    places = [str(episode.origin[key]) for key in ("file", "group") if key in episode.origin]
    origin = " ".join(places) or f"seed {episode.seed}"
    return element(
        "article",
        picture,
        _rewards(episode),
        element("h3", episode.instruction or episode.task),
        element("p", None if unlabelled else badge, facts, flags and f" · {flags}"),
        _stages(episode),
        element("p", f"{episode.phase} {episode.index} · {origin}", class_="fine"),
    )


def _stages(episode: EpisodeView) -> Html | None:
    """With which step each stage of a chained task began."""
    if not episode.subtasks or "subtask" not in episode.arrays:
        return None
    stage = episode.arrays["subtask"][()]
    begun = [(each["name"], (stage == index).argmax()) for index, each in enumerate(episode.subtasks) if index in stage]
    return element("p", " · ".join(f"{name} from step {step}" for name, step in begun), class_="fine")


def _labels(layout: TileLayout) -> list[Html]:
    """The name of each tile, over its lower left corner."""
    several = len({tile.camera for tile in layout.tiles}) > 1
    names = {"rgb": "RGB"}
    return [
        element(
            "span",
            f"{tile.camera} · " if several and tile.left == 0 else "",
            names.get(tile.output, tile.output),
            style=f"left:{100 * tile.left / layout.width:.2f}%;"
            f"top:{100 * (tile.top + tile.height) / layout.height:.2f}%",
        )
        for tile in layout.tiles
    ]


def _rewards(episode: EpisodeView) -> Html | None:
    if "rewards" not in episode.arrays:
        return None
    chart = sparkline(episode.rewards.reshape(-1), "reward over the episode")
    return element("div", chart, element("i"), class_="rewards", title="reward over the episode")
