"""The film: episodes beside each other, one engine above the other."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
from PIL import Image

from simgen.bench.parity.open_loop import NEVER, OpenEpisode
from simgen.bench.parity.report.pictures import color_difference, stack_rows
from simgen.bench.parity.report.words import length
from simgen.bench.parity.result import Film, Parity
from simgen.view.report.markup import Html, element
from simgen.view.report.page import section
from simgen.view.report.tiles import resize_colors, resize_nearest, tile_size
from simgen.view.report.videos import Video, choose_encoder, encode, frame_plan, hold_frames

_GAP = 4


def film_section(parity: Parity) -> Html | None:
    """A video of a few episodes in both engines; None if none were filmed."""
    film = parity.film
    if film is None:
        return None
    first, second = parity.names
    rows = (first, second, "difference")
    labels = [element("span", name, class_="top", style=f"top:{100 * i / 3:.2f}%") for i, name in enumerate(rows)]
    label = f"{len(film.places)} episodes in {first} (above) and {second} (below) with the same joint targets"
    captions = [
        _caption(parity.open_loop.episodes[place], kind, parity.names)
        for place, kind in zip(film.places, film.captions, strict=True)
    ]
    note = (
        f"Open loop: the joint targets of a run in {first} are fed unchanged to both engines. Above {first}, below it "
        f"{second}, then the difference of the two."
    )
    video = element("div", _video(film).element(label), labels, class_="film wide")
    legend = element("ul", captions, class_="captions")
    shown = element("div", video, legend, style=f"--columns:{len(captions)}", class_="screen")
    return section("Side by side", shown, note=note, id_="film")


def _caption(one: OpenEpisode, kind: str, names: tuple[str, str]) -> Html:
    won = [name for name, step in zip(names, one.succeeded, strict=True) if step != NEVER]
    outcome = "success in both" if len(won) == 2 else f"success in {won[0]} only" if won else "no success"
    far = f"objects up to {length(one.farthest)} apart" if one.object.size else f"tool up to {length(one.tool.max())}"
    name = f"{one.episode.policy} · episode {one.episode.index}"
    return element("li", element("b", kind), name, element("br"), f"{far}, {outcome}")


def _video(film: Film) -> Video:
    rows, fps, speed = frame_plan(len(film.frames), film.hz)
    data, first = encode(_held(film, rows, hold_frames(fps)), fps)
    buffer = io.BytesIO()
    Image.fromarray(first).save(buffer, "JPEG", quality=80, subsampling=0)
    return Video(data, choose_encoder().mime, buffer.getvalue(), first.shape[1], first.shape[0], fps, speed)


def _held(film: Film, rows: list[int], repeats: int) -> Iterator[np.ndarray]:
    frame = None
    for row in rows:
        frame = _compose(film.frames[row])
        yield frame
    for _ in range(repeats if frame is not None else 0):
        yield frame  # pyright: ignore[reportReturnType]


def _compose(frame: np.ndarray) -> np.ndarray:
    """The tiles of a moment. Shape: (2, N, H, W, 3) -> (height, width, 3), both even."""
    above, below = frame
    height, width = (size + size % 2 for size in _size(*above.shape[1:3]))
    lines = []
    for images in (above, below, color_difference(above, below)):
        fit = resize_nearest if images.shape[1] <= height else resize_colors
        lines.append(list(fit(images, height, width)))
    return stack_rows(lines, _GAP)


def _size(height: int, width: int) -> tuple[int, int]:
    """Small images are shown twice as large: browsers halve the resolution of colour."""
    height, width = tile_size(height, width)
    return (2 * height, 2 * width) if width <= 160 else (height, width)
