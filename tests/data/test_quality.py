"""Coverage, diversity, success by stratum and normalisation of a dataset, against what was put in."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from synthetic_episodes import SPEC, make_episode

from simgen.cli import main
from simgen.data import DatasetWriter, Episode
from simgen.data.quality import dataset_quality, evenness
from simgen.data.recorded import UNLABELLED

COLORS = ("red", "green")


def planted(index: int) -> Episode:
    """An episode whose cube begins in one of four corners, heavy cubes of the teacher fail."""
    phase = "teacher" if index < 32 else "random"
    episode = make_episode(index, phase)
    actor = episode.arrays["env_states/actors/cube"]
    actor[0, :7] = [0.1 * (index % 2), 0.2 * (index // 2 % 2), 0.02, 1, 0, 0, 0]
    episode.arrays["actions"][:] = index
    mass = index % 16 / 16
    drawn = {"cube.mass": mass, "cube.color": COLORS[index % 2]}
    return dataclasses.replace(episode, randomisation=drawn, success=phase == "teacher" and mass < 0.5, flags=[])


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("quality") / "dataset"
    with DatasetWriter(path, SPEC) as writer:
        for index in range(48):
            writer.write(planted(index))
    return path


def test_coverage_counts_kinds_colours_places_and_what_occurs_together(dataset: Path) -> None:
    cube = dataset_quality(dataset)["coverage"]["cube"]
    assert cube["episodes"] == 48
    assert cube["kinds"] == {"cube": 48}
    assert cube["colors"] == {"green": 24, "red": 24}
    assert cube["lowest_m"] == pytest.approx([0, 0, 0.02])
    assert cube["highest_m"] == pytest.approx([0.1, 0.2, 0.02])
    assert cube["places"] == {"filled": 4, "of": 64}
    assert cube["headings"] == {"filled": 1, "of": 8}
    assert cube["combinations"] == {"seen": 4, "of": 128}  # red ones stand on the left, green ones on the right


def test_success_is_told_by_phase_and_stratum(dataset: Path) -> None:
    success = dataset_quality(dataset)["success"]
    assert [row["rate"] for row in success["random"]["all"]] == [0.0]
    assert [(row["episodes"], row["successes"]) for row in success["teacher"]["all"]] == [(32, 16)]
    quarters = success["teacher"]["cube.mass"]
    assert [row["rate"] for row in quarters] == [1.0, 1.0, 0.0, 0.0]
    assert [row["value"].partition(" to ")[0] for row in quarters] == ["0", "0.234", "0.469", "0.703"]
    assert all(row["interval"][0] <= row["rate"] <= row["interval"][1] for row in quarters)
    assert {row["value"]: row["rate"] for row in success["teacher"]["cube.color"]} == {"green": 0.5, "red": 0.5}


def test_normalisation_has_quantiles_beside_the_statistics_of_all_rows(dataset: Path) -> None:
    actions = dataset_quality(dataset)["normalisation"]["actions"]
    assert actions["count"] == 288
    assert actions["mean"] == pytest.approx([23.5] * 8)
    assert actions["q50"] == pytest.approx([23.5] * 8)
    assert actions["q01"][0] < actions["q10"][0] < actions["q90"][0] < actions["q99"][0]


def test_diversity_tells_even_draws_from_uneven_ones(dataset: Path) -> None:
    diversity = dataset_quality(dataset)["diversity"]
    assert diversity["seeds"] == 48
    assert diversity["instructions"] == 1
    assert diversity["drawn"]["cube.color"] == {"distinct": 2, "evenness": pytest.approx(1.0)}
    assert diversity["drawn"]["cube.mass"]["distinct"] == 16
    assert evenness([99, 1]) < 0.1 < evenness([60, 40]) < evenness([50, 50])
    assert evenness([7]) == evenness([]) == evenness([0, 0]) == 0


def test_info_full_adds_them_to_the_json(dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(dataset), "--full", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {"episodes", "coverage", "diversity", "success", "normalisation"} <= set(shown)
    assert main(["info", str(dataset), "--full"]) == 0
    table = capsys.readouterr().err
    assert "4 of 64" in table
    assert "teacher" in table


def test_episodes_of_unknown_outcome_do_not_count_as_failures(write_dataset: Callable[..., Path]) -> None:
    episodes = [dataclasses.replace(planted(index), flags=[UNLABELLED] if index % 2 else []) for index in range(8)]
    rows = dataset_quality(write_dataset(episodes=episodes))["success"]["teacher"]["all"]
    assert rows[0]["episodes"] == 4
    unknown = [dataclasses.replace(planted(index), flags=[UNLABELLED]) for index in range(4)]
    path = write_dataset("unknown", episodes=unknown)
    assert dataset_quality(path)["success"] == {"teacher": {"all": []}}
    assert main(["info", str(path), "--full"]) == 0


def test_a_dataset_of_numbers_that_never_differ_is_no_error(write_dataset: Callable[..., Path]) -> None:
    same = dataclasses.replace(planted(0), randomisation={"cube.mass": 0.1})
    quality = dataset_quality(write_dataset(episodes=[dataclasses.replace(same, index=index) for index in range(3)]))
    assert quality["coverage"]["cube"]["places"] == {"filled": 1, "of": 1}
    assert np.isfinite(quality["diversity"]["drawn"]["cube.mass"]["evenness"])
