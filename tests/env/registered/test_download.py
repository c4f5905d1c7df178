"""Downloads come whole or not at all. mani_skill's own downloader is run without a network only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from simgen.env.registered import download
from simgen.env.registered.catalogue import sources
from simgen.env.registered.download import fetch
from simgen.errors import BadInput, SimgenError
from simgen.world.engine.probe.child import Answer


@pytest.fixture
def downloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MS_ASSET_DIR", str(tmp_path / "maniskill"))
    return tmp_path / "maniskill" / "data"


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("NO_PROXY", "")


def downloader(monkeypatch: pytest.MonkeyPatch, files: Mapping[str, str], error: str = "") -> None:
    """Puts a downloader in the place of mani_skill's that writes these files of a download."""

    def ask(module: str, name: str, folder: str, **options: object) -> Answer:
        place = Path(folder) / sources()[name].path.relative_to(download.asset_dir())
        for path, text in files.items():
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).write_text(text)
        return Answer({"error": error}, "")

    stand_in: Callable[..., Answer] = ask
    monkeypatch.setattr(download, "ask", stand_in)


@pytest.mark.slow
@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("name", ["ycb", "ReplicaCAD"])  # by address, and from a hub
def test_without_a_network_it_says_so_and_keeps_nothing(name: str, downloads: Path) -> None:
    with pytest.raises(SimgenError, match=f"cannot download '{name}': .*Is there a network") as raised:
        fetch(name)
    assert raised.value.exit_code == 1
    assert not downloads.parent.exists()


def test_a_download_lies_where_mani_skill_looks_for_it(downloads: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    downloader(monkeypatch, {"models/cup/mesh.glb": "glb", "info.json": "{}"})
    (fetched,) = fetch("PickSingleYCB-v1")
    assert fetched.path == downloads / "assets" / "mani_skill2_ycb"
    assert (fetched.path / "models" / "cup" / "mesh.glb").read_text() == "glb"
    assert [path.name for path in downloads.iterdir()] == ["assets"]
    assert fetch("PickSingleYCB-v1") == ()


def test_what_is_half_there_is_not_kept(downloads: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (downloads / "assets").mkdir(parents=True)
    downloader(monkeypatch, {"info.json": "{"}, error="connection reset")
    with pytest.raises(SimgenError, match="connection reset"):
        fetch("ycb")
    assert list(downloads.rglob("*")) == [downloads / "assets"]


@pytest.mark.usefixtures("downloads")
def test_a_download_goes_around_another_that_lies_in_its_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    downloader(monkeypatch, {"train.json": "inner"})
    (inner,) = fetch("ReplicaCADRearrange")
    downloader(monkeypatch, {"scenes/apartment.json": "outer"})
    (outer,) = fetch("ReplicaCAD")
    assert (inner.path / "train.json").read_text() == "inner"
    assert (outer.path / "scenes" / "apartment.json").read_text() == "outer"


@pytest.mark.usefixtures("downloads")
def test_parts_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    downloader(monkeypatch, {"mobility.urdf": "<robot/>"})
    seen: list[tuple[int, int]] = []
    fetched = fetch("partnet_mobility_chair", lambda source, number, count: seen.append((number, count)))
    assert seen == [(number, len(fetched)) for number in range(1, len(fetched) + 1)]


def test_an_unknown_name_is_bad_input() -> None:
    with pytest.raises(BadInput, match="did you mean 'ycb'"):
        fetch("ycbb")
