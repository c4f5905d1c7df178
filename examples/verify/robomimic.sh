#!/usr/bin/env bash
# Loads an export in robomimic's own reader, in an environment of its own, and trains behaviour cloning on it.
#   examples/verify/robomimic.sh DATASET [WORK_FOLDER]
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
dataset=$1
work=${2:-$(mktemp -d)}
mkdir -p "$work"
simgen export "$dataset" --to robomimic --out "$work/robomimic" --json
python3.11 -m venv "$work/robomimic_env"
# robomimic 0.3.0 asks for egl_probe and an old torch: neither is needed to read and to train
"$work/robomimic_env/bin/pip" install -q torch==2.13.0 torchvision==0.28.0 numpy h5py psutil tqdm six termcolor tensorboardX
"$work/robomimic_env/bin/pip" install -q --no-deps robomimic==0.3.0
"$work/robomimic_env/bin/python" "$here/17_train_from_robomimic.py" "$work/robomimic/demos.hdf5" --steps 200
