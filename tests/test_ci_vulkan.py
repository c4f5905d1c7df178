"""What `.ci/vulkan` decides, with stand-ins for apt and for SAPIEN; on a machine it is run by CI itself."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DEBIAN_12 = 'ID=debian\nVERSION_CODENAME=bookworm\nPRETTY_NAME="Debian 12"\n'
UBUNTU_22 = 'ID=ubuntu\nVERSION_CODENAME=jammy\nPRETTY_NAME="Ubuntu 22.04"\n'
STUBS = {
    # SAPIEN draws once the driver is installed.
    "python": '[ -e "$STATE/installed" ]\n',
    "id": 'echo "${USER_ID:-0}"\n',
    "apt-get": """
        echo "$*" >>"$STATE/apt"
        case "$*" in
            *indextargets*REPO_URI*) echo "$CODENAME $ARCHIVE" ;;
            *indextargets*) echo "$CODENAME"; ls "$APT_SOURCES" | sed -n 's/.list$//p' ;;
            *install*) touch "$STATE/installed" ;;
        esac
    """,
    "apt-cache": """
        case "$*" in
            *backports*) [ -e "$APT_SOURCES/$CODENAME-backports.list" ] && echo "  Candidate: ${BACKPORT:-(none)}" ;;
            *) echo "  Candidate: $CANDIDATE" ;;
        esac
    """,
    "dpkg": 'printf "%s\\n" "$4" "$2" | sort --version-sort --check=quiet\n',
}


@dataclass
class Machine:
    """A machine of stand-ins, on which the script is run."""

    folder: Path

    def run(self, *arguments: str, system: str = DEBIAN_12, **state: str) -> subprocess.CompletedProcess[str]:
        (self.folder / "os-release").write_text(system)
        environment = {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "STATE": str(self.folder),
            "APT_SOURCES": str(self.folder / "sources"),
            "OS_RELEASE": str(self.folder / "os-release"),
            "VENV_PYTHON": str(self.folder / "bin" / "python"),
            "RETRY_PAUSES": "",
            "CODENAME": "bookworm",
            "ARCHIVE": "http://archive.invalid/debian/",
            "CANDIDATE": "22.3.6-1+deb12u1",
            **state,
        }
        command = [str(ROOT / ".ci" / "vulkan"), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)

    @property
    def apt(self) -> str:
        log = self.folder / "apt"
        return log.read_text() if log.exists() else ""

    @property
    def sources(self) -> dict[str, str]:
        return {path.name: path.read_text() for path in (self.folder / "sources").iterdir()}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    (tmp_path / "bin").mkdir()
    (tmp_path / "sources").mkdir()
    for name, body in STUBS.items():
        stub = tmp_path / "bin" / name
        stub.write_text(f"#!/usr/bin/env bash\n{body}")
        stub.chmod(0o755)
    return Machine(tmp_path)


def test_nothing_is_done_where_sapien_draws(machine: Machine) -> None:
    (machine.folder / "installed").touch()
    done = machine.run()
    assert done.returncode == 0
    assert "nothing to do" in done.stderr
    assert machine.apt == ""


def test_debian_12_gets_mesa_from_the_backports_of_its_own_archive(machine: Machine) -> None:
    done = machine.run(BACKPORT="25.0.7-2~bpo12+1")
    assert done.returncode == 0, done.stderr
    (line,) = machine.sources["bookworm-backports.list"].splitlines()
    assert line.startswith("deb ")
    assert line.endswith("http://archive.invalid/debian/ bookworm-backports main")
    assert "install -y --no-install-recommends -t bookworm-backports libvulkan1 mesa-vulkan-drivers" in machine.apt


def test_a_source_that_is_there_is_left_alone(machine: Machine) -> None:
    (machine.folder / "sources" / "bookworm-backports.list").write_text("mine\n")
    assert machine.run(BACKPORT="25.0.7-2~bpo12+1").returncode == 0
    assert machine.sources == {"bookworm-backports.list": "mine\n"}


def test_an_archive_with_a_new_mesa_needs_no_backports(machine: Machine) -> None:
    done = machine.run(system="ID=debian\nVERSION_CODENAME=trixie\n", CODENAME="trixie", CANDIDATE="25.0.7-2")
    assert done.returncode == 0, done.stderr
    assert machine.sources == {}
    assert " -t " not in machine.apt


def test_a_dry_run_changes_nothing(machine: Machine) -> None:
    done = machine.run("--dry-run", BACKPORT="25.0.7-2~bpo12+1")
    assert done.returncode == 0
    assert "would run: apt-get install" in done.stderr
    assert machine.sources == {}
    assert "update" not in machine.apt
    assert not (machine.folder / "installed").exists()


def test_backports_that_cannot_be_fetched_leave_no_source_behind(machine: Machine) -> None:
    done = machine.run()
    assert done.returncode == 1
    assert "bookworm-backports could not be fetched" in done.stderr
    assert machine.sources == {}


def test_who_is_not_root_is_told_the_command(machine: Machine) -> None:
    done = machine.run(USER_ID="1000")
    assert done.returncode == 1
    assert f"sudo {ROOT}/.ci/vulkan" in done.stderr
    assert machine.apt == ""


def test_another_distribution_with_an_old_mesa_is_told_what_to_install(machine: Machine) -> None:
    done = machine.run(system=UBUNTU_22, CODENAME="jammy", CANDIDATE="23.2.1-1ubuntu3")
    assert done.returncode == 1
    assert "Ubuntu 22.04 (23.2.1-1ubuntu3) is not 24.3 or newer" in done.stderr
    assert "install by hand" in done.stderr
    assert not (machine.folder / "installed").exists()
