"""How much memory a process can still take: the machine's, or what the control groups around it leave."""

from __future__ import annotations

from pathlib import Path

import pytest

from simgen import machine

MEMINFO = "MemTotal: 64000 kB\nMemAvailable:   40000 kB\n"
V1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_cache", "total_shmem")
V2 = ("memory.max", "memory.current", "file", "shmem")


@pytest.fixture
def group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where control groups are; this process has 40,000 kB, unless they leave less."""
    for name, content in (("_MEMINFO", MEMINFO), ("_GROUPS", "")):
        (tmp_path / name).write_text(content)
        monkeypatch.setattr(machine, name, tmp_path / name)
    monkeypatch.setattr(machine, "_CGROUP", tmp_path / "groups")
    return tmp_path / "groups"


def limit(folder: Path, names: tuple[str, str, str, str], most: object, used: int, cache: int, shared: int) -> None:
    """Writes what the kernel says of a group."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / names[0]).write_text(f"{most}\n")
    (folder / names[1]).write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 5\n{names[2]} {cache}\n{names[3]} {shared}\n")


def test_without_groups_it_is_the_machines(group: Path) -> None:
    assert machine.available_bytes() == 40_000 * 1024


@pytest.mark.parametrize(
    ("said", "root", "names", "none"),
    [
        ("0::/job/step\n", ".", V2, "max"),
        ("5:cpu:/\n4:memory:/job/step\n0::/\n", "memory", V1, 9223372036854771712),
    ],
)
def test_the_tightest_group_counts(
    group: Path, said: str, root: str, names: tuple[str, str, str, str], none: object
) -> None:
    machine._GROUPS.write_text(said)
    limit(group / root, names, none, 0, 0, 0)
    limit(group / root / "job", names, 9_000_000, 5_000_000, 1_500_000, 500_000)
    assert machine.available_bytes() == 5_000_000, "what is cached can be given up, but for shared memory"
    limit(group / root / "job" / "step", names, 8_000_000, 5_000_000, 0, 0)
    assert machine.available_bytes() == 3_000_000
    limit(group / root / "job" / "step", names, 4_000_000, 5_000_000, 0, 0)
    assert machine.available_bytes() == 0


def test_a_group_that_is_not_to_be_seen_from_inside_its_container(group: Path) -> None:
    machine._GROUPS.write_text("4:memory:/docker/f00\n")
    limit(group / "memory", V1, 6_000_000, 1_000_000, 0, 0)
    assert machine.available_bytes() == 5_000_000
