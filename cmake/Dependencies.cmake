# Versions are those of Debian 12, the oldest system built on; torch's is pinned by scripts/lib/install.sh.
find_package(Threads REQUIRED)
find_package(absl REQUIRED)                       # Status, Span, time, strings: the house vocabulary.
find_package(nlohmann_json 3.11 REQUIRED)         # JSON of checkpoints, data and replies; errors without exceptions.
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto)  # SHA-256 for revision hashes.
find_package(PkgConfig REQUIRED)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8>=10.40)  # Pre-tokenizer patterns; fastest measured.
pkg_check_modules(HWY REQUIRED IMPORTED_TARGET libhwy>=1.0.3)  # Vectors, chosen for the processor at run time; kernels on the CPU.
find_package(ZLIB REQUIRED)                       # Gzipped data files.
find_package(spdlog 1.9 REQUIRED)                 # Logs.
find_package(CLI11 2.1 REQUIRED)                  # Flags and subcommands.
find_package(yaml-cpp 0.7 REQUIRED)               # The server's configuration file, with lines for errors.
pkg_check_modules(PROMETHEUS REQUIRED IMPORTED_TARGET prometheus-cpp-core>=1.0)  # Counters, histograms and their text.
find_package(civetweb 1.15 CONFIG REQUIRED)       # HTTP for /metrics and /statusz: small, and the Prometheus library's own choice.

if(ASSAY_WITH_GRPC)
  find_package(Protobuf REQUIRED)
  find_package(gRPC REQUIRED)
  find_program(GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)
  # Its config file in Debian names no reflection component of its own.
  if(NOT TARGET gRPC::grpc++_reflection)
    message(FATAL_ERROR "gRPC was found without its reflection library")
  endif()
endif()

if(ASSAY_WITH_TORCH)
  include(Torch)
  include(Cuda)
endif()

if(ASSAY_TESTS)
  find_package(GTest 1.12 REQUIRED)
  find_package(benchmark 1.7 REQUIRED)  # The programs of tests/bench.
endif()
