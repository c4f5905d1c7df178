"""The words that a spec allows are those that the scene can make."""

from __future__ import annotations

import numpy as np
import pytest

from simgen.spec import ShapeSpec, default_registry, vocabulary
from simgen.spec.registry import TYPE_TEXT
from simgen.spec.shape import PRIMITIVES, PROCEDURAL
from simgen.world.scene.articulated import ARTICULATED_KINDS
from simgen.world.scene.color import COLORS, parse_color
from simgen.world.scene.objects.fixtures import make_fixture
from simgen.world.scene.objects.library import OBJECT_KINDS
from simgen.world.scene.texture import TEXTURES


def test_object_kinds_and_their_sizes_are_those_of_the_library():
    assert set(vocabulary.OBJECTS) == set(PROCEDURAL)
    kinds = OBJECT_KINDS | ARTICULATED_KINDS
    assert set(PROCEDURAL) | set(PRIMITIVES) == set(kinds)
    for name in PROCEDURAL:
        ours, made = vocabulary.OBJECTS[name].parameters, kinds[name].parameters
        assert set(ours) - {"seed", "scale"} == set(made), name
        for size, parameter in made.items():
            assert (ours[size].low, ours[size].high) == (parameter.low, parameter.high), (name, size)
    assert {*ShapeSpec.alternatives, "seeds"} == set(ShapeSpec.model_fields)


def test_colours_and_textures_are_those_of_the_scene():
    assert set(COLORS) <= set(vocabulary.COLORS)
    assert all(parse_color(name) for name in vocabulary.COLORS)
    assert set(vocabulary.TEXTURES) == set(TEXTURES)


def test_the_tables_surface_is_that_of_the_model():
    bounds, table = make_fixture("table").bounds, vocabulary.FIXTURES["table"]
    np.testing.assert_allclose(bounds[:, :2], [table.low, table.high], atol=1e-3)


def test_terms_are_unique_described_and_have_known_types():
    names = [(term.role, term.name) for term in vocabulary.TERMS]
    assert len(names) == len(set(names))
    for term in vocabulary.TERMS:
        assert term.description
        assert all(parameter.type in TYPE_TEXT and parameter.description for parameter in term.parameters.values())


@pytest.mark.parametrize("path", [entry.path for entry in vocabulary.RANDOMIZABLE])
def test_paths_of_randomize_have_at_most_one_star(path):
    assert path.count("*") <= 1


@pytest.mark.parametrize("entry", vocabulary.RANDOMIZABLE, ids=lambda entry: entry.path)
def test_what_can_be_randomized_says_its_default_and_a_safe_range_within_what_is_allowed(entry):
    assert entry.default
    assert entry.engines
    assert entry.safe is not None or entry.words
    if entry.safe is not None:
        low, high = entry.safe
        assert low < high
        assert entry.change or entry.low <= low < high <= entry.high
        assert entry.base is None or low <= entry.base <= high


def test_robots_are_the_cards_in_the_assets(tmp_path, monkeypatch):
    (tmp_path / "robots").mkdir()
    (tmp_path / "robots" / "arm.yaml").write_text("name: arm\n")
    monkeypatch.setattr("simgen.paths.assets_dir", lambda: tmp_path)
    assert default_registry().robots == ("arm",)
