"""The dataset at a URL: its records are mirrored here, episodes are staged on this machine, whole shards go there."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from simgen.data.codec import DEFAULT_CODEC, require_codec
from simgen.data.files import INDEX, MANIFEST, SHARDS, STAGING, lock_directory, plain, write_whole
from simgen.data.info import dataset_info
from simgen.data.manifest import (
    add_run,
    new_manifest,
    rebuild_index,
    require_same_spec,
    require_same_storage,
    write_manifest,
)
from simgen.data.presence import announce, await_all
from simgen.data.resume import Found, existing_manifest, recover
from simgen.data.shard import ShardRange, range_of, read_record, record_paths
from simgen.data.staging import remove_item
from simgen.errors import BadInput, SimgenError
from simgen.generate.team.dataset import COORDINATOR, leave, seal_rest
from simgen.generate.team.target import Target
from simgen.paths import cache_dir

logger = logging.getLogger(__name__)


class RemoteDataset:
    """A dataset at a URL.

    Args:
        url: Of its folder.
        spec, codec, resume, phases, engine, command: As for `DatasetWriter`.
        shared: Whether all workers are on this machine and stage at one site; else each has its own.

    Attributes:
        target: The URL.
        site: Where workers stage; on this machine, in the cache.
        manifest: What dataset.json says.
        found: What earlier runs have done.
    """

    def __init__(
        self,
        url: str,
        spec: Mapping[str, Any],
        *,
        codec: str | None,
        resume: bool,
        phases: Iterable[str],
        engine: str,
        command: str | None,
        shared: bool,
    ) -> None:
        require_codec(codec or DEFAULT_CODEC)
        self.target, self._files = url, Target(url)
        self._temporary = tempfile.TemporaryDirectory(prefix="simgen-mirror-")
        self._mirror = Path(self._temporary.name)
        self._lock, self._presence = None, None
        self._changed: set[ShardRange] = set()
        try:
            self._scratch = cache_dir() / "scratch" / hashlib.sha256(self._files.url.encode()).hexdigest()[:16]
            self._scratch.mkdir(parents=True, exist_ok=True)
            self._lock = lock_directory(self._scratch)
            self.manifest = self._open(plain(dict(spec), "spec"), codec, resume, list(phases), engine, command)
            self.site = self._open_site()
            self._publish([range_of(read_record(path)) for path in record_paths(self.site)])
            if not shared:
                self._publish(seal_rest(self.site, self.manifest))
            self.found = self._look_up()
            self._presence = announce(self.site, COORDINATOR)
        except BaseException:
            self.release()
            raise

    def _open(
        self, spec: dict[str, Any], codec: str | None, resume: bool, phases: list[str], engine: str, command: str | None
    ) -> dict[str, Any]:
        """Mirrors what is at the URL, or begins a dataset there."""
        there = self._files.sizes()
        if MANIFEST not in there and any(there):
            some = ", ".join(sorted(filter(None, there))[:3])
            raise BadInput(f"{self.target}: is not empty and holds no simgen dataset ({some}, ...).")
        if MANIFEST in there:
            (self._mirror / SHARDS).mkdir()
            (self._mirror / MANIFEST).write_bytes(self._files.read(MANIFEST))
            self._mirror_records()
        try:
            manifest = existing_manifest(self._mirror, resume)
            if manifest is not None:
                require_same_spec(manifest, spec, self._mirror)
                require_same_storage(manifest, codec, None, self._mirror)
        except SimgenError as error:
            raise type(error)(str(error).replace(str(self._mirror), self.target)) from error
        if manifest is None:
            manifest = new_manifest(spec, codec or DEFAULT_CODEC, 64, phases, engine, command, {})
            (self._mirror / SHARDS).mkdir(exist_ok=True)
            write_manifest(self._mirror, manifest)
            self._files.make()
            self._files.write(MANIFEST, (self._mirror / MANIFEST).read_bytes())
        return manifest

    def _mirror_records(self) -> None:
        """Copies the records of shards that are whole, and removes those of others."""
        sizes = self._files.sizes(SHARDS)
        for name in sorted(name for name in sizes if re.fullmatch(r"shard-\d+\.json", name)):
            path = self._mirror / SHARDS / name
            path.write_bytes(self._files.read(f"{SHARDS}/{name}"))
            try:
                values = read_record(path)["shard"]
                whole = values["file"] is None or sizes.get(values["file"]) == values["bytes"]
            except SimgenError:  # the upload was cut off
                whole = False
            if not whole:
                logger.warning("%s/%s/%s is damaged: its episodes are dropped", self.target, SHARDS, name)
                self._files.remove(f"{SHARDS}/{name}")
                path.unlink()

    def _open_site(self) -> Path:
        """Returns the folder for this dataset's episodes; of an earlier dataset at the same URL nothing is left."""
        name = f"{self.manifest['spec_hash'][:16]}-{re.sub('[^0-9]', '', self.manifest['created'])}"
        for other in self._scratch.iterdir():
            if other.name != name:
                shutil.rmtree(other, ignore_errors=True)
        site = self._scratch / name
        for folder in (SHARDS, STAGING):
            (site / folder).mkdir(parents=True, exist_ok=True)
        await_all(site)
        recover(site, verify=True)
        return site

    def _publish(self, shards: Iterable[ShardRange]) -> None:
        for shard in shards:
            self._files.publish(self.site, shard)
            self._mirror_record(shard)

    def _mirror_record(self, shard: ShardRange) -> None:
        path = shard.record_path(self._mirror)
        write_whole(path, self._files.read(f"{SHARDS}/{path.name}"))

    def _look_up(self) -> Found:
        found = Found()
        for path in record_paths(self._mirror):
            record = read_record(path)
            found.add_shard(range_of(record), record)
        here = recover(self.site, verify=False)
        for key in here.staged:
            if key in found.finished or key in found.discarded:
                remove_item(self.site, *key)
            elif key in here.discarded:
                found.staged.add(key)
                found.discarded[key] = here.discarded[key]
            else:
                found.staged.add(key)
                found.add_episode(key, key in here.found_successful)
        return found

    def describe(self, notes: Mapping[str, Mapping[str, Any]]) -> None:
        """Writes down what the data do not say themselves."""
        self.manifest["feature_notes"] = dict(notes)
        write_manifest(self._mirror, self.manifest)
        self._files.write(MANIFEST, (self._mirror / MANIFEST).read_bytes())

    def published(self, shard: ShardRange) -> None:
        """Is told that a worker has made a shard and brought it there."""
        self._changed.add(shard)

    def close(self, run: Mapping[str, Any] | None) -> None:
        """Brings there what is still here, and the index; notes the run. Workers must be gone."""
        left = seal_rest(self.site, self.manifest)
        self._publish({*left, *(range_of(read_record(path)) for path in record_paths(self.site))})
        for shard in self._changed:
            self._mirror_record(shard)
        rebuild_index(self._mirror)
        if run is not None:
            add_run(self._mirror, run)
        for name in (INDEX, MANIFEST):
            self._files.write(name, (self._mirror / name).read_bytes())
        assert self._presence is not None
        leave(self.site, self._presence)
        self._presence = None
        shutil.rmtree(self.site, ignore_errors=True)

    def info(self) -> dict[str, Any]:
        """Returns the dataset in numbers."""
        return dataset_info(self._mirror)

    def release(self) -> None:
        """Lets others write the dataset."""
        for descriptor in (self._lock, self._presence):
            if descriptor is not None:
                with contextlib.suppress(OSError):
                    os.close(descriptor)
        self._lock = self._presence = None
        self._temporary.cleanup()
