"""Mass properties of links, read from the URDF, are those that the simulators see."""

from __future__ import annotations

import numpy as np
import pytest

from simgen.world.robot.card import list_robots, load_card
from simgen.world.robot.inertia import link_inertias, principal_axes
from simgen.world.robot.model import robot_builder
from simgen.world.robot.urdf import depth_first, read_urdf


@pytest.mark.parametrize("name", list_robots())
def test_masses_and_order_are_those_of_the_other_importer(name: str) -> None:
    card = load_card(name)
    urdf, builder = read_urdf(card), robot_builder(card, collisions=False)
    labels = [label.rsplit("/", 1)[-1] for label in builder.body_label]
    assert depth_first(urdf) == tuple(labels)
    found = link_inertias(urdf)
    for index, link in enumerate(labels):
        if link not in found:
            assert builder.body_mass[index] == 0.0
            continue
        assert found[link].mass == pytest.approx(builder.body_mass[index], rel=1e-5)
        assert np.allclose(found[link].center, np.array(builder.body_com[index]), atol=1e-6)
        assert np.allclose(found[link].tensor, np.array(builder.body_inertia[index]).reshape(3, 3), atol=1e-6)


def test_principal_axes_give_the_tensor_back() -> None:
    tensor = np.array([[0.3, 0.05, -0.02], [0.05, 0.2, 0.01], [-0.02, 0.01, 0.4]])
    moments, axes = principal_axes(tensor)
    assert np.allclose(axes @ np.diag(moments) @ axes.T, tensor)
    assert np.linalg.det(axes) == pytest.approx(1.0)
