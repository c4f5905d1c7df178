"""What the peer runs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PeerConfig:
    """What the peer runs.

    Args:
        env_id: ManiSkill's id.
        size: Width and height of the images [px]; None: no images.
        outputs: Images, by ManiSkill's names.
        render_threads: Of the software renderer in each process (LP_NUM_THREADS).
        urdf: Description of the robot with other meshes; None: as shipped.
    """

    env_id: str
    size: tuple[int, int] | None
    outputs: tuple[str, ...]
    render_threads: int
    urdf: str | None = None
