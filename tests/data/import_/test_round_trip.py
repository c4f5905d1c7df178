"""What simgen exports and imports again is what it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from data.synthetic_episodes import SPEC, make_episode

from simgen.cli import main
from simgen.data import DatasetWriter, open_dataset
from simgen.data.import_ import import_dataset


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("round_trip") / "dataset"
    with DatasetWriter(root, SPEC, phases=["random", "teacher"]) as writer:
        for index in range(3):
            writer.write(make_episode(index, "random", length=4 + index))
            writer.write(make_episode(index, "teacher"))
    return root


def test_maniskill_keeps_everything(dataset: Path, tmp_path: Path) -> None:
    assert main(["export", str(dataset), "--to", "maniskill", "--out", str(tmp_path / "export"), "--json"]) == 0
    import_dataset(tmp_path / "export", tmp_path / "out")
    before, after = open_dataset(dataset), open_dataset(tmp_path / "out")
    assert {episode.sha256 for episode in after} == {episode.sha256 for episode in before}
    assert after.phases == before.phases
    assert [episode.segmentation_ids for episode in after] == [episode.segmentation_ids for episode in before]
