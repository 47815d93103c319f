#!/usr/bin/env bash
# Prove and measure the CUDA form on a machine with an NVIDIA GPU; a table last. See README.md beside this file.
#
#   tests/bench/gpu/gpu_check.sh [--build DIR] [--work DIR] [--skip-model] [--python PYTHON]
#
# --build: holds bin/ and tests/ of a build with tests (default build/dev). --work: where the 16 GB checkpoint is written and kept
# (default .deps/gpu). --skip-model: kernels and rates only. --python: one that has torch, safetensors and transformers.
# Programs built on another machine find torch by TORCH_LIB, the lib folder of its package.
set -euo pipefail
if [ "${1:-}" = --help ]; then sed -n '2,/^set /s/^# \{0,1\}//p' "$0" | sed '/^set /d'; exit 0; fi
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."

build=build/dev work=.deps/gpu python=python3 model=yes
while [ $# -gt 0 ]; do
  case $1 in
    --build) build=$2; shift 2 ;;
    --work) work=$2; shift 2 ;;
    --python) python=$2; shift 2 ;;
    --skip-model) model=no; shift ;;
    *) echo "gpu_check: unknown argument '$1'; see --help" >&2; exit 2 ;;
  esac
done
[ -z "${TORCH_LIB:-}" ] || export LD_LIBRARY_PATH=$TORCH_LIB${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
here=tests/bench/gpu

nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.sm,power.limit --format=csv
echo "== kernels, attention, 8-bit products, determinism, workers"
"$build/tests/gpu_test"
echo "== rates of this card"
"$build/tests/gpu_rates"
[ $model = yes ] || exit 0

checkpoint=$work/armorm-8b-random
if [ ! -e "$checkpoint/config.json" ]; then
  echo "== writing a random checkpoint of ArmoRM-Llama3-8B's shape"
  "$python" tests/parity/make_checkpoint.py "$checkpoint" --tokenizer .deps/models/armorm-mini --vocab 128256 \
    --hidden 4096 --layers 32 --heads 32 --kv-heads 8 --intermediate 14336 --pattern 2,198,1,520,9531,198
fi
rows() { "$python" $here/make_rows.py --checkpoint "$checkpoint" "$@"; }
mkdir -p "$work"
rows --rows 1024 --tokens 512 >"$work/512.jsonl"
rows --rows 512 --tokens 1024 >"$work/1024.jsonl"
rows --rows 256 --tokens 2048 --response-tokens 300 >"$work/2048.jsonl"
rows --rows 512 --tokens 1024 --responses 8 --response-tokens 200 >"$work/shared.jsonl"

table=()
measure() {  # measure LABEL DATA FLAG...
  local label=$1 data=$2 line
  shift 2
  line=$("$build/bin/assay-forward" --model "$checkpoint" --data "$work/$data" --device cuda:0 --batch-tokens 16384 "$@" |
    tail -n 1)
  table+=("$(printf '%-34s %s' "$label" "${line##*heads: }")")
}
for length in 512 1024 2048; do
  measure "bfloat16, $length" "$length.jsonl"
  measure "bfloat16, $length, deterministic" "$length.jsonl" --deterministic
  measure "fp8, $length" "$length.jsonl" --dtype fp8
done
measure "bfloat16, 8 responses of 200/1024" shared.jsonl
measure "  without sharing" shared.jsonl --no-sharing
for length in 512 1024 2048; do
  table+=("$("$python" $here/transformers_rate.py --checkpoint "$checkpoint" --tokens $length | tail -n 1)")
done
printf '%s\n' "== tokens per second, counted as if nothing were shared" "${table[@]}"
