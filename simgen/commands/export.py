"""Export a dataset to the format of the program that trains on it: LeRobot, ManiSkill, ..."""

from __future__ import annotations

import shlex
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from simgen.commands.output import parse, show_mapping, show_table, write_json
from simgen.commands.progress import part_progress
from simgen.commands.termination import ends_as_by_ctrl_c

if TYPE_CHECKING:
    from simgen.data.export import ExportOptions


@dataclass(frozen=True)
class Arguments:
    """Export a dataset to another format; `simgen export --formats` lists the formats and their settings.

    The export is read back and compared with the dataset before it counts, and gets a README.md that says what is in it
    and how to load it. Interrupted, the same command goes on with it.

    Args:
        dataset: Directory of the dataset.
        to: The format.
        out: Folder of the export.
        phase: Only episodes of this phase.
        task: Only episodes of this task.
        success: Only episodes that succeeded.
        no_success: Only episodes that did not.
        episodes: Only these of those that are left, by their places: 3, 0:10 (without 10), 5:, 1,4,7.
        cameras: Only these; none: no images.
        outputs: Only these of what the cameras recorded: rgb depth segmentation ...
        states: Only these observations: qpos, agent/qpos, 'extra/*'; none: no states.
        actions: What becomes the action: actions (as commanded), executed_actions (with the teacher's noise), or
            actions_ee (x, y, z, roll, pitch, yaw, gripper; the same for all arms).
        size: Width and height of all images [px].
        video_codec: av1, h264, ... where the format has videos; short for --set video_codec=...
        depth_video: Depth as 12-bit video where the format has it; short for --set depth_video=true.
        settings: What only this format knows, e.g. episodes_per_file=100. As often as needed.
        no_verify: Do not read everything back.
        overwrite: Replace an earlier export at OUT; removes only files that an export wrote.
        formats: List the formats.
        json: Print one JSON object as the last line.
    """

    dataset: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="DIR")] = ""
    to: Annotated[str, tyro.conf.arg(metavar="FORMAT")] = ""
    out: str = ""
    phase: str | None = None
    task: str | None = None
    success: bool = False
    no_success: bool = False
    episodes: str | None = None
    cameras: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    actions: Literal["actions", "executed_actions", "actions_ee"] = "actions"
    size: Annotated[tuple[int, int] | None, tyro.conf.arg(metavar="W H")] = None
    video_codec: str | None = None
    depth_video: bool = False
    settings: Annotated[
        tuple[str, ...], tyro.conf.arg(name="set", metavar="NAME=VALUE"), tyro.conf.UseAppendAction
    ] = ()
    no_verify: bool = False
    overwrite: bool = False
    formats: bool = False
    json: bool = False


def main(argv: list[str]) -> int:
    """Runs the command; returns the exit code."""
    arguments = parse(Arguments, argv, "export")
    from simgen.data.export import export_dataset
    from simgen.data.export.registry import described, require_given

    if arguments.formats:
        rows = described()
        if arguments.json:
            write_json({"formats": rows})
        else:
            show_table("Formats", ("name", "what", "settings"), [list(row.values()) for row in rows])
        return 0
    require_given(DIR=arguments.dataset, to=arguments.to, out=arguments.out)
    options = _options(arguments)
    command = shlex.join(["simgen", "export", *argv])
    with ends_as_by_ctrl_c(), part_progress() as progress:
        summary = export_dataset(arguments.dataset, arguments.out, options, progress, command)
    if arguments.json:
        write_json(asdict(summary))
    else:
        show_mapping("Exported", asdict(summary))
    return 0


def _options(arguments: Arguments) -> ExportOptions:
    from simgen.data.export import ExportOptions
    from simgen.data.export.registry import parsed_settings, success_of

    short = {"video_codec": arguments.video_codec, "depth_video": arguments.depth_video or None}
    return ExportOptions(
        format=arguments.to,
        phase=arguments.phase,
        task=arguments.task,
        success=success_of(arguments.success, arguments.no_success),
        episodes=arguments.episodes,
        cameras=arguments.cameras,
        outputs=arguments.outputs,
        states=arguments.states,
        actions=arguments.actions,
        size=arguments.size,
        settings=parsed_settings(arguments.settings, short),
        overwrite=arguments.overwrite,
        verify=not arguments.no_verify,
    )
