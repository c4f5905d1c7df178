"""LeRobot datasets, in the version that lerobot 0.4 and newer reads and in the one before."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import Field

from simgen.data.export.base import CardPart, ExportJob, ExportSettings, ExportWriter, Verified
from simgen.data.export.folder import ExportFolder
from simgen.data.export.selection import ExportEpisode
from simgen.errors import BadInput


class Settings(ExportSettings):
    """What only LeRobot's format knows."""

    images: Literal["video", "png"] = Field("video", description="colours as video, or losslessly as png in the tables")
    video_codec: Literal["av1", "h264"] = Field("av1", description="of colours: av1 (LeRobot's own) or h264")
    crf: int | None = Field(None, ge=0, le=63, description="constant rate factor, smaller is better; av1 30, h264 23")
    env_states: bool = Field(False, description="also write the state of the simulator")
    depth_video: Literal[False] = Field(False, description="depth as video: only in format lerobot")


class SettingsV3(Settings):
    """What only v3.0 knows."""

    depth_video: bool = Field(False, description="depth as 12-bit video, which lerobot 0.6 and newer reads")  # pyright: ignore[reportIncompatibleVariableOverride]
    depth_far: float = Field(
        10.0, ge=1.0, le=100.0, description="depth beyond so many metres becomes that in depth videos"
    )
    data_files_size_in_mb: int = Field(100, ge=1, description="largest size of a table that holds several episodes")
    video_files_size_in_mb: int = Field(200, ge=1, description="largest size of a video that holds several episodes")


class LeRobotV3:
    """Writes what lerobot 0.4 and newer reads."""

    name = "lerobot"
    summary = "LeRobot v3.0: parquet tables and videos (AV1, H.264) that hold many episodes each"
    settings: type[ExportSettings] = SettingsV3
    uniform = True
    outputs: tuple[str, ...] = ()
    version = "v3.0"

    def check(self, job: ExportJob) -> None:
        """Refuses videos that encoders cannot make, and says what to install where pyarrow is missing (BadInput)."""
        from simgen.data.export.lerobot.parts import Contents

        for feature in Contents(job).videos:
            height, width = feature.shape[:2]
            if height % 2 or width % 2:
                raise BadInput(
                    f"{feature.key}: videos need even sides, these images have {width} x {height} pixels; "
                    "choose others with --size W H, or --set images=png."
                )

    def begin(self, job: ExportJob, folder: ExportFolder) -> ExportWriter:
        from simgen.data.export.lerobot.version3 import Writer

        return Writer(job, folder)

    def verify(self, job: ExportJob, out: Path, episodes: Iterable[ExportEpisode]) -> Verified:
        """Reads tables and videos by what the metadata say, as LeRobot does, and compares every frame."""
        from simgen.data.export.lerobot.verify import verify

        return verify(job, out, episodes)

    def card(self, job: ExportJob, out: Path) -> CardPart:
        from simgen.data.export.lerobot.card import card_part

        return card_part(job, self.version)


class LeRobotV21(LeRobotV3):
    """Writes what lerobot before 0.4 reads."""

    name = "lerobot-v2.1"
    summary = "LeRobot v2.1: a parquet table and videos for each episode, for lerobot before 0.4"
    settings = Settings
    version = "v2.1"

    def begin(self, job: ExportJob, folder: ExportFolder) -> ExportWriter:
        from simgen.data.export.lerobot.version2 import Writer

        return Writer(job, folder)
