#!/usr/bin/env bash
# Loads an export in TensorFlow Datasets, in an environment of its own, and compares every step with the dataset.
#   examples/verify/rlds.sh DATASET [WORK_FOLDER]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dataset=$1
work=${2:-$(mktemp -d)}
mkdir -p "$work"
simgen export "$dataset" --to rlds --set dataset_name=check --out "$work/rlds" --json
simgen export "$dataset" --to maniskill --out "$work/source" --json # plain gzip HDF5, for h5py
python3.11 -m venv "$work/rlds_env"
"$work/rlds_env/bin/pip" install -q tensorflow-cpu tensorflow-datasets h5py
"$work/rlds_env/bin/python" "$here/read_rlds.py" "$work/rlds/check/1.0.0" "$work/source/trajectory.h5"
