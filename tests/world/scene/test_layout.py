"""From a task to the slots, candidates and cameras that all its worlds share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from small_tasks import task_of

from simgen.errors import BadInput
from simgen.spec import load_task
from simgen.world.scene.layout import layout_of
from simgen.world.scene.objects import TABLE_HEIGHT


def test_a_task_becomes_slots_with_their_candidates() -> None:
    layout = layout_of(
        task_of(
            {
                "thing": {
                    "choose": [{"box": [0.1, 0.2, 0.3]}, {"sphere": 0.1}, {"mug": {"radius": 0.04}}],
                    "class": "tool",
                },
                "wall": {"box": [0.1, 0.1, 0.1], "fixed": True},
                "goal": {"marker": {"capsule": {"radius": 0.01, "height": 0.1}}},
            },
            robot={"use": "panda", "xyz": [-0.5, 0.1, 0.0], "yaw": 0.5},
            cameras={
                "hand": {
                    "mount": "panda_hand",
                    "eye": [0, 0, 0],
                    "look_at": [0, 0, 1],
                    "up": [1, 0, 0],
                    "size": [64, 48],
                }
            },
        )
    )
    assert [(slot.name, slot.motion) for slot in layout.bodies] == [
        ("thing", "dynamic"),
        ("wall", "fixed"),
        ("goal", "marker"),
    ]
    thing, _, goal = layout.bodies
    assert [model.kind for model in thing.candidates] == ["box", "sphere", "mug"]
    assert thing.semantic_class == "tool"
    np.testing.assert_allclose(thing.candidates[0].bounds, [[-0.05, -0.1, -0.15], [0.05, 0.1, 0.15]])
    np.testing.assert_allclose(np.ptp(goal.candidates[0].bounds, axis=0), [0.02, 0.02, 0.12], atol=3e-4)
    assert layout.slot("goal") == 2
    assert (layout.cameras[0].width, layout.cameras[0].height, layout.cameras[0].mount) == (64, 48, "panda_hand")
    assert layout.robot_position == (-0.5, 0.1, 0.0)
    assert layout.robot_yaw == pytest.approx(0.5)


def test_without_a_table_the_floor_is_at_zero() -> None:
    with_table, bare = layout_of(task_of({})), layout_of(task_of({}, scene={"table": None, "objects": {}}))
    assert with_table.table is not None
    assert with_table.ground_height == -TABLE_HEIGHT
    assert (bare.table, bare.ground_height) == (None, 0.0)
    assert with_table.robot_position == (-0.615, 0.0, 0.0)


def test_the_seed_of_a_procedural_object_decides_its_size() -> None:
    layout = layout_of(task_of({"mugs": {"choose": [{"mug": {"seed": seed}} for seed in (0, 1, 1, 2)]}}))
    keys = [model.key for model in layout.bodies[0].candidates]
    assert len(set(keys)) == 3
    assert keys[1] == keys[2]


def test_a_pattern_gives_a_candidate_per_mesh_file_beside_the_task(tmp_path: Path) -> None:
    for name, size in (("b", 0.02), ("a", 0.01), ("c", 0.03)):
        trimesh.creation.box((size, size, size)).export(tmp_path / f"block_{name}.stl")
    task = tmp_path / "task.yaml"
    task.write_text(
        "name: t\nrobot: {use: panda}\nscene: {table: {use: table}, objects: {part: {mesh: 'block_*.stl'}}}\n"
    )
    candidates = layout_of(load_task(task)).bodies[0].candidates
    np.testing.assert_allclose([np.ptp(model.bounds, axis=0)[0] for model in candidates], [0.01, 0.02, 0.03], rtol=1e-5)


@pytest.mark.parametrize(
    "fields",
    [
        {"sphere": 0.02, "scale": [2, 1, 1]},
        {"capsule": {"radius": 0.02, "height": 0.05}, "scale": [1, 1, 2]},
        {"cylinder": {"radius": 0.02, "height": 0.05}, "scale": [2, 1, 1]},
        {"cylinder": {"radius": 0.02, "height": 0.05}, "scale": {"uniform": [[1, 1, 1], [2, 2, 2]]}},
        {"choose": [{"box": [0.1, 0.1, 0.1]}, {"bottle": {}}], "scale": {"choose": [[1, 1, 1], [1, 2, 1]]}},
    ],
)
def test_round_objects_cannot_be_stretched(fields: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match=r"scene\.objects\.thing\.scale: a .* cannot be stretched .* one factor"):
        layout_of(task_of({"thing": fields}))


def test_what_keeps_its_kind_can_be_stretched_and_markers_always() -> None:
    for fields in (
        {"box": [0.1, 0.1, 0.1], "scale": [1, 2, 3]},
        {"marker": {"sphere": 0.1}, "scale": [1, 2, 3]},
        {"cylinder": {"radius": 0.02, "height": 0.05}, "scale": {"uniform": [[1, 1, 0.5], [1, 1, 2]]}},
        {"choose": [{"mug": {}}, {"l_shape": {}}], "scale": [2, 2, 1]},
        {"sphere": 0.1, "scale": {"uniform": [0.5, 2]}},
    ):
        layout_of(task_of({"thing": fields}))
    change = {"thing.scale": {"jitter": [0.1, 0, 0]}}
    with pytest.raises(BadInput, match="a sphere has round pieces"):
        layout_of(task_of({"thing": {"sphere": 0.1}}, randomize=change))


def test_a_mesh_in_millimetres_fits_with_the_scale_of_its_object(tmp_path: Path) -> None:
    path = tmp_path / "part.stl"
    trimesh.creation.box((60.0, 40.0, 20.0)).export(path)
    for scale in (0.001, [0.001, 0.002, 0.001], {"uniform": [0.0009, 0.0011]}, {"choose": [0.001, 0.002]}):
        layout_of(task_of({"part": {"mesh": str(path), "scale": scale}}))
    layout_of(task_of({"part": {"mesh": str(path)}}, randomize={"part.scale": {"uniform": [0.001, 0.002]}}))
    with pytest.raises(BadInput, match=r"60 m, outside .* try scale: 0\.001"):
        layout_of(task_of({"part": {"mesh": str(path)}}))


def test_a_derived_output_makes_the_engine_draw_what_it_is_made_of() -> None:
    written = {"plain": ["rgb"], "flow": ["optical_flow"], "both": ["pointcloud", "depth", "rgb"]}
    cameras = {name: {"eye": [1, 0, 1], "look_at": [0, 0, 0], "outputs": outputs} for name, outputs in written.items()}
    slots = layout_of(task_of({}, cameras=cameras)).cameras
    assert {slot.name: (slot.outputs, slot.derived, slot.hidden) for slot in slots} == {
        "plain": (("rgb",), (), set()),
        "flow": (("depth", "segmentation"), ("optical_flow",), {"depth", "segmentation"}),
        "both": (("rgb", "depth", "segmentation"), ("pointcloud",), {"segmentation"}),
    }
