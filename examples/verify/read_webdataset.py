"""Reads shards with the webdataset package, decodes all videos, and counts; wrong counts end with an error."""

from __future__ import annotations

import glob
import io
import json
import sys

import av
import webdataset as wds


def main() -> None:
    """Reads all."""
    samples = steps = frames = 0
    shards = sorted(glob.glob(f"{sys.argv[1]}/*.tar"))
    for sample in wds.WebDataset(shards, shardshuffle=False).decode():
        said = sample["json"]
        assert said["caption"]
        assert len(sample["npz"][said["actions"]["array"]]) == said["steps"]
        for name in [name for name in sample if name.endswith(".mp4")]:
            with av.open(io.BytesIO(sample[name])) as video:
                count = sum(1 for _ in video.decode(video=0))
            assert count == said["frames"], f"{sample['__key__']}.{name}: {count} frames, not {said['frames']}"
            frames += count
        samples, steps = samples + 1, steps + said["steps"]
    print(json.dumps({"webdataset": wds.__version__, "samples": samples, "steps": steps, "video_frames": frames}))


if __name__ == "__main__":
    main()
