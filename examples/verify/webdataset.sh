#!/usr/bin/env bash
# Reads an export with the webdataset package, in an environment of its own, and decodes all of it.
#   examples/verify/webdataset.sh DATASET [WORK_FOLDER]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dataset=$1
work=${2:-$(mktemp -d)}
mkdir -p "$work"
simgen export "$dataset" --to webdataset --out "$work/webdataset" --json
python3.11 -m venv "$work/webdataset_env"
"$work/webdataset_env/bin/pip" install -q webdataset av numpy
"$work/webdataset_env/bin/python" "$here/read_webdataset.py" "$work/webdataset"
