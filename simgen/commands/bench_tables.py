"""What `simgen bench` shows a person: one configuration in full, a sweep as a row each, a mixture by its tasks."""

from __future__ import annotations

import statistics
from typing import Any

from simgen.commands.output import show_mapping, show_table

_NAMES = {"total": "whole steps", "render": "images alone", "physics": "steps without images", "written": "recorded"}


def show_run(result: dict[str, Any]) -> None:
    """Shows the result of one configuration."""
    rows = [
        (_NAMES[part], *(f"{rate:,.0f}" for rate in (result[f"{part}_fps"], low, high)))
        for part, (low, high) in result["spread"].items()
    ]
    if "physics_without_reward_fps" in result:
        rows.append(("the same without reward", f"{result['physics_without_reward_fps']:,.0f}", "", ""))
    title = f"{result['task']}: {_worlds(result)} on {result['device']}, {result['outputs']}, per second"
    show_table(title, ("part", "median", "lowest", "highest"), rows)
    parts = [
        (name, f"{part['ms_per_step']:,.2f}", f"{part['share']:.0%}") for name, part in result["parts"].items()
    ]  # fmt: skip
    show_table("\nparts of a whole step of a worker's worlds", ("part", "ms", "share"), parts)
    if "peer" in result:
        _show_peer(result)
    show_mapping("", _ratios(result) | _costs(result) | _configuration(result))


def _worlds(result: dict[str, Any]) -> str:
    workers = result["workers"]
    return f"{result['num_envs']} worlds" + (f" in each of {workers} workers" if workers > 1 else " in one process")


def _ratios(result: dict[str, Any]) -> dict[str, str]:
    found = {}
    if "workers_ratio" in result:
        text = f"{_with_range(result['workers_ratio'], result['workers_ratios'])} times as fast as one on its cores"
        found[f"{result['workers']} workers"] = text
    if "written_ratio" in result:
        found["recorded / simulated"] = _with_range(result["written_ratio"], result["written_ratios"])
    return found


def _costs(result: dict[str, Any]) -> dict[str, str]:
    found = {
        "build, first frame": f"{result['build_seconds']:.1f} s, {result['first_frame_seconds']:.1f} s",
        "peak memory": f"{result['peak_host_bytes'] / 1e9:.2f} GB",
    }
    if result["peak_device_bytes"]:
        found["peak memory of the device"] = f"{result['peak_device_bytes'] / 1e9:.2f} GB"
    return found | {"resets, counted in": f"{result['resets']:,}"}


def _configuration(result: dict[str, Any]) -> dict[str, str]:
    cameras = {f"camera {name}": f"{camera['size']} {camera['outputs']}" for name, camera in result["cameras"].items()}
    shadows = "with" if result["shadows"] else "without"
    drawn = f"{result['triangles_per_link']:,} triangles per robot link, {shadows} shadows"
    return {
        "engine": f"{result['engine']}, {result['substeps']} solver steps per control step",
        "pictures": drawn if cameras else "none",
        **cameras,
        "machine": f"{result['machine']['processor']}, {result['machine']['cores']} cores",
    }


def show_runs(result: dict[str, Any]) -> None:
    """Shows a sweep: a row for each configuration, and why some of them could not be measured."""
    measured = [run for run in result["runs"] if "failed" not in run]
    with_ratio, written = (any(name in run for run in measured) for name in ("ratio", "written_fps"))
    columns = ["outputs", "size", "worlds", "per second", "lowest to highest", "images alone", "without images"]
    columns += ["build, s", "memory, GB"]
    columns += ["recorded"] * written + ["x ManiSkill", "x with our meshes"] * with_ratio
    rows = [_row(run, written, with_ratio) for run in result["runs"]]
    workers = {run["workers"] for run in measured}
    title = f"{result['task']}, whole steps; worlds of each of {', '.join(map(str, sorted(workers))) or '?'} workers"
    show_table(title, columns, rows)
    failures = [run for run in result["runs"] if "failed" in run]
    reasons = {
        ", ".join(filter(None, (f"failed: {run['outputs']}", run["size"], f"{run['num_envs']} worlds"))): run["failed"]
        for run in failures
    }
    machine = f"{result['machine']['processor']}, {result['machine']['cores']} cores"
    show_mapping("", {**reasons, "machine": machine})


def _row(run: dict[str, Any], written: bool, with_ratio: bool) -> list[str]:
    where = [run["outputs"], run["size"], str(run["num_envs"])]
    if "failed" in run:
        return [*where, "failed"]
    low, high = run["spread"]["total"]
    cells = [*where, f"{run['total_fps']:,.0f}", f"{low:,.0f} to {high:,.0f}"]
    cells += ["" if rate is None else f"{rate:,.0f}" for rate in (run["render_fps"], run["physics_fps"])]
    cells += [f"{run['build_seconds']:.1f}", f"{run['peak_host_bytes'] / 1e9:.2f}"]
    cells += [f"{run['written_fps']:,.0f}" if "written_fps" in run else ""] * written
    for name in ("ratio", "ratio_equal_meshes") if with_ratio else ():
        cells.append(f"{run[name]:.1f}" if name in run else "")
    return cells


def show_mixture(result: dict[str, Any]) -> None:
    """Shows the result of a mixture."""
    rows = [(name, f"{part['share']:.0%}", f"{part['fps']:,.0f}") for name, part in result["parts"].items()]
    rows.append(("all in one batch", "100%", f"{result['total_fps']:,.0f}"))
    title = f"{result['mixture']}: {result['num_envs']} worlds on {result['device']}, per second"
    show_table(title, ("task alone", "share", "median"), rows)
    machine = f"{result['machine']['processor']}, {result['machine']['cores']} cores"
    mean = f"{result['harmonic_mean_fps']:,.0f}"
    show_mapping("", {"harmonic mean of the tasks": mean, "ratio": f"{result['ratio']:.2f}", "machine": machine})


def _show_peer(result: dict[str, Any]) -> None:
    peer = result["peer"]
    without = result.get("without_shadows")
    sides = (("as shipped", peer, "ratios"), ("with our meshes", peer["equal_meshes"], "ratios_equal_meshes"))
    rows = [
        (
            f"{peer['env_id']} {name}",
            f"{side['total_fps']:,.1f}",
            f"{side['processes']} x {side['render_threads']}",
            _with_range(statistics.median(result[ratios]), result[ratios]),
            _with_range(statistics.median(without[ratios]), without[ratios]) if without else "",
        )
        for name, side, ratios in sides
    ]
    columns = ("peer (draws no shadows)", "per second", "processes x threads", "ours is times faster")
    show_table("\nagainst ManiSkill, in turns", (*columns, "ours without shadows" if without else ""), rows)


def _with_range(median: float, values: list[float]) -> str:
    digits = 1 if median >= 10 else 2
    return f"{median:.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"
