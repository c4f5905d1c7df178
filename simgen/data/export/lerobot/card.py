"""What the card of a LeRobot export says of its features, how to load it, and what it has not."""

from __future__ import annotations

from simgen.data.export.base import CardPart, ExportJob
from simgen.data.export.lerobot.features import COUNTERS
from simgen.data.export.lerobot.parts import Contents

_LOAD = {
    "v3.0": """from lerobot.datasets.lerobot_dataset import LeRobotDataset

dataset = LeRobotDataset("local/export", root=".")
print(dataset.num_episodes, dataset.num_frames, dataset[0]["action"].shape)""",
    "v2.1": """from lerobot.common.datasets.lerobot_dataset import LeRobotDataset

dataset = LeRobotDataset("local/export", root=".")
print(dataset.num_episodes, dataset.num_frames, dataset[0]["action"].shape)""",
}


def card_part(job: ExportJob, version: str) -> CardPart:
    """Returns the part of the card that only this format knows."""
    contents = Contents(job)
    kinds = {"video": "video", "depth video": "12-bit video", "image": "PNG", "pixels": "column", "numbers": "column"}
    rows = [
        (feature.key, f"{feature.dtype} {list(feature.shape)}, {kinds[feature.kind]}", feature.meaning)
        for feature in contents.features
    ]
    rows += [
        (name, f"{facts['dtype']}, column", "counts frames; timestamp in seconds") for name, facts in COUNTERS.items()
    ]
    newest = "0.6" if job.settings.depth_video else "0.4"
    return CardPart(
        title=f"LeRobot {version}",
        features=tuple(rows),
        load=_LOAD[version],
        requires=(f"lerobot>={newest}",) if version == "v3.0" else ("lerobot<0.4",),
        left_out=tuple(_left_out(job)),
        notes=tuple(_notes(job, contents)),
        tags=("LeRobot",),
    )


def _notes(job: ExportJob, contents: Contents) -> list[str]:
    notes = [
        f"A frame is an observation and the action that follows it, {contents.fps:g} a second; next.reward and the "
        "other next.* are what that action led to.",
        "Statistics of images are of a grid of pixels of at most 64 frames an episode; quantiles of the whole are "
        "means of those of the episodes, as LeRobot's own.",
        "meta/episodes also says of each episode simgen.seed, simgen.phase, simgen.index, simgen.success and "
        "simgen.randomisation (JSON).",
    ]
    if job.settings.depth_video:
        notes.append(
            f"Depth videos hold 12-bit codes on a logarithmic scale from {contents.depth.near} m to "
            f"{contents.depth.far} m (shift {contents.depth.shift} m), without loss; what is further away becomes the "
            "largest. Code 0 is no depth, which lerobot shows as the smallest depth."
        )
    if any(feature.kind == "pixels" for feature in contents.features):
        notes.append("Depth is int16 in millimetres (0 = none), segmentation int16 ids (0 = nothing).")
    return notes


def _left_out(job: ExportJob) -> list[str]:
    layout = job.selection.layout
    lines = ["the observation after the last action of each episode: a frame needs an action."]
    if layout.env_states and not job.settings.env_states:
        lines.append("the state of the simulator (env_states); `--set env_states=true` writes it.")
    if layout.fixed:
        lines.append(f"what belongs to an episode as a whole: {', '.join(facts.path for facts in layout.fixed)}.")
    if any(facts.name == "segmentation" for facts in layout.images):
        lines.append("the names of segmentation ids, which the dataset has by episode.")
    return lines
