"""The head of the page: what was compared, the figures that decide, and how far the masks of each thing agree."""

from __future__ import annotations

from typing import Any

from simgen.bench.parity.first_frame import FirstFrames
from simgen.bench.parity.report.words import angle, length, seconds
from simgen.bench.parity.result import Parity, Target
from simgen.view.report.markup import Child, Html, element
from simgen.view.report.numbers import percent
from simgen.view.report.page import section, table

_PACKAGES = {"newton": ("newton", "mujoco-warp"), "maniskill": ("mani_skill", "sapien")}


def header(parity: Parity, figures: dict[str, Any]) -> Html:
    """Name, verdict and the numbers that people ask for first."""
    first, second = parity.names
    missed = [target.name for target in parity.targets() if target.ok is False]
    verdict = "All targets met" if not missed else f"Missed: {', '.join(name.split(' [')[0] for name in missed)}"
    episodes = figures["episodes"]
    lead = (
        f"{_engine(first, figures)} and {_engine(second, figures)} on the same {episodes} scene{'s' * (episodes > 1)}: "
        "first frames, the same joint targets, and the teacher at work in each."
    )
    return element(
        "header",
        element("p", "simgen parity", class_="eyebrow"),
        element("button", "◐", id_="theme", title="Light or dark", aria_label="Switch between light and dark"),
        element("h1", parity.task),
        element("p", lead, class_="lead"),
        element("p", verdict, class_="verdict missed" if missed else "verdict met"),
        element("dl", [_number(*entry) for entry in _numbers(parity, figures)], class_="numbers"),
        parity.notes and element("ul", [element("li", note) for note in parity.notes], class_="reasons"),
    )


def _engine(name: str, figures: dict[str, Any]) -> str:
    versions = figures["machine"]["versions"]
    packages = _PACKAGES.get(name.removesuffix("_2"), ())
    known = ", ".join(f"{package} {versions[package]}" for package in packages if package in versions)
    return f"{name} ({known})" if known else name


def _number(name: str, value: str, note: Child, target: Target | None = None) -> Html:
    kind = None if target is None or target.ok is None else "met" if target.ok else "missed"
    return element("div", element("dt", name), element("dd", value, element("small", note)), class_=kind)


def _numbers(parity: Parity, figures: dict[str, Any]) -> list[tuple[str, str, Child, Target | None]]:
    masks, depth, success = parity.targets()
    numbers: list[tuple[str, str, Child, Target | None]] = []
    if masks.value is not None:
        numbers.append(("Masks, IoU", f"{masks.value:.3f}", f"target at least {masks.bound:g}", masks))
    if depth.value is not None:
        most = f"median; target at most {1000 * depth.bound:g} mm"
        numbers.append(("Depth error", length(depth.value), most, depth))
    rates = parity.rates()
    if rates is not None and success.value is not None:
        note = f"{100 * success.value:.1f} points apart; target at most {100 * success.bound:g}"
        numbers.append(("Teacher success", f"{percent(rates[0])} / {percent(rates[1])}", note, success))
    numbers += [(*entry, None) for entry in _motion_numbers(figures)]
    return numbers


def _motion_numbers(figures: dict[str, Any]) -> list[tuple[str, str, Child]]:
    loop = figures["open_loop"]
    every, contacts = loop["all"], loop["contacts"]
    if every is None:
        return []
    joint, tool, object_ = (every[name] for name in ("joint_error_rad", "tool_error_m", "object_error_m"))
    numbers: list[tuple[str, str, Child]] = [
        ("Joint error", angle(joint["median"]), f"median; 95 % below {angle(joint['p95'])}"),
        ("Tool error", length(tool["median"]), f"median; 95 % below {length(tool['p95'])}"),
    ]
    if object_["median"] is not None:
        numbers.append(("Object error", length(object_["median"]), f"median; 95 % below {length(object_['p95'])}"))
    if contacts["both"]:
        late = f"median; 95 % within {seconds(contacts['p95_difference_s'])}"
        numbers.append(("First touch", seconds(contacts["median_difference_s"]), late))
    return numbers


def things(frames: FirstFrames | None, names: tuple[str, str]) -> Html | None:
    """A row for each thing in the masks."""
    if frames is None or not frames.all.things:
        return None
    all_ = frames.all
    rows: list[list[Child]] = [
        [
            thing.name,
            element("span", _meter(thing.iou), f"{thing.iou:.3f}", class_="rate"),
            f"{thing.pixels:,.0f}",
            "" if thing.counts else "too small to count",
        ]
        for thing in all_.things
    ]
    facts = [f"{percent(all_.pixel_accuracy)} of all pixels have the same id"] if all_.pixel_accuracy else []
    if all_.depth_median is not None and all_.depth_p95 is not None and all_.depth_one_sided is not None:
        facts.append(f"95 % of depths differ by at most {length(all_.depth_p95)}")
        facts.append(f"mean depth of {names[1]} minus {names[0]} {1000 * (all_.depth_bias or 0):+.2f} mm")
        facts.append(f"only one engine sees a surface in {percent(all_.depth_one_sided)} of pixels")
    if all_.rgb_mean is not None:
        facts.append(f"colours differ by {all_.rgb_mean:.1f} of 255")
    note = f"Intersection over union, summed over {all_.frames} frames. {'; '.join(facts)}."
    columns = ("Thing", "IoU", "Pixels per frame", "")
    return section("Masks", table(columns, rows, numeric=(2,)), note=note, id_="masks")


def _meter(share: float) -> Html:
    color = "var(--good)" if share >= 0.97 else "var(--phase-0)"
    return element("span", class_="meter", style=f"--c:{color};--share:{100 * share:.1f}%")
