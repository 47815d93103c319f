#!/usr/bin/env bash
# Prove and measure the CUDA form on a machine with an NVIDIA GPU; a table last. See README.md beside this file.
#
#   tests/bench/gpu/gpu_check.sh [--steps "tests rates speed server lengths"] [--build DIR] [--work DIR] [--tokenizer DIR] [--python PYTHON]
#
# --steps: which, in that order; a step that fails does not keep the others from running (exit code 1 in the end).
#   tests: kernels and models against their compositions. rates: the card's ceiling. speed: tokens/s of an 8B-shaped random ArmoRM at
#   1,024 tokens. server: the same checkpoint through gRPC. lengths: 512 and 2,048 tokens.
# --build: holds bin/ and tests/ of a build with tests (default build/dev), and lib/ where it was packed elsewhere. --work: where the 16 GB checkpoint is written and kept
# (default .deps/gpu). --tokenizer: a folder with armorm-mini's (default .deps/models/armorm-mini). --python: one that has torch,
# safetensors and transformers. Programs built on another machine find torch by TORCH_LIB, the lib folder of its package.
set -euo pipefail
if [ "${1:-}" = --help ]; then sed -n '2,/^set /s/^# \{0,1\}//p' "$0" | sed '/^set /d'; exit 0; fi
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."

steps="tests rates speed server lengths"
build=build/dev work=.deps/gpu tokenizer=.deps/models/armorm-mini python=python3
while [ $# -gt 0 ]; do
  case $1 in
    --steps) steps=$2 ;;
    --build) build=$2 ;;
    --work) work=$2 ;;
    --tokenizer) tokenizer=$2 ;;
    --python) python=$2 ;;
    *) echo "gpu_check: unknown argument '$1'; see --help" >&2; exit 2 ;;
  esac
  shift 2
done
libraries=${TORCH_LIB:+$TORCH_LIB:}$build/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
here=tests/bench/gpu
checkpoint=$work/armorm-8b-random
table=()

make_checkpoint() {
  [ ! -e "$checkpoint/config.json" ] || return 0
  echo "== writing a random checkpoint of ArmoRM-Llama3-8B's shape"
  "$python" tests/parity/make_checkpoint.py "$checkpoint" --tokenizer "$tokenizer" --vocab 128256 --draw-on cuda \
    --hidden 4096 --layers 32 --heads 32 --kv-heads 8 --intermediate 14336 --pattern 2,198,1,520,9531,198
}
# Ours alone: Python has libraries of its own.
program() { LD_LIBRARY_PATH=$libraries "$build/$1" "${@:2}"; }
rows() {  # rows NAME FLAG...
  [ -e "$work/$1.jsonl" ] || "$python" $here/make_rows.py --checkpoint "$checkpoint" "${@:2}" >"$work/$1.jsonl"
}
add() { table+=("$1") && echo "$1"; }
measure() {  # measure LABEL DATA FLAG...
  local label=$1 data=$2 line
  shift 2
  line=$(program bin/assay-forward --model "$checkpoint" --data "$work/$data.jsonl" --device cuda:0 --batch-tokens 16384 "$@" |
    tail -n 1)
  add "$(printf '%-34s %s' "$label" "${line##*heads: }")"
}
transformers() { add "$("$python" $here/transformers_rate.py --checkpoint "$checkpoint" --tokens "$1" | tail -n 1)"; }

step_tests() { program tests/gpu_test; }
step_rates() { program tests/gpu_rates; }
step_speed() {
  make_checkpoint
  rows 1024 --rows 512 --tokens 1024
  rows shared --rows 512 --tokens 1024 --responses 8 --response-tokens 200
  measure "bfloat16, 1024" 1024
  transformers 1024
  measure "fp8, 1024" 1024 --dtype fp8
  measure "bfloat16, 1024, deterministic" 1024 --deterministic
  measure "bfloat16, 8 responses of 200/1024" shared
  measure "  without sharing" shared --no-sharing
}
step_server() {
  make_checkpoint
  LD_LIBRARY_PATH=$libraries "$build/bin/assay-server" --model "$checkpoint" --device cuda:0 --listen 127.0.0.1:0 >"$work/server.out" 2>"$work/server.log" &
  local server=$! address
  until grep -q '^listening on ' "$work/server.out"; do
    kill -0 $server || { cat "$work/server.log" >&2; return 1; }
    sleep 0.5
  done
  address=$(sed -n 's/^listening on //p' "$work/server.out")
  program bin/assay info --address "$address"
  nvidia-smi --query-gpu=memory.used --format=csv
  # Four responses to a prompt, about 670 and 335 tokens each.
  local request=(--prompt-bytes 1200 --response-bytes 600 --responses 4 --connections 4 --deadline 60)
  program bin/assay bench --address "$address" --concurrency 1 --warm-up 2 --duration 8 "${request[@]}" 2>/dev/null
  program bin/assay bench --address "$address" --concurrency 64 --warm-up 8 --duration 30 "${request[@]}" 2>/dev/null
  program bin/assay bench --address "$address" --rate 14 --warm-up 5 --duration 25 "${request[@]}" 2>/dev/null
  kill -TERM $server
  wait $server
}
step_lengths() {
  make_checkpoint
  rows 512 --rows 1024 --tokens 512
  rows 2048 --rows 256 --tokens 2048 --response-tokens 300
  for length in 512 2048; do
    measure "bfloat16, $length" "$length"
    measure "fp8, $length" "$length" --dtype fp8
    measure "bfloat16, $length, deterministic" "$length" --deterministic
    transformers "$length"
  done
}

nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.sm,power.limit --format=csv
mkdir -p "$work"
rm -f "$work/table"
failed=()
for step in $steps; do
  echo "== $step"
  # A shell that ends at the first failure: the word after "if" or "||" would not. Its lines of the table come back in a file.
  set +e
  (set -e; trap '[ ${#table[@]} = 0 ] || printf "%s\n" "${table[@]}" >>"$work/table"' EXIT; "step_$step")
  [ $? = 0 ] || failed+=("$step")
  set -e
done
[ ! -e "$work/table" ] || { echo "== tokens per second, counted as if nothing were shared"; cat "$work/table"; }
[ ${#failed[@]} = 0 ] || { echo "gpu_check: failed: ${failed[*]}" >&2; exit 1; }
