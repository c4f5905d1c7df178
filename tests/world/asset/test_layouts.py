"""Folders of YCB, PartNet-Mobility and ReplicaCAD as they lie on disk, made small."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import trimesh
import yaml

from simgen.errors import BadInput
from simgen.spec import load_task
from simgen.world.asset import load_asset, read_card
from simgen.world.asset.add import AddOptions
from simgen.world.asset.build import BuildOptions
from simgen.world.asset.folder import add_folder
from simgen.world.asset.layouts import detect
from simgen.world.scene.layout import layout_of
from simgen.world.scene.model import ArticulatedModel, ObjectModel
from simgen.world.scene.sample import SceneSampler

PARTNET = """\
<?xml version="1.0" ?>
<robot name="partnet_1">
  <link name="base"/>
  <link name="link_0">
    <visual name="drawer_box-2"><origin xyz="0 0 0"/>
      <geometry><mesh filename="textured_objs/original-2.obj"/></geometry></visual>
    <visual name="handle-5"><origin xyz="0 0 0"/>
      <geometry><mesh filename="textured_objs/original-3.obj"/></geometry></visual>
    <collision><origin xyz="0 0 0"/><geometry><mesh filename="textured_objs/original-2.obj"/></geometry></collision>
    <collision><origin xyz="0 0 0"/><geometry><mesh filename="textured_objs/original-3.obj"/></geometry></collision>
  </link>
  <joint name="joint_0" type="prismatic">
    <origin xyz="0 0 0"/><axis xyz="0 0 1"/><child link="link_0"/><parent link="link_1"/>
    <limit lower="0" upper="0.8"/>
  </joint>
  <link name="link_1">
    <visual name="cabinet_frame-9"><origin xyz="0 0 0"/>
      <geometry><mesh filename="textured_objs/original-1.obj"/></geometry></visual>
    <collision><origin xyz="0 0 0"/><geometry><mesh filename="textured_objs/original-1.obj"/></geometry></collision>
  </link>
  <joint name="joint_1" type="fixed">
    <origin rpy="1.570796326794897 0 -1.570796326794897" xyz="0 0 0"/><child link="link_1"/><parent link="base"/>
  </joint>
</robot>
"""


def box_file(path: Path, sides: tuple[float, ...], at: tuple[float, ...] = (0.0, 0.0, 0.0)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    box = trimesh.creation.box(sides)
    box.apply_translation(at)
    box.export(path)


@pytest.fixture
def partnet(tmp_path: Path) -> Path:
    """A cabinet of 1.0 x 0.8 x 1.2 units (x, y up, z front) with a drawer before it, id 45000."""
    folder = tmp_path / "dataset" / "45000"
    box_file(folder / "textured_objs" / "original-1.obj", (1.0, 0.8, 1.2))
    box_file(folder / "textured_objs" / "original-2.obj", (0.8, 0.3, 0.04), (0.0, 0.1, 0.62))
    box_file(folder / "textured_objs" / "original-3.obj", (0.2, 0.02, 0.04), (0.0, 0.1, 0.68))
    (folder / "mobility.urdf").write_text(PARTNET)
    (folder / "meta.json").write_text(json.dumps({"model_cat": "StorageFurniture", "model_id": "abc"}))
    (folder / "semantics.txt").write_text("link_0 slider drawer\nlink_1 heavy furniture_body\n")
    return folder.parent


def test_a_partnet_object(partnet: Path, assets: Path) -> None:
    result = add_folder(partnet, assets, AddOptions(scale=0.5))
    assert (result.layout, result.failed) == ("partnet", {})
    card = read_card(assets / "storage_furniture_45000")
    assert (card.kind, card.category, list(card.parts)) == ("articulated", "storage_furniture", ["drawer_1"])
    assert "research only" in card.licence
    assert card.source.endswith("object 45000")
    model = load_asset("storage_furniture_45000")
    assert isinstance(model, ArticulatedModel)
    np.testing.assert_allclose(np.ptp(model.root.bounds, axis=0), [0.6, 0.5, 0.4], atol=1e-5)  # upright, front to -x
    joint = model.parts["drawer_1"].joint
    np.testing.assert_allclose(joint.position, [-0.34, 0.0, 0.05], atol=1e-5)  # the handle
    np.testing.assert_allclose(joint.axis, [-1.0, 0.0, 0.0], atol=1e-9)
    assert (joint.lower, joint.upper) == (0.0, 0.4)


def test_a_known_partnet_object_gets_its_usual_size(partnet: Path, assets: Path) -> None:
    (partnet / "45000").rename(partnet / "1000")
    add_folder(partnet / "1000", assets, AddOptions())
    assert read_card(assets / "storage_furniture_1000").original.scale == pytest.approx(0.6129399556808358)


@pytest.fixture
def ycb(tmp_path: Path) -> Path:
    """Two objects as ManiSkill has them, one with a collision mesh of two parts."""
    folder = tmp_path / "mani_skill2_ycb"
    models = folder / "models"
    box_file(models / "003_cracker_box" / "textured.obj", (0.06, 0.16, 0.21))
    parts = [trimesh.creation.box((0.06, 0.16, 0.105)) for _ in range(2)]
    parts[0].apply_translation([0.0, 0.0, -0.0526])
    parts[1].apply_translation([0.0, 0.0, 0.0526])
    trimesh.util.concatenate(parts).export(models / "003_cracker_box" / "collision.ply")
    box_file(models / "025_mug" / "textured.obj", (0.09, 0.09, 0.08))
    info = {"003_cracker_box": {"density": 250.0, "scales": [0.5], "bbox": {}}}
    (folder / "info_pick_v0.json").write_text(json.dumps(info))
    return folder


def test_ycb_as_maniskill_has_it(ycb: Path, assets: Path) -> None:
    assert detect(ycb) == "ycb"
    result = add_folder(ycb, assets, AddOptions(), "ycb")
    assert [card.name for card in result.added] == ["003_cracker_box", "025_mug"]
    card = read_card(assets / "003_cracker_box")
    assert (card.licence, card.category, card.root.pieces) == ("CC BY 4.0", "cracker_box", 2)
    assert card.size == pytest.approx((0.03, 0.08, 0.105), rel=1e-4)
    assert card.root.density == pytest.approx(250.0)
    assert read_card(assets / "025_mug").root.density == 1000.0


def test_ycb_as_its_authors_have_it(tmp_path: Path, assets: Path) -> None:
    box_file(tmp_path / "ycb" / "005_tomato_soup_can" / "google_16k" / "textured.obj", (0.07, 0.07, 0.1))
    box_file(tmp_path / "ycb" / "073-a_lego_duplo" / "tsdf" / "textured.obj", (0.03, 0.03, 0.02))
    (tmp_path / "ycb" / "notes").mkdir()
    result = add_folder(tmp_path / "ycb", assets, AddOptions())
    assert [(card.name, card.category) for card in result.added] == [
        ("005_tomato_soup_can", "tomato_soup_can"),
        ("073-a_lego_duplo", "lego_duplo"),
    ]


def test_one_broken_object_stops_no_other_and_a_second_run_goes_on(ycb: Path, assets: Path) -> None:
    (ycb / "models" / "003_cracker_box" / "textured.obj").write_text("nothing")
    result = add_folder(ycb, assets, AddOptions())
    assert list(result.failed) == ["003_cracker_box"]
    assert [card.name for card in result.added] == ["025_mug"]
    box_file(ycb / "models" / "003_cracker_box" / "textured.obj", (0.06, 0.16, 0.21))
    again = add_folder(ycb, assets, AddOptions())
    assert ([card.name for card in again.added], again.kept) == (["003_cracker_box"], ["025_mug"])
    assert add_folder(ycb, assets, AddOptions(replace=True)).kept == []


def test_what_the_user_says_goes_before_the_data_set(ycb: Path, assets: Path) -> None:
    options = AddOptions(scale=1.0, licence="bought", build=BuildOptions(density=100.0))
    card = add_folder(ycb, assets, options).added[0]
    assert (card.licence, card.original.scale, card.root.density) == ("bought", 1.0, 100.0)


@pytest.fixture
def replicacad(tmp_path: Path) -> Path:
    """A room of 7 x 6 m (y up) with a chair that stays and a cup that moves."""
    folder = tmp_path / "replica_cad_dataset"
    floor = trimesh.creation.box((7.0, 0.1, 6.0))
    floor.apply_translation([0.0, -0.05, 0.0])
    wall = trimesh.creation.box((7.0, 2.5, 0.1))
    wall.apply_translation([0.0, 1.25, -3.0])
    (folder / "stages").mkdir(parents=True)
    trimesh.util.concatenate([floor, wall]).export(folder / "stages" / "frl_apartment_stage.glb")
    box_file(folder / "objects" / "frl_apartment_chair_01.glb", (0.5, 0.9, 0.4), (0.0, 0.45, 0.0))
    box_file(folder / "objects" / "convex" / "frl_apartment_cup_01_cv.glb", (0.08, 0.1, 0.08))
    box_file(folder / "objects" / "frl_apartment_cup_01.glb", (0.08, 0.1, 0.08))
    configs = {
        "stages/frl_apartment_stage.stage_config.json": {"render_asset": "../../stages/frl_apartment_stage.glb"},
        "objects/frl_apartment_chair_01.object_config.json": {
            "render_asset": "../../objects/frl_apartment_chair_01.glb",
            "use_bounding_box_for_collision": True,
        },
        "objects/frl_apartment_cup_01.object_config.json": {
            "render_asset": "../../objects/frl_apartment_cup_01.glb",
            "collision_asset": "../../objects/convex/frl_apartment_cup_01_cv.glb",
            "mass": 0.3,
        },
        "scenes/apt_0.scene_instance.json": {
            "stage_instance": {"template_name": "stages/frl_apartment_stage"},
            "object_instances": [
                {
                    "template_name": "objects/frl_apartment_chair_01",
                    "translation": [1.0, 0.0, -2.0],
                    "rotation": [0.7071068, 0.0, 0.7071068, 0.0],
                    "motion_type": "STATIC",
                },
                {
                    "template_name": "objects/frl_apartment_cup_01",
                    "translation": [-1.0, 0.8, 0.5],
                    "rotation": [1.0, 0.0, 0.0, 0.0],
                    "motion_type": "DYNAMIC",
                },
            ],
            "articulated_object_instances": [],
        },
    }
    for name, content in configs.items():
        path = folder / "configs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
    return folder


def test_replicacad_assets_and_the_places_of_a_scene(replicacad: Path, assets: Path) -> None:
    result = add_folder(replicacad, assets, AddOptions())
    assert (result.layout, result.failed) == ("replicacad", {})
    stage = read_card(assets / "frl_apartment_stage")
    assert stage.fixed
    assert stage.size == pytest.approx((7.0, 6.05, 2.6), rel=1e-4)
    assert read_card(assets / "frl_apartment_chair_01").category == "chair"
    assert read_card(assets / "frl_apartment_cup_01").mass == pytest.approx(0.3)
    chair = load_asset("frl_apartment_chair_01")
    assert isinstance(chair, ObjectModel)
    np.testing.assert_allclose(chair.bounds, [[-0.25, -0.2, 0.0], [0.25, 0.2, 0.9]], atol=1e-5)
    (path,) = result.scenes
    assert "CC BY 4.0" in path.read_text()
    objects = yaml.safe_load(path.read_text())["scene"]["objects"]
    assert [spec["asset"] for spec in objects.values()] == [
        "frl_apartment_stage",
        "frl_apartment_chair_01",
        "frl_apartment_cup_01",
    ]
    places = [spec["pose"] for spec in objects.values()]
    assert (places[1]["xy"], places[1]["z"], places[1]["yaw"]) == ([1.0, 2.0], 0.0, pytest.approx(np.pi / 2, abs=1e-4))
    assert (places[2]["xy"], places[2]["z"]) == ([-1.0, -0.5], 0.8)
    assert [spec.get("fixed", False) for spec in objects.values()] == [True, True, False]


def test_a_scene_of_replicacad_can_be_a_task(replicacad: Path, assets: Path) -> None:
    add_folder(replicacad, assets, AddOptions())
    scene = yaml.safe_load((assets / "scenes" / "apt_0.yaml").read_text())
    task = load_task({"name": "flat", "robot": {"use": "panda", "xyz": [2.0, 0.0, 0.0]}, **scene})
    layout = layout_of(task)
    assert [slot.motion for slot in layout.bodies] == ["fixed", "fixed", "dynamic"]
    bodies = SceneSampler(task, layout).sample(0).bodies
    np.testing.assert_allclose(bodies[1].position, [1.0, 2.0, 0.0], atol=1e-6)
    np.testing.assert_allclose(bodies[2].position, [-1.0, -0.5, 0.8], atol=1e-6)
    assert bodies[2].density * layout.bodies[2].candidates[0].volume == pytest.approx(0.3)


def test_a_missing_model_of_replicacad_is_named(replicacad: Path, assets: Path) -> None:
    (replicacad / "objects" / "frl_apartment_cup_01.glb").unlink()
    failed = add_folder(replicacad, assets, AddOptions()).failed
    assert list(failed) == ["frl_apartment_cup_01"]
    assert "no such mesh file" in failed["frl_apartment_cup_01"]


def test_other_folders_are_refused(tmp_path: Path, ycb: Path, assets: Path) -> None:
    (tmp_path / "holiday").mkdir()
    with pytest.raises(BadInput, match=r"no layout that is known\. Allowed: ycb .*partnet .*replicacad"):
        add_folder(tmp_path / "holiday", assets, AddOptions())
    with pytest.raises(BadInput, match="does not have the layout 'partnet'"):
        add_folder(ycb, assets, AddOptions(), "partnet")
    with pytest.raises(BadInput, match="no such folder"):
        add_folder(tmp_path / "nowhere", assets, AddOptions())
