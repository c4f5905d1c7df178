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
    read_manifest,
    rebuild_index,
    require_same_spec,
    require_same_storage,
    write_manifest,
)
from simgen.data.mirror import mirror, named
from simgen.data.presence import announce, await_all
from simgen.data.resume import Found, existing_manifest, recover, shard_damage
from simgen.data.shard import ShardRange, range_of, read_record, record_paths
from simgen.data.staging import remove_item
from simgen.data.target import Target
from simgen.errors import BadInput, SimgenError
from simgen.generate.team.claim import CLAIM, Claim
from simgen.generate.team.dataset import COORDINATOR, leave, seal_rest
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
        if url.startswith("memory://"):
            raise BadInput(f"{url}: is the memory of one process, and workers are others; choose another URL.")
        self.target, self._files = url, Target(url)
        self._temporary = tempfile.TemporaryDirectory(prefix="simgen-mirror-")
        self._mirror = Path(self._temporary.name)
        self._lock, self._presence = None, None
        self._changed: set[ShardRange] = set()
        self._seen: tuple[dict[str, int], dict[str, int]] | None = None
        self._claim = Claim(url)
        self._scratch = cache_dir() / "scratch" / hashlib.sha256(self._files.url.encode()).hexdigest()[:16]
        try:
            resolved: dict[str, Any] = plain(dict(spec), "spec")
            self._look(resolved, codec, resume)  # before anything is written
            self._files.make()
            self._claim.take()
            self._scratch.mkdir(parents=True, exist_ok=True)
            self._lock = lock_directory(self._scratch)
            fresh = new_manifest(resolved, codec or DEFAULT_CODEC, 64, list(phases), engine, command, {})
            self.manifest = self._look(resolved, codec, resume) or self._begin(fresh)
            self._drop_damaged()
            self.site = self._open_site()
            self._publish([range_of(read_record(path)) for path in record_paths(self.site)])
            if not shared:
                self._publish(seal_rest(self.site, self.manifest))
            self.found = self._look_up()
            self._presence = announce(self.site, COORDINATOR)
        except BaseException:
            self.release()
            raise

    def _look(self, spec: dict[str, Any], codec: str | None, resume: bool) -> dict[str, Any] | None:
        """Mirrors what is at the URL, if it has changed since the last look, and returns the manifest to go on with."""
        there = (self._files.sizes(), self._files.sizes(SHARDS))
        there[0].pop(CLAIM, None)
        if MANIFEST not in there[0] and (there[1] or set(there[0]) - {SHARDS, ""}):
            some = ", ".join(sorted(filter(None, there[0]))[:3])
            raise BadInput(f"{self.target}: is not empty and holds no simgen dataset ({some}, ...).")
        if there != self._seen:
            shutil.rmtree(self._mirror)
            self._mirror.mkdir()
            mirror(self._files, self._mirror)
            self._seen = there
        with named(self.target, self._mirror):
            if MANIFEST not in there[0]:
                return None
            manifest = existing_manifest(self._mirror, resume, self._site_of(read_manifest(self._mirror)))
            if manifest is not None:
                require_same_spec(manifest, spec, self._mirror)
                require_same_storage(manifest, codec, None, self._mirror)
        return manifest

    def _begin(self, manifest: dict[str, Any]) -> dict[str, Any]:
        write_manifest(self._mirror, manifest)
        self._files.write(MANIFEST, (self._mirror / MANIFEST).read_bytes())
        return manifest

    def _drop_damaged(self) -> None:
        """Removes the records of shards that are not whole: an upload was cut off."""
        for path in record_paths(self._mirror):
            try:
                whole = shard_damage(self._mirror, read_record(path), verify=False) is None
            except SimgenError:
                whole = False
            if not whole:
                logger.warning("%s/%s/%s is damaged: its episodes are dropped", self.target, SHARDS, path.name)
                self._files.remove(f"{SHARDS}/{path.name}")
                path.unlink()

    def _site_of(self, manifest: Mapping[str, Any]) -> Path:
        """Where the episodes of a dataset are staged on this machine."""
        return self._scratch / f"{manifest['spec_hash'][:16]}-{re.sub('[^0-9]', '', manifest['created'])}"

    def _open_site(self) -> Path:
        """Returns the folder for this dataset's episodes; of an earlier dataset at the same URL nothing is left."""
        site = self._site_of(self.manifest)
        for other in self._scratch.iterdir():
            if other.name != site.name:
                shutil.rmtree(other, ignore_errors=True)
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

    def require_ours(self) -> None:
        """Makes sure that no other run has taken the dataset over."""
        self._claim.require()

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
        self.require_ours()
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
        self._claim.release()
        self._temporary.cleanup()
