"""One episode as a rerun recording: the world, its cameras, and everything with numbers as time series."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from simgen.data.export.layout import ArrayFacts
from simgen.data.export.rerun.world import Surroundings, log_objects, log_robot
from simgen.data.export.selection import ExportEpisode

_MILLIMETRES = 1000.0  # to a metre
_COLORS = ("rgb", "albedo")


def write_episode(path: Path, episode: ExportEpisode, surroundings: Surroundings, application: str) -> None:
    """Writes an episode's recording."""
    import rerun

    recording = rerun.RecordingStream(application, recording_id=f"{episode.number:06d}", send_properties=False)
    recording.save(str(path), default_blueprint=_blueprint(episode))
    try:
        recording.log("world", rerun.ViewCoordinates.RIGHT_HAND_Z_UP, static=True)
        recording.log("episode", rerun.TextDocument(_words(episode), media_type="text/markdown"), static=True)
        times = columns(episode, 0, episode.length + 1)
        log_robot(recording, episode, times)
        log_objects(recording, episode, times, surroundings.of(episode))
        _log_cameras(recording, episode)
        _log_series(recording, episode)
        recording.flush()
    finally:
        recording.disconnect()


def columns(episode: ExportEpisode, start: int, stop: int) -> list[Any]:
    """The timelines of some moments: `step`, and `time` in seconds where the rate is known."""
    import rerun

    steps = np.arange(start, stop)
    found = [rerun.TimeColumn("step", sequence=steps)]
    return found if episode.fps is None else [*found, rerun.TimeColumn("time", duration=steps / episode.fps)]


def entity_of(facts: ArrayFacts) -> str:
    """Where an array is in the recording."""
    if facts.path.startswith("obs/sensor_data/"):
        return f"world/cameras/{facts.camera}/{facts.name}"
    return f"series/{facts.path.removeprefix('obs/')}"


def series_of(episode: ExportEpisode) -> list[ArrayFacts]:
    """The arrays that are drawn over time: vectors and single numbers."""
    layout = episode.layout
    return [facts for facts in (layout.action, *layout.steps, *layout.states) if len(facts.shape) <= 1]


def _log_series(recording: Any, episode: ExportEpisode) -> None:
    import rerun

    for facts in series_of(episode):
        rows = episode.array(facts.path).astype(np.float64)
        rows = rows.reshape(len(rows), -1)
        if not rows.shape[1]:
            continue
        entity = entity_of(facts)
        if rows.shape[1] > 1 or facts.names:
            names = list(facts.names or (str(i) for i in range(rows.shape[1])))
            recording.log(entity, rerun.SeriesLines(names=names), static=True)
        recording.send_columns(entity, columns(episode, 0, len(rows)), rerun.Scalars.columns(scalars=rows))


def _log_cameras(recording: Any, episode: ExportEpisode) -> None:
    import rerun

    layout = episode.layout
    if layout.images:
        words = [(key, str(value.get("name", key))) for key, value in episode.view.segmentation_ids.items()]
        recording.log("world", rerun.AnnotationContext(words), static=True)
    for camera in layout.camera_names:
        entity = f"world/cameras/{camera}"
        images = [facts for facts in layout.images if facts.camera == camera]
        parameters = {facts.name: episode.array(facts.path) for facts in layout.cameras if facts.camera == camera}
        times = columns(episode, 0, episode.length + 1)
        if "extrinsic_cv" in parameters:
            turn, shift = parameters["extrinsic_cv"][:, :3, :3].transpose(0, 2, 1), parameters["extrinsic_cv"][:, :3, 3]
            place = -np.einsum("tij,tj->ti", turn, shift)
            flat = turn.transpose(0, 2, 1).reshape(-1, 9)  # rerun's matrices are column by column
            recording.send_columns(entity, times, rerun.Transform3D.columns(translation=place, mat3x3=flat))
        if "intrinsic_cv" in parameters:
            size = np.tile([images[0].shape[1], images[0].shape[0]], (episode.length + 1, 1))
            flat = parameters["intrinsic_cv"].transpose(0, 2, 1).reshape(-1, 9)
            recording.send_columns(entity, times, rerun.Pinhole.columns(image_from_camera=flat, resolution=size))
            recording.log(entity, rerun.Pinhole.from_fields(image_plane_distance=0.15), static=True)
        for facts in images:
            _log_images(recording, episode, facts)


def _log_images(recording: Any, episode: ExportEpisode, facts: ArrayFacts) -> None:
    start = 0
    for block in episode.blocks(facts.path):
        times = columns(episode, start, start + len(block))
        recording.send_columns(entity_of(facts), times, _image_columns(facts, block))
        start += len(block)


def _image_columns(facts: ArrayFacts, block: np.ndarray) -> Any:
    import rerun

    count, height, width = block.shape[:3]
    if facts.name in _COLORS:
        blobs = [_png(image) for image in block]
        return rerun.EncodedImage.columns(blob=blobs, media_type=["image/png"] * count)
    if facts.name == "depth":
        blobs = [_png(image[..., 0].view(np.uint16)) for image in block]
        return rerun.EncodedDepthImage.columns(
            blob=blobs, media_type=["image/png"] * count, meter=np.full(count, _MILLIMETRES)
        )
    if facts.name == "segmentation":
        kind = rerun.components.ImageFormat(width=width, height=height, channel_datatype=rerun.ChannelDatatype.U16)
        raw = [image.view(np.uint16).tobytes() for image in block]
        return rerun.SegmentationImage.columns(buffer=raw, format=[kind] * count)
    return rerun.Tensor.columns(data=[rerun.datatypes.TensorData(array=image) for image in block])


def _png(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()


def _words(episode: ExportEpisode) -> str:
    view = episode.view
    lines = [f"# {episode.instruction}", "", f"- task {view.task}, {view.phase} episode {view.index}, seed {view.seed}",
             f"- {'success' if view.success else 'no success'}, {episode.length} steps, reward {view.reward_sum:.3f}",
             "", "| drawn | value |", "|---|---|"]  # fmt: skip
    return "\n".join([*lines, *(f"| {name} | {value} |" for name, value in view.randomisation.items())])


def _blueprint(episode: ExportEpisode) -> Any:
    """World and words on the left, the cameras on the right, actions and rewards below."""
    import rerun.blueprint as blueprint

    images = [facts for facts in episode.layout.images if facts.name in (*_COLORS, "depth", "segmentation")]
    views = [
        blueprint.Spatial2DView(origin=f"world/cameras/{facts.camera}", contents=entity_of(facts),
                                name=f"{facts.camera} {facts.name}")
        for facts in images
    ]  # fmt: skip
    series = [facts for facts in series_of(episode) if facts.name in (episode.layout.action.name, "rewards", "qpos")]
    plots = [blueprint.TimeSeriesView(origin=entity_of(facts), name=facts.name) for facts in series]
    scene = blueprint.Spatial3DView(origin="world", name="world", contents=["$origin/**", "- $origin/cameras/*/*"])
    right = [*views, blueprint.TextDocumentView(origin="episode", name="episode")]
    top = blueprint.Horizontal(scene, blueprint.Grid(*right), column_shares=[3, 2])
    whole = blueprint.Vertical(top, blueprint.Horizontal(*plots), row_shares=[3, 1]) if plots else top
    return blueprint.Blueprint(whole, blueprint.TimePanel(state="collapsed"))
