"""What one looks up: cameras, colours of the masks, arrays, how to load the data, how they were made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from simgen.data import Dataset, EpisodeView
from simgen.view.report.markup import Child, Html, element
from simgen.view.report.motion_colors import NOTES
from simgen.view.report.numbers import count, date, duration, shape
from simgen.view.report.page import section, swatch, table
from simgen.view.report.palette import css
from simgen.view.report.tiles import TilePainter


def cameras(dataset: Dataset) -> Html | None:
    """A row per camera, with the numbers of its first frame in the first episode."""
    episode = dataset[0]
    if not episode.cameras:
        return None
    specs = dataset.spec_of().get("cameras")
    rows = [_camera(episode, name, specs.get(name) if isinstance(specs, dict) else None) for name in episode.cameras]
    columns = ("Camera", "Size [px]", "Outputs", "Field of view", "fx, fy [px]", "cx, cy [px]", "Position [m]", "Mount")
    note = (
        "First frame of the first episode; every frame's intrinsic and extrinsic matrices (OpenCV convention) are "
        "stored beside its images. Depth is planar, in millimetres; 0 is no surface."
    )
    return section("Cameras", table(columns, rows), note=note, id_="cameras")


def _camera(episode: EpisodeView, name: str, spec: Any) -> list[Child]:
    stored = episode.obs.below(f"sensor_data/{name}")
    parameters = episode.obs.below(f"sensor_param/{name}")
    height, width = next(iter(stored.values())).shape[1:3]
    matrix = parameters["intrinsic_cv"][0] if "intrinsic_cv" in parameters else None
    place = parameters["cam2world_gl"][0][:3, 3] if "cam2world_gl" in parameters else None
    lens: list[Child] = ["", "", ""]
    if matrix is not None and matrix[1, 1] > 0:
        angle = 2 * np.degrees(np.arctan(height / (2 * float(matrix[1, 1]))))
        lens = [f"{angle:.1f}° vertical", _list(matrix.diagonal()[:2], 1), _list(matrix[:2, 2], 1)]
    mount = spec.get("mount") if isinstance(spec, dict) else None
    return [
        element("b", name),
        f"{width} × {height}",
        ", ".join(sorted(stored)),
        *lens,
        _list(place, 3) if place is not None else "",
        str(mount or "world"),
    ]


def _list(values: Sequence[float] | np.ndarray, digits: int) -> str:
    return ", ".join(f"{float(value) + 0.0:.{digits}f}" for value in values)


def legend(painter: TilePainter, episodes: Sequence[EpisodeView]) -> Html | None:
    """The colours of the masks and of depth in the videos above."""
    parts: list[Html] = []
    if painter.seen:
        names = {}
        for episode in episodes:
            for number, entry in sorted(episode.segmentation_ids.items()):
                names.setdefault(str(entry.get("name", "")), (number, str(entry.get("class", ""))))
        parts.append(element("ul", [_mask(painter, name, *names.get(name, (0, ""))) for name in _order(painter)]))
    for camera, (near, far) in painter.depth_bounds.items():
        ends = f"depth of {camera}: {near / 1000:.2f} m ", element("i", class_="ramp"), f" {far / 1000:.2f} m"
        parts.append(element("p", ends, class_="depth"))
    parts += [element("p", text) for output, text in NOTES.items() if output in painter.outputs]
    note = "Masks hold instance ids; each episode has its own table of ids, names and classes."
    return section("Colours of masks and depth", parts, note=note, id_="legend") if parts else None


def _order(painter: TilePainter) -> list[str]:
    """Objects and surroundings first, then the robot's links."""
    return sorted(painter.seen, key=lambda name: (painter.colors.is_link(name), name))


def _mask(painter: TilePainter, name: str, number: int, kind: str) -> Html:
    color = css(painter.colors.register(name, kind))
    small = element("small", f"{number} · {kind}" if kind and kind != name else str(number))
    return element("li", swatch(color), name, " ", small)


def loading(dataset: Dataset) -> Html:
    """A snippet that works where the dataset's folder lies, and the arrays that there are."""
    rows = [
        [element("code", path), feature["dtype"], shape(feature["shape"]), feature["time"] or "", feature["unit"] or ""]
        for path, feature in dataset.features.items()
    ]
    arrays = table(("Array", "Type", "Shape of a row", "Rows", "Unit"), rows)
    note = "An episode of T steps has T actions and rewards, and T + 1 observations and states."
    details = element("details", element("summary", f"All {len(rows)} arrays of an episode"), arrays)
    code = element("pre", element("code", snippet(dataset)), tabindex="0")
    return section("Load it", code, rows and details, note=note, id_="load")


def snippet(dataset: Dataset) -> str:
    """Python that opens the dataset from the folder that holds it."""
    episode = dataset[0]
    lines = [
        "import simgen",
        "",
        f"dataset = simgen.open_dataset({dataset.path.resolve().name!r})",
        f"for episode in dataset.filter(phase={_best_phase(dataset)!r}):",
        "    print(episode.index, episode.instruction, episode.length, episode.success)",
        "",
        "episode = dataset[0]",
        f"actions = episode.actions  # {_text(episode.actions)}",
    ]
    if "rewards" in episode.arrays:
        lines.append(f"rewards = episode.rewards  # {_text(episode.rewards)}")
    for camera in episode.cameras[:1]:
        for output in ("rgb", "depth", "segmentation"):
            if output in episode.obs.below(f"sensor_data/{camera}"):
                images = getattr(episode, output)(camera)
                lines.append(f"{output} = episode.{output}({camera!r})[:]  # {_text(images)}")
    return "\n".join(lines)


def _best_phase(dataset: Dataset) -> str:
    return "teacher" if "teacher" in dataset.phases else dataset.phases[0]


def _text(array: Any) -> str:
    return f"{array.dtype.name}, {' × '.join(map(str, array.shape))}"


def throughput(dataset: Dataset) -> Html | None:
    """How fast the runs were that made the dataset; None where that was not noted."""
    rows = [
        [
            date(run.get("ended")),
            count(run["frames"]),
            duration(run["seconds"]),
            element("b", f"{run['frames'] / run['seconds']:,.0f}"),
            count(run["num_envs"]),
            f"{run['device']} · {run['processor']}, {run['cores']} cores",
        ]
        for run in dataset.manifest.get("runs", [])
        if run["seconds"] > 0
    ]
    columns = ("Ended", "Frames", "Time", "Frames per second", "Worlds", "Machine")
    note = "A frame is one step of one world with all its images: simulated, drawn, compressed and written."
    return (
        section("Throughput", table(columns, rows, numeric=(1, 2, 3, 4)), note=note, id_="throughput") if rows else None
    )


def provenance(dataset: Dataset) -> Html:
    """When and with what the dataset was made."""
    manifest = dataset.manifest
    versions = manifest.get("versions") or {}
    facts = {
        "Made": date(manifest.get("created")),
        "Engine": " ".join(
            str(part) for part in (manifest.get("engine"), versions.get(manifest.get("engine"))) if part
        ),
        "simgen": str(versions.get("simgen-toolkit", "")),
        "Commit": str(manifest.get("git_commit") or "")[:12],
        "Spec": str(manifest.get("spec_hash") or "")[:12],
    }
    command = manifest.get("command")
    shown = [element("span", element("b", name), " ", text) for name, text in facts.items() if text]
    return element(
        "footer", command and element("pre", element("code", str(command)), tabindex="0"), element("p", shown)
    )
