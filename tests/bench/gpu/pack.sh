#!/usr/bin/env bash
# Gather what gpu_check.sh needs on a machine with a GPU that cannot build the project, in a folder of about 60 MB: stripped programs, the
# system libraries they link, the tokenizer of armorm-mini. Torch is the other machine's (TORCH_LIB).
#
#   tests/bench/gpu/pack.sh OUT [--build DIR]        (default build/dev)
#
# example: tests/bench/gpu/pack.sh /tmp/pack, then there, in the project's root with the folder beside it:
#   TORCH_LIB=.../torch/lib tests/bench/gpu/gpu_check.sh --build pack --tokenizer pack/tokenizer
set -euo pipefail
if [ $# -lt 1 ] || [ "$1" = --help ]; then sed -n '2,/^set /s/^# \{0,1\}//p' "$0" | sed '/^set /d'; exit $(($# < 1 ? 2 : 0)); fi
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
out=$1 build=build/dev
[ "${2:-}" != --build ] || build=$3
mkdir -p "$out"/{bin,tests,lib,tokenizer}
cp "$build"/bin/{assay-server,assay,assay-forward,libassay_cuda_kernels.so} "$out/bin/"
cp "$build"/tests/{gpu_test,gpu_rates} "$out/tests/"
strip "$out"/bin/* "$out"/tests/*
# What every system has, and torch's own, stay behind.
ldd "$out"/bin/assay* "$out"/tests/* | sed -nE 's/^[[:space:]]+\S+ => (\/\S+) .*/\1/p' | sort -u |
  grep -vE '/torch/lib/|/nvidia/|/(libc|libm|libdl|librt|libpthread|libutil|libstdc\+\+|libgcc_s|ld-linux[^/]*)\.so' |
  xargs -I{} cp -L {} "$out/lib/"
cp .deps/models/armorm-mini/{tokenizer.json,tokenizer_config.json,chat_template.jinja} "$out/tokenizer/"
du -sh "$out"
