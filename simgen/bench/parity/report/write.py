"""Writes the page of a comparison."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from simgen.bench.parity.figures import figures
from simgen.bench.parity.report.films import film_section
from simgen.bench.parity.report.motion import contacts, motion
from simgen.bench.parity.report.outcomes import disagreements, teacher
from simgen.bench.parity.report.overview import header, things
from simgen.bench.parity.report.pictures import first_frames
from simgen.bench.parity.result import Parity
from simgen.data.files import write_json, write_whole
from simgen.errors import BadInput, SimgenError
from simgen.view.report.markup import Html, element
from simgen.view.report.numbers import date
from simgen.view.report.page import page

PAGE, FIGURES = "index.html", "parity.json"


def check_folder(folder: Path) -> None:
    """Refuses a folder that is a file, before the work.

    Raises:
        BadInput: If it is one.
    """
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"{folder}: is a file; --out takes a folder.")


def write_report(parity: Parity, folder: Path) -> dict[str, Path]:
    """Writes the figures and the page into a folder.

    Raises:
        BadInput: If the folder is a file.
        SimgenError: If it cannot be written.
    """
    check_folder(folder)
    found = figures(parity)
    paths = {"report": folder / PAGE, "figures": folder / FIGURES}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(paths["figures"], found)
        write_whole(paths["report"], render(parity, found).encode())
    except OSError as error:
        raise SimgenError(f"{folder}: cannot be written: {error.strerror}.") from error
    return paths


def render(parity: Parity, found: dict[str, Any]) -> Html:
    """The whole page."""
    sections = [
        header(parity, found),
        film_section(parity),
        first_frames(parity.first_frames, parity.names),
        things(parity.first_frames, parity.names),
        motion(parity),
        contacts(parity),
        teacher(parity, found),
        disagreements(parity),
        _provenance(found),
    ]
    style = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")
    return page(f"{parity.task}: {parity.names[0]} and {parity.names[1]}", sections, style)


def _provenance(found: dict[str, Any]) -> Html:
    """When and with what it was measured."""
    machine = found["machine"]
    packages = ("simgen-toolkit", "newton", "mujoco-warp", "mani_skill", "sapien", "torch")
    facts = {
        "Measured": date(found["date"]),
        "Worlds": f"{found['num_envs']} on {found['device']}",
        "Seed": str(found["seed"]),
        "Rates": f"{found['episode']['control_hz']} Hz control, {found['episode']['sim_hz']} Hz physics",
        "Machine": f"{machine['processor']}, {machine['cores']} cores",
        "Commit": str(machine["commit"] or "")[:12],
        "Spec": str(found["spec_hash"])[:12],
        **{name: machine["versions"][name] for name in packages if name in machine["versions"]},
    }
    shown = [element("span", element("b", name), " ", text) for name, text in facts.items() if text]
    command = found["command"] and element("pre", element("code", found["command"]), tabindex="0")
    return element("footer", command, element("p", shown))
