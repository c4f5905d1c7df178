#!/usr/bin/env bash
# Loads an export in LeRobot's own reader, in an environment of its own, and compares every frame with the dataset.
#   examples/verify/lerobot.sh DATASET [WORK_FOLDER]      PYTHON=python3.12: lerobot 0.6 needs 3.12 or newer
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dataset=$1
work=${2:-$(mktemp -d)}
mkdir -p "$work"
simgen export "$dataset" --to lerobot --out "$work/lerobot" --json
simgen export "$dataset" --to lerobot --depth-video --out "$work/lerobot_depth" --json
simgen export "$dataset" --to maniskill --out "$work/source" --json # plain gzip HDF5, for h5py
"${PYTHON:-python3.12}" -m venv "$work/lerobot_env"
"$work/lerobot_env/bin/pip" install -q "lerobot[dataset]==0.6.1" h5py
for export in lerobot lerobot_depth; do
    "$work/lerobot_env/bin/python" "$here/read_lerobot.py" "$work/$export" "$work/source/trajectory.h5"
done
