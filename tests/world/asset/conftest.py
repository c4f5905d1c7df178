"""A folder of assets per test, and files in the formats that users bring."""

from __future__ import annotations

from pathlib import Path

import pytest
import trimesh

URDF = """\
<robot name="cabinet">
  <material name="wood"><color rgba="0.6 0.4 0.2 1"/></material>
  <link name="base"/>
  <joint name="mount" type="fixed"><origin xyz="0 0 0.1"/><parent link="base"/><child link="shell"/></joint>
  <link name="shell">
    <visual><geometry><mesh filename="meshes/shell.obj" scale="0.5 0.5 0.5"/></geometry><material name="wood"/></visual>
    <collision><geometry><mesh filename="meshes/shell.obj" scale="0.5 0.5 0.5"/></geometry></collision>
  </link>
  <joint name="slide" type="prismatic">
    <origin xyz="0.2 0 0" rpy="0 0 1.5707963267948966"/><parent link="shell"/><child link="drawer"/>
    <axis xyz="0 -1 0"/><limit lower="0" upper="0.3"/><dynamics friction="1.5" damping="4"/>
  </joint>
  <link name="drawer">
    <inertial><origin xyz="0 0 0"/><mass value="1.2"/>
      <inertia ixx="0.02" ixy="0" ixz="0" iyy="0.02" iyz="0" izz="0.03"/></inertial>
    <visual><geometry><box size="0.2 0.02 0.1"/></geometry></visual>
    <visual name="handle_7"><origin xyz="0 -0.05 0"/>
      <geometry><cylinder radius="0.01" length="0.1"/></geometry></visual>
    <collision><geometry><box size="0.2 0.02 0.1"/></geometry></collision>
  </link>
  <joint name="hinge" type="continuous">
    <origin xyz="0 0 0.1"/><parent link="shell"/><child link="knob"/><axis xyz="0 0 2"/>
  </joint>
  <link name="knob"><visual><geometry><sphere radius="0.02"/></geometry></visual></link>
</robot>
"""


@pytest.fixture(autouse=True)
def assets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder of assets."""
    folder = tmp_path / "assets"
    monkeypatch.setenv("SIMGEN_ASSETS", str(folder))
    return folder


@pytest.fixture
def urdf(tmp_path: Path) -> Path:
    """A cabinet of a fixed base, a shell of 0.2 x 0.3 x 0.2 m, a drawer with a handle, and a knob that turns."""
    folder = tmp_path / "cabinet"
    (folder / "meshes").mkdir(parents=True)
    trimesh.creation.box((0.4, 0.6, 0.4)).export(folder / "meshes" / "shell.obj")
    path = folder / "cabinet.urdf"
    path.write_text(URDF, encoding="utf-8")
    return path


@pytest.fixture
def brick(tmp_path: Path) -> Path:
    """A block of 40 x 60 x 20 mm, in millimetres."""
    path = tmp_path / "brick.stl"
    trimesh.creation.box((40.0, 60.0, 20.0)).export(path)
    return path
