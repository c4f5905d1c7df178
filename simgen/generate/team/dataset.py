"""The dataset as the coordinator sees it: a directory that all workers see."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from simgen.data.files import STAGING
from simgen.data.info import dataset_info
from simgen.data.manifest import add_run, rebuild_index, record_header, write_manifest
from simgen.data.presence import announce, presence_path
from simgen.data.resume import open_directory, recover
from simgen.data.shard import ShardRange, read_record, seal_shard, shard_range, unseal_shard
from simgen.data.staging import staged_items

COORDINATOR = "coordinator"


class SharedDataset:
    """A dataset in a directory that all workers see, and where they make its shards.

    Args:
        root: The directory.
        spec, codec, resume, phases, engine, command: As for `DatasetWriter`.

    Attributes:
        site: Where workers stage.
        manifest: What dataset.json says.
        found: What earlier runs have done.
    """

    target: str | None = None

    def __init__(self, root: Path, spec: Mapping[str, Any], **storage: Any) -> None:
        opened = open_directory(root, spec, **storage)
        self.root = self.site = root
        self.manifest, self.found, self._lock = opened.manifest, opened.found, opened.lock
        self._presence = announce(root, COORDINATOR)

    def require_ours(self) -> None:
        """Does nothing: the lock is held as long as this process lives."""

    def describe(self, notes: Mapping[str, Mapping[str, Any]]) -> None:
        """Writes down what the data do not say themselves."""
        self.manifest["feature_notes"] = dict(notes)
        write_manifest(self.root, self.manifest)

    def published(self, shard: ShardRange) -> None:
        """Is told that a worker has made a shard."""

    def close(self, run: Mapping[str, Any] | None) -> None:
        """Makes shards of what is still staged, and the index; notes the run. Workers must be gone."""
        seal_rest(self.site, self.manifest)
        rebuild_index(self.root)
        if run is not None:
            add_run(self.root, run)
        leave(self.site, self._presence)

    def info(self) -> dict[str, Any]:
        """Returns the dataset in numbers."""
        return dataset_info(self.root)

    def release(self) -> None:
        """Lets others write the dataset."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def seal_rest(site: Path, manifest: Mapping[str, Any]) -> list[ShardRange]:
    """Makes shards of what is staged at a site where nobody works any more; returns them."""
    header = record_header(manifest)[2]
    recover(site, verify=False)  # a worker may have died half-way through a shard
    waiting = {
        shard_range(manifest["phases"], manifest["episodes_per_shard"], phase, number)
        for phase, number in staged_items(site)
    }
    for shard in sorted(waiting, key=lambda shard: shard.number):
        if shard.record_path(site).exists():
            unseal_shard(site, read_record(shard.record_path(site)), manifest["codec"])
        seal_shard(site, shard, header)
    return list(waiting)


def leave(site: Path, presence: int) -> None:
    """Says that nobody writes at a site any more."""
    os.close(presence)
    for path in (site / STAGING).glob(presence_path(site, "*").name):
        path.unlink()
    with contextlib.suppress(OSError):
        (site / STAGING).rmdir()
