"""Trains a small policy on an export with LeRobot's own reader; run it where lerobot is installed.

    simgen export DIR --to lerobot --phase teacher --success --out OUT
    python examples/13_train_from_lerobot.py OUT --steps 500

State in, action out: behaviour cloning with the statistics that the export carries. It prints the loss on held-out
episodes before and after, as JSON.
"""

from __future__ import annotations

import argparse
import json

import torch
from lerobot.datasets.lerobot_dataset import LeRobotDataset
from torch.utils.data import DataLoader, Subset


def main() -> None:
    """Trains and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("export")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--pictures", action="store_true", help="decode the videos too, as a policy with eyes would")
    arguments = parser.parse_args()
    dataset = LeRobotDataset("local/export", root=arguments.export)
    rows = dataset if arguments.pictures else dataset.hf_dataset.with_format("torch")
    episode = torch.as_tensor([int(number) for number in dataset.hf_dataset["episode_index"]])
    held = episode >= dataset.num_episodes - max(1, dataset.num_episodes // 5)
    parts = [Subset(rows, torch.nonzero(choice).flatten().tolist()) for choice in (~held, held)]
    scale = {key: [torch.as_tensor(dataset.meta.stats[key][name]).float() for name in ("mean", "std")]
             for key in ("observation.state", "action")}  # fmt: skip

    def normal(batch: dict, key: str) -> torch.Tensor:
        mean, std = scale[key]
        return (torch.as_tensor(batch[key]).float() - mean) / std.clamp_min(1e-3)

    sizes = [len(scale[key][0]) for key in ("observation.state", "action")]
    torch.manual_seed(0)
    policy = torch.nn.Sequential(torch.nn.Linear(sizes[0], 256), torch.nn.ReLU(), torch.nn.Linear(256, sizes[1]))
    optimizer = torch.optim.AdamW(policy.parameters(), lr=1e-3)

    def loss(batch: dict) -> torch.Tensor:
        return torch.nn.functional.mse_loss(policy(normal(batch, "observation.state")), normal(batch, "action"))

    def held_out() -> float:
        with torch.no_grad():
            found = [(loss(batch).item(), len(batch["action"])) for batch in DataLoader(parts[1], batch_size=256)]
        return sum(value * count for value, count in found) / sum(count for _, count in found)

    before, done = held_out(), 0
    while done < arguments.steps:
        for batch in DataLoader(parts[0], batch_size=64, shuffle=True):
            optimizer.zero_grad()
            loss(batch).backward()
            optimizer.step()
            done += 1
            if done == arguments.steps:
                break
    print(json.dumps({"episodes": dataset.num_episodes, "steps": done, "before": before, "after": held_out()}))


if __name__ == "__main__":
    main()
