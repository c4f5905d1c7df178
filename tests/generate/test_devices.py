"""Workers are spread over the GPUs that there are."""

from __future__ import annotations

import pytest

from simgen.errors import BadInput
from simgen.generate import GenerateOptions, devices
from simgen.generate.devices import device_of
from simgen.generate.options import check_options


@pytest.mark.parametrize(("gpus", "used"), [(1, [0, 0, 0, 0]), (2, [0, 1, 0, 1]), (3, [0, 1, 2, 0])])
def test_workers_take_gpus_in_turns(monkeypatch: pytest.MonkeyPatch, gpus: int, used: list[int]) -> None:
    monkeypatch.setattr(devices, "gpu_count", lambda: gpus)
    assert [device_of("cuda", slot) for slot in range(4)] == [f"cuda:{number}" for number in used]
    assert [device_of("cuda:1", slot) for slot in range(3)] == ["cuda:1"] * 3, "who names one gets it"
    assert device_of("cpu", 1) == "cpu"


def test_without_a_gpu_those_devices_are_named_that_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "gpu_count", lambda: 0)
    monkeypatch.setattr("simgen.world.kernels.wp.get_devices", list)
    with pytest.raises(BadInput, match="unknown device 'cuda'"):
        check_options([], GenerateOptions(random=1, device="cuda", workers=2))


def test_the_count_is_the_one_of_this_process() -> None:
    assert devices.gpu_count() >= 0
