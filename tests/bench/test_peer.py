"""ManiSkill beside ours: what is compared, and how ratios are made. The peer runs for real, without images."""

from __future__ import annotations

import pytest
from small_tasks import COIN

from simgen.bench.peer import compare as module
from simgen.bench.peer.compare import candidates, compare, peer_id
from simgen.errors import BadInput
from simgen.spec import load_task


@pytest.mark.slow
def test_ratios_are_those_of_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "usable_cores", lambda: 1)
    monkeypatch.setattr(module, "SWEEP_SECONDS", 0.2)
    monkeypatch.setattr(module, "TURN_SECONDS", 0.2)
    rates = iter([1000.0, 100.0, 3000.0, 300.0])
    heard: list[tuple[str, int]] = []
    ours = {"ours": lambda: next(rates), "ours_without_shadows": lambda: next(rates)}
    result = compare(
        load_task("pick_cube"), "PickCube-v1", ours, 2, lambda part, done: heard.append((part, done)), images=False
    )
    assert heard[-2:] == [("turns of ours and the peer", 1), ("turns of ours and the peer", 2)]
    assert (result["peer"]["env_id"], result["peer"]["processes"], result["peer"]["render_threads"]) == (
        "PickCube-v1", 1, 1,
    )  # fmt: skip
    assert len(result["peer"]["sweep"]) == len(result["peer"]["equal_meshes"]["sweep"]) == 1
    assert result["ours_fps"] == 2000.0
    for name, median in (("ratios", "ratio"), ("ratios_equal_meshes", "ratio_equal_meshes")):
        assert len(result[name]) == 2
        assert result[median] == pytest.approx(sum(result[name]) / 2)
        tenth = [ratio / 10 for ratio in result[name]]
        assert result["without_shadows"][name] == pytest.approx(tenth), "of the same turns"
    low, high = result["peer"]["spread"]
    assert 0 < low <= result["peer"]["total_fps"] <= high


def test_every_pair_of_processes_and_threads_is_tried() -> None:
    assert candidates(1) == [(1, 1)]
    assert candidates(2) == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert {processes for processes, _ in candidates(6)} == {1, 2, 4, 6}


def test_the_peer_of_a_task() -> None:
    known = ["PickCube-v1", "StackCube-v1"]
    assert peer_id(load_task("stack_cube"), known) == "StackCube-v1"
    with pytest.raises(BadInput, match="there is no Coin-v1 to compare 'coin' with"):
        peer_id(load_task(COIN), known)
