"""Import other people's recordings (LeRobot, ManiSkill, robomimic, videos) as a dataset."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Annotated, Literal

import tyro

from simgen.commands.output import console, parse, show_mapping, write_json
from simgen.commands.progress import part_progress
from simgen.commands.termination import ends_as_by_ctrl_c


@dataclass(frozen=True)
class Arguments:
    """Import other people's recordings as a dataset, for training, curation, identification and comparison.

    The format is recognised by the files: LeRobot v3.0, v2.1 and v2.0 folders; ManiSkill .h5 with .json; robomimic
    .hdf5; videos (mp4, avi, mkv, webm, mov) and folders of numbered images, with captions in a .txt or .json file of
    the same name. All metadata are checked before anything is written.

    Args:
        source: File or folder.
        out: Directory of the new dataset.
        from_: Name of the format, instead of recognising it: lerobot, maniskill, robomimic, video.
        episodes: Which ones, by their number in the source: 0:10 (without 10), :100, 5:, 3, or 1,4,7.
        cameras: Only these; none: no images.
        size: Width and height of the stored images, in pixels.
        task: Name of the task in the dataset; default the environment's or the folder's.
        instruction: For episodes whose source has none.
        fps: Frames per second of numbered images, or control frequency where the source does not say; brings videos
            of several rates to one.
        clip_seconds: Cut videos into episodes of at most this length.
        last_step: What to do where a source has as many observations as actions (LeRobot), so that nothing is known
            after the last action: store the last observation twice, or drop that action with its reward.
        all_successful: Count all episodes as successes where the source has no labels, as it is for demonstrations.
        skip_bad: Leave out episodes that cannot be read, count them and note why, instead of stopping.
        resume: Go on with the dataset that is there.
        codec: How arrays are compressed; gzip can be read without a plugin.
        processes: Processes that compress and write.
        json: Print a summary as JSON on the last line.
    """

    source: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="SOURCE")]
    out: str
    from_: Annotated[str | None, tyro.conf.arg(name="from", metavar="FORMAT")] = None
    episodes: str | None = None
    cameras: tuple[str, ...] = ()
    size: Annotated[tuple[int, int] | None, tyro.conf.arg(metavar="W H")] = None
    task: str | None = None
    instruction: str | None = None
    fps: float | None = None
    clip_seconds: float | None = None
    last_step: Literal["drop-action", "repeat-observation"] = "repeat-observation"
    all_successful: bool = False
    skip_bad: bool = False
    resume: bool = False
    codec: Literal["blosc2", "zstd", "gzip", "raw"] | None = None
    processes: int = 1
    json: bool = False


def main(argv: list[str]) -> int:
    """Runs the command; returns the exit code."""
    arguments = parse(Arguments, argv, "import")
    from simgen.data.import_ import ImportOptions, import_dataset

    options = ImportOptions(
        format=arguments.from_,
        episodes=arguments.episodes,
        cameras=arguments.cameras,
        size=arguments.size,
        task=arguments.task,
        instruction=arguments.instruction,
        fps=arguments.fps,
        clip_seconds=arguments.clip_seconds,
        last_step=arguments.last_step,
        all_successful=arguments.all_successful,
        skip_bad=arguments.skip_bad,
        resume=arguments.resume,
        codec=arguments.codec,
        processes=arguments.processes,
    )
    with ends_as_by_ctrl_c(), part_progress() as progress:
        command = shlex.join(["simgen", "import", *argv])
        summary = import_dataset(arguments.source, arguments.out, options, progress, command)
    if arguments.json:
        write_json(summary.as_dict())
    else:
        shown = summary.as_dict()
        del shown["remarks"]
        show_mapping("Imported", shown)
    for remark in summary.remarks:
        console().print(f"note: {remark}", markup=False, soft_wrap=True)
    return 0
