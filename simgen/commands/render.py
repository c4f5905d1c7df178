"""Draw recorded episodes again with other cameras, light, colours and textures, without simulating."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Annotated, Literal

import tyro

from simgen.commands.output import Overrides, parse, show_mapping, write_json
from simgen.commands.termination import ends_as_by_ctrl_c

_Output = Literal[
    "rgb", "depth", "segmentation", "normals", "albedo", "optical_flow", "scene_flow", "pointcloud"
]  # simgen.spec.camera names them; importing it would make --help slow


@dataclass(frozen=True)
class Arguments:
    """Draw the recorded states of a dataset again with other cameras, light, colours, textures, sizes and outputs.

    Nothing is simulated: states, actions, rewards, seeds and success stay what they are, and what the states depend on
    (mass, friction, shapes, poses, the robot) cannot be changed. A picture depends on the episode's seed, --seed and
    the variant alone.

    Args:
        dataset: Directory of the dataset.
        out: Directory of the new one.
        cameras: YAML file with the `cameras:` section of a task, instead of the recorded cameras.
        camera: One more camera or a change to one: NAME='{eye: [1, 0, 1], look_at: cube}', NAME.fov_deg=60. As often
            as needed.
        only: Names of the cameras to draw; default all.
        size: Width and height of all images [px].
        outputs: What all cameras make; default what each says.
        randomize: YAML file with a `randomize:` section: looks that are drawn for each episode (`simgen list
            randomizations`: camera, light, background, colours, textures).
        overrides: Other changes to the looks, e.g. cameras.base.size=[256,256], render.shadows=false.
        seed: Other than 0: draws all looks anew that are drawn at random, also the task's own.
        variants: Versions of each episode; all but the first draw all looks anew. Version v of K of episode i becomes
            episode i K + v.
        phase: Only episodes of this phase.
        task: Only episodes of this task.
        success: Only episodes that succeeded.
        episodes: Only these of those that are left, by their places: 3, 0:10, 5:, 1,4,7.
        num_envs: Episodes that are drawn at once; default as many as memory allows, up to 64.
        device: cpu or cuda:0.
        codec: How arrays are compressed; default as in the dataset.
        processes: Processes that compress and write.
        resume: Go on with the dataset that is there.
        json: Print a summary as JSON on the last line.
    """

    dataset: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="DIR")]
    out: str
    cameras: str | None = None
    camera: Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME=..."), tyro.conf.UseAppendAction] = ()
    only: tuple[str, ...] = ()
    size: Annotated[tuple[int, int] | None, tyro.conf.arg(metavar="W H")] = None
    outputs: tuple[_Output, ...] = ()
    randomize: str | None = None
    overrides: Annotated[Overrides, tyro.conf.arg(name="set")] = ()
    seed: int = 0
    variants: int = 1
    phase: str | None = None
    task: str | None = None
    success: bool = False
    episodes: str | None = None
    num_envs: int | None = None
    device: str = "cpu"
    codec: Literal["blosc2", "zstd", "gzip", "raw"] | None = None
    processes: int = 1
    resume: bool = False
    json: bool = False


def main(argv: list[str]) -> int:
    """Runs the command; returns the exit code."""
    arguments = parse(Arguments, argv, "render")
    from simgen.commands.progress import part_progress
    from simgen.data.rerender import LookChanges, RenderOptions, read_cameras, read_randomize, render_dataset
    from simgen.data.rerender.selection import EpisodeChoice

    options = RenderOptions(
        changes=LookChanges(
            cameras=None if arguments.cameras is None else read_cameras(arguments.cameras),
            camera=arguments.camera,
            only=arguments.only,
            size=arguments.size,
            outputs=arguments.outputs,
            randomize=None if arguments.randomize is None else read_randomize(arguments.randomize),
            overrides=arguments.overrides,
        ),
        choice=EpisodeChoice(arguments.phase, arguments.task, arguments.success, arguments.episodes),
        seed=arguments.seed,
        variants=arguments.variants,
        num_envs=arguments.num_envs,
        device=arguments.device,
        codec=arguments.codec,
        processes=arguments.processes,
        resume=arguments.resume,
    )
    command = shlex.join(["simgen", "render", *argv])
    with ends_as_by_ctrl_c(), part_progress() as progress:
        summary = render_dataset(arguments.dataset, arguments.out, options, progress, command).as_dict()
    if arguments.json:
        write_json(summary)
    else:
        show_mapping("Rendered", summary)
    return 0
