#!/usr/bin/env bash
# What OpenMMLab has no wheel of for our torch and numpy is built once and kept: build_wheels.sh PYTHON FOLDER cpu|cuda
# Prints the folder of the wheels. mmcv's operators take minutes, so a precompiled header saves most of each file's time.
set -euo pipefail
python=$(realpath -s "$1") cache=$2 accelerator=$3
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
PATH=$(dirname "$python"):$PATH # ninja is in the environment

pinned() { sed -n "s/^$1==/&/p" "$here/openmmlab-built.txt"; }
mmcv=$(pinned mmcv) xtcocotools=$(pinned xtcocotools)

wheels=$cache/$("$python" -c 'import sys, torch, numpy
print(f"py{sys.version_info[0]}{sys.version_info[1]}-torch{torch.__version__.partition(chr(43))[0]}-numpy{numpy.__version__}")')-$accelerator
mkdir -p "$wheels"
[ -e "$wheels/complete" ] && { echo "$wheels"; exit 0; }

fail() { echo "$1" >&2; exit 1; }
command -v c++ >/dev/null || fail "A C++ compiler is needed to build mmcv: install g++ with your system's package manager"
[ "$accelerator" = cpu ] || command -v nvcc >/dev/null || [ -x "${CUDA_HOME:-/usr/local/cuda}/bin/nvcc" ] || fail \
    "nvcc is needed to build mmcv's CUDA operators: install the CUDA toolkit that your torch was built with, or set CUDA_HOME"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
build() { # requirement
    "$python" -m pip wheel -v --disable-pip-version-check --no-deps --no-build-isolation --no-cache-dir \
        --no-binary "${1%%==*}" -w "$work/wheels" "$1" >"$work/log" 2>&1 || { tail -n 40 "$work/log" >&2; fail "building $1 failed"; }
}
echo "Building $xtcocotools and $mmcv, once: 2 to 10 minutes" >&2
build "$xtcocotools"

# With CFLAGS set, setuptools passes no -O flag of its own.
export CFLAGS="-O2 -g0 -w -DNDEBUG" MMCV_WITH_OPS=1 MAX_JOBS=${MAX_JOBS:-$(nproc)} FORCE_CUDA=0
if [ "$accelerator" = cuda ]; then
    export FORCE_CUDA=1
else
    include=$("$python" -c 'import sysconfig
from torch.utils.cpp_extension import include_paths
print(" ".join(f"-I{path}" for path in [*include_paths(), sysconfig.get_path("include")]))' 2>/dev/null)
    printf '#include <torch/types.h>\n#include <vector>\n' >"$work/header.h"
    # shellcheck disable=SC2086 # flags are words
    c++ $CFLAGS -fPIC $include -std=c++17 -DTORCH_API_INCLUDE_EXTENSION_H -DTORCH_EXTENSION_NAME=_ext \
        -x c++-header "$work/header.h" -o "$work/header.h.gch"
    CFLAGS="-include $work/header.h $CFLAGS"
fi
build "$mmcv"
cp "$work"/wheels/*.whl "$wheels"
touch "$wheels/complete" # last, so that a build that was cut off is done again
echo "$wheels"
