"""Exports to rerun, read with rerun's own reader."""

from __future__ import annotations

import numpy as np
import pytest
from export_datasets import export_episode, write_export_dataset
from rerun.chunk import RrdReader

from simgen.data import open_dataset
from simgen.data.export import ExportOptions, export_dataset
from simgen.errors import SimgenError


def _entities(path):
    found = {}
    for chunk in RrdReader(str(path)).stream().to_chunks():
        found.setdefault(str(chunk.entity_path), []).append(chunk)
    return found


def _rows(chunks, component):
    batches = [chunk.to_record_batch() for chunk in chunks]
    rows = [row for batch in batches if component in batch.schema.names for row in batch.column(component).to_pylist()]
    return np.array(rows)


def test_a_recording_has_robot_objects_cameras_and_series(tmp_path):
    source = write_export_dataset(tmp_path / "data")
    export_dataset(source, tmp_path / "out", ExportOptions("rerun", phase="teacher"))
    assert len(list((tmp_path / "out").glob("*.rrd"))) == 2
    found = _entities(tmp_path / "out" / "episode_000001.rrd")
    with open_dataset(source) as dataset:
        episode = dataset.filter(phase="teacher")[1]
        np.testing.assert_allclose(_rows(found["/series/actions"], "Scalars:scalars"), episode.actions)
        rows = _rows(found["/world/objects/cube"], "Transform3D:translation").reshape(-1, 3)
        np.testing.assert_allclose(rows, episode.arrays["env_states/actors/cube"][:, :3], rtol=1e-6)
    assert {f"/world/cameras/{camera}/{name}" for camera in ("base", "wrist")
            for name in ("rgb", "depth", "segmentation")} <= set(found)  # fmt: skip
    assert any(path.startswith("/world/robot/panda_hand/part_") for path in found)
    step = next(chunk for chunk in found["/series/actions"] if "step" in chunk.timeline_names)
    assert {"step", "time"} <= set(step.timeline_names)


def test_links_are_where_the_kinematics_say(tmp_path):
    episode = export_episode(0)
    rest = np.zeros((episode.length + 1, 31), np.float32)
    rest[:, 3] = 1.0
    episode.arrays["env_states/articulations/panda"] = rest
    source = write_export_dataset(tmp_path / "data", [episode])
    export_dataset(source, tmp_path / "out", ExportOptions("rerun", cameras=("none",)))
    found = _entities(tmp_path / "out" / "episode_000000.rrd")
    rows = _rows(found["/world/robot/panda_hand"], "Transform3D:translation").reshape(-1, 3)
    # Franka's stretched arm: d1 + d3 + d5 up and a7 ahead, the flange 0.107 m below joint 7
    np.testing.assert_allclose(rows, np.tile([0.088, 0.0, 0.333 + 0.316 + 0.384 - 0.107], (len(rows), 1)), atol=1e-5)


def test_a_damaged_recording_is_found(tmp_path, monkeypatch):
    from simgen.data.export.rerun import episode as module

    source, png = write_export_dataset(tmp_path / "data"), module._png
    monkeypatch.setattr(module, "_png", lambda image: png(image ^ 1))
    with pytest.raises(SimgenError, match="sensor_data"):
        export_dataset(source, tmp_path / "out", ExportOptions("rerun"))
