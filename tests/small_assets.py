"""Assets as worlds load them, for tests."""

from __future__ import annotations

from simgen.world.asset import load_asset
from simgen.world.scene.model import ArticulatedModel


def articulated(name: str) -> ArticulatedModel:
    """Returns an asset with moving parts."""
    model = load_asset(name)
    assert isinstance(model, ArticulatedModel)
    return model
