"""The wheel: built, installed outside the checkout, and complete; and what it says it depends on."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("simgen", "reward_llm", "real2sim")


def run(*command: object, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", folder)
    run(sys.executable, "-m", "pip", "wheel", *options, ROOT, cwd=folder)
    (built,) = folder.glob("simgen_toolkit-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A new environment with the wheel; it sees the dependencies of this one, but not this checkout."""
    folder = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "venv", "--without-pip", "env", cwd=folder)
    python = folder / "env" / "bin" / "python"
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
    options = ("--quiet", "--no-deps", "--no-index", "--target", site)
    run(sys.executable, "-m", "pip", "install", *options, wheel, cwd=folder)
    here = Path(pytest.__file__).resolve().parents[1]
    # A path file adds the folder but, unlike a site folder, does not run the path files in it (our editable install).
    (site / "dependencies.pth").write_text(f"{here}\n")
    return python, site


def test_the_wheel_carries_packages_tasks_assets_and_licence(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for package in PACKAGES:
        assert f"{package}/__init__.py" in names
    assert any(re.fullmatch(r"simgen/_bundled/tasks/.+\.yaml", name) for name in names)
    assert any(re.fullmatch(r"simgen/_bundled/assets/robots/.+\.yaml", name) for name in names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "examples/"))]


def test_an_installed_wheel_finds_its_tasks_and_assets(installed: tuple[Path, Path], tmp_path: Path) -> None:
    python, site = installed
    code = "import simgen.paths as p; print(p.__file__, p.tasks_dir(), p.assets_dir())"
    for path in run(python, "-c", code, cwd=tmp_path, PYTHONPATH="").split():
        assert Path(path).is_relative_to(site)
    for what in ("tasks", "robots"):
        out = run(python, "-m", "simgen.cli", "list", what, "--json", cwd=tmp_path, PYTHONPATH="")
        names = {row["name"] for row in json.loads(out.splitlines()[-1])[what]}
        assert {"tasks": "pick_cube", "robots": "panda"}[what] in names
    run(python, "-m", "simgen.cli", "validate", "pick_cube", cwd=tmp_path, PYTHONPATH="")


@pytest.mark.slow
def test_import_is_light_and_lazy() -> None:
    code = "import sys, simgen; print(sorted({'torch', 'warp', 'numpy', 'pydantic'} & sys.modules.keys()))"
    assert run(sys.executable, "-c", code, cwd=ROOT).strip() == "[]"
    code = "import simgen; print(simgen.make.__module__, simgen.open_dataset.__module__)"
    homes = run(sys.executable, "-c", code, cwd=ROOT).split()
    assert homes[0].startswith("simgen.env")
    assert homes[1].startswith("simgen.data")


def test_every_imported_distribution_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [
        *project["dependencies"],
        *(name for extra in project["optional-dependencies"].values() for name in extra),
    ]
    declared = {_normal(re.split(r"[\[<>=!~ ]", name, maxsplit=1)[0]) for name in wanted}
    homes = packages_distributions()
    missing = {}
    for file in (file for package in PACKAGES for file in (ROOT / package).rglob("*.py")):
        for module in _imports(file) - set(sys.stdlib_module_names) - set(PACKAGES):
            if not declared & {_normal(name) for name in homes.get(module, [])}:
                missing.setdefault(module, str(file.relative_to(ROOT)))
    assert not missing, f"imported, but not among the dependencies of pyproject.toml: {missing}"


def test_constraints_are_exact_and_cover_what_is_declared() -> None:
    lines = (ROOT / "constraints.txt").read_text().split()
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][0-9A-Za-z.]*", line) for line in lines)
    pinned = {_normal(line.partition("==")[0]) for line in lines}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [
        *project["dependencies"],
        *(name for extra in project["optional-dependencies"].values() for name in extra),
    ]
    names = {_normal(re.split(r"[\[<>=!~ ]", name, maxsplit=1)[0]) for name in wanted}
    assert names - {_normal(project["name"])} <= pinned
    assert "torch==2.13.0" in lines


def _imports(file: Path) -> set[str]:
    """The top-level packages that a file imports absolutely."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
    return names


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
