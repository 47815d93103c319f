# scripts/lib/install.sh: what the other scripts need on the machine, installed once. Source it; it changes to the project's root.
# Everything that is not a Debian package goes into .deps/, so that removing that folder undoes it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
DEPS=$PWD/.deps

TORCH_VERSION=2.11.0
NVCC_VERSION=13.0.88  # Of the CUDA that torch's wheel is built for.
# Compiler, libraries and tools, all from Debian 12 or Ubuntu 24.04.
PACKAGES=(
  g++ cmake ninja-build ccache git pkg-config ca-certificates
  libgrpc++-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc
  libabsl-dev libspdlog-dev nlohmann-json3-dev libcli11-dev libyaml-cpp-dev libpcre2-dev libhwy-dev libssl-dev zlib1g-dev
  prometheus-cpp-dev libcivetweb-dev
  python3 python3-venv
)
TEST_PACKAGES=(clang lld libgtest-dev libgmock-dev libbenchmark-dev openssl prometheus chromium default-jre-headless iproute2 nginx-light)

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else die "installing packages needs root or sudo: run as root: $*"; fi
}

# install_packages NAME...: the missing ones only.
install_packages() {
  local missing=() name
  for name in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
  done
  [ ${#missing[@]} = 0 ] && return
  command -v apt-get >/dev/null || die "needs Debian 12 or Ubuntu 24.04 (no apt-get here); missing: ${missing[*]}"
  say "installing ${#missing[@]} Debian packages"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# python_env NAME REQUIREMENT...: a virtual environment .deps/NAME holding the pinned requirements.
python_env() {
  local dir=$DEPS/$1 stamp=$DEPS/$1/.requirements
  shift
  [ "$(cat "$stamp" 2>/dev/null)" = "$*" ] && return
  say "preparing Python environment $(basename "$dir")"
  python3 -m venv "$dir"
  "$dir/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
  echo "$*" >"$stamp"
}

# cuda where an NVIDIA driver is found, else cpu. $ASSAY_TORCH_FORM decides otherwise: images are built without a driver.
torch_form() {
  case ${ASSAY_TORCH_FORM:-} in
    cpu | cuda) echo "$ASSAY_TORCH_FORM" ;;
    '') if [ -e /proc/driver/nvidia/version ]; then echo cuda; else echo cpu; fi ;;
    *) die "ASSAY_TORCH_FORM is '$ASSAY_TORCH_FORM'; it may be cpu or cuda" ;;
  esac
}

# wheels_into NAME REQUIREMENT...: the wheels unpacked into .deps/NAME.
wheels_into() {
  local dir=$DEPS/$1
  shift
  [ -e "$dir/.complete" ] && return
  say "fetching $(basename "$dir")"
  rm -rf "$dir"
  "$DEPS/tools/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile --target "$dir" "$@"
  touch "$dir/.complete"
}

# libtorch from the PyPI wheel: its CPU half (1.3 GB), or with CUDA (4.9 GB).
install_torch() {
  local form
  form=$(torch_form)
  case $form in
    cpu) wheels_into "torch-$TORCH_VERSION-cpu" --no-deps "torch==$TORCH_VERSION" nvidia-cuda-cupti==13.0.85 nvidia-cuda-runtime==13.0.96 ;;
    cuda) wheels_into "torch-$TORCH_VERSION-cuda" "torch==$TORCH_VERSION" ;;
  esac
}

# nvcc for the CUDA kernels, from PyPI too, for torch's CUDA form where no toolkit is installed.
install_nvcc() {
  local form dir=nvcc-$NVCC_VERSION
  form=$(torch_form)
  [ "$form" = cuda ] || return 0
  command -v nvcc >/dev/null || [ -x /usr/local/cuda/bin/nvcc ] && return
  # crt and nvvm are parts of nvcc; runtime and cccl have the headers and the static runtime that kernels are linked with.
  wheels_into "$dir" --no-deps "nvidia-cuda-nvcc==$NVCC_VERSION" "nvidia-cuda-crt==$NVCC_VERSION" "nvidia-nvvm==$NVCC_VERSION" \
    nvidia-cuda-runtime==13.0.96 nvidia-cuda-cccl==13.0.85
  ln -sfn lib "$DEPS/$dir/nvidia/cu13/lib64"  # Where nvcc looks.
}

install_model() {
  "$DEPS/tools/bin/python" tools/make_armorm_mini.py "$DEPS/models/armorm-mini" ||
    die "the embedded model could not be prepared; see the message above"
}

install_for_build() {
  install_packages "${PACKAGES[@]}"
  python_env tools numpy==2.3.5 gguf==0.17.1
  install_torch
  install_nvcc
  install_model
}

# build PRESET [CMAKE_ARGUMENT...]
build() {
  local preset=$1
  shift
  say "building preset $preset"
  cmake --preset "$preset" "$@" >"$DEPS/cmake-$preset.log" 2>&1 || { cat "$DEPS/cmake-$preset.log" >&2; die "cmake failed"; }
  local compile=(cmake --build --preset "$preset" --parallel "$(nproc)")
  # In a log every hundredth step is enough: what goes wrong must not be lost among them.
  if [ -t 1 ]; then "${compile[@]}"
  else "${compile[@]}" | awk '/^\[[0-9]+\/[0-9]+\]/ && substr($1, 2) % 100 { next } { print; fflush() }'; fi
}
