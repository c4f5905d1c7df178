"""Say what this machine has, which engines work on it, and what to do about those that do not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from rich.table import Table
from rich.text import Text

from simgen.commands.output import console, parse, show_table, write_json
from simgen.machine import versions
from simgen.world.engine.make import ENGINES
from simgen.world.engine.probe.devices import Device, devices
from simgen.world.engine.probe.engines import EngineStatus, probe_engines

WORKS, FAILS = Text("✓ works", style="green"), Text("✗ fails", style="red")


@dataclass
class Arguments:
    """Say what this machine has and which engines work on it, by running one world in each."""

    json: bool = False
    """Print one JSON object as the last line."""


def main(argv: list[str]) -> int:
    """Probes devices and engines; exits with 1 if the default engine does not work."""
    arguments = parse(Arguments, argv, "doctor")
    with console().status("looking for devices"):
        found = devices()
    with console().status("running one world in each engine (the first time, kernels are compiled: some minutes)"):
        engines = probe_engines(found)
    drivers = [device.detail for device in found if device.kind == "vulkan"]
    installed = versions() | {"vulkan_driver": ", ".join(drivers) or "none"}
    if arguments.json:
        shown = {name: asdict(status) for name, status in engines.items()}
        write_json({"engines": shown, "devices": [asdict(device) for device in found], "versions": installed})
    else:
        _show(found, installed, engines)
    return 0 if engines[ENGINES[0]].ok else 1  # the first is the default


def _show(found: Iterable[Device], installed: Mapping[str, str], engines: Mapping[str, EngineStatus]) -> None:
    show_table("Devices", ("", "", ""), [(device.kind, device.name, device.detail) for device in found])
    console().print()
    show_table("Versions", ("", ""), installed.items())
    console().print()
    console().print(_engine_table(engines))
    for name, status in engines.items():
        if status.remedy:
            console().print()
            console().print(Text.assemble((f"{name}: ", "bold"), status.remedy))


def _engine_table(engines: Mapping[str, EngineStatus]) -> Table:
    table = Table(
        title="Engines", title_style="bold", title_justify="left", box=None, pad_edge=False, show_header=False
    )
    table.add_column(style="bold", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, status in engines.items():
        table.add_row(name, "", WORKS if status.ok else FAILS, status.reason)
        for what, reason in status.tried.items():
            table.add_row("", what, FAILS if reason else WORKS, reason if reason != status.reason else "")
    return table
