// Prints what one card does on an 8B model's shapes: the rates of its products in bfloat16, in 8-bit floats and in
// deterministic tiles, and the bandwidth of what lies between them. The ceiling that assay-forward's tokens/s are held to.
// Needs CUDA device 0. See README.md beside this file.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "model/cuda_kernels.h"
#include "model/device_stream.h"
#include "model/devices.h"
#include "model/float8.h"
#include "model/fused_ops.h"
#include "model/ops.h"

namespace assay {
namespace {

constexpr int64_t kRows = 16384;  // A full batch.
constexpr int64_t kLayers = 32;
const at::Device kGpu(at::kCUDA, 0);

struct Shape {
  const char* name;
  int64_t out;
  int64_t in;
};
constexpr Shape kShapes[] = {{"qkv", 6144, 4096},
                             {"attention output", 4096, 4096},
                             {"gate and up", 28672, 4096},
                             {"down", 4096, 14336}};

// Seconds of one call: the median of several runs of a few calls each, after warming up.
double SecondsOf(const std::function<void()>& call) {
  constexpr int kCalls = 5;
  std::vector<double> seconds;
  for (int run = 0; run < 12; ++run) {
    SynchronizeDevice(kGpu);
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kCalls; ++i) call();
    SynchronizeDevice(kGpu);
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
    if (run >= 2) seconds.push_back(passed.count() / kCalls);
  }
  std::nth_element(seconds.begin(), seconds.begin() + seconds.size() / 2, seconds.end());
  return seconds[seconds.size() / 2];
}

// Random: zeros run faster than data does.
at::Tensor Random(int64_t rows, int64_t columns) {
  return at::randn({rows, columns}, at::TensorOptions().device(kGpu).dtype(at::kBFloat16));
}

void PrintProducts(const std::string& label, at::ScalarType dtype, int64_t row_tile) {
  double total_seconds = 0;
  double total_operations = 0;
  for (const Shape& shape : kShapes) {
    const ScaledRows x = RowsAs(Random(kRows, shape.in), dtype);
    const ScaledRows weight = RowsAs(Random(shape.out, shape.in), dtype);
    const double seconds = SecondsOf([&] { Product(x, weight, row_tile); });
    const double operations = 2.0 * kRows * shape.out * shape.in;
    std::printf("%-28s %-18s %8.3f ms %8.0f TFLOP/s\n", label.c_str(), shape.name, seconds * 1e3,
                operations / seconds / 1e12);
    total_seconds += seconds;
    total_operations += operations;
  }
  std::printf("%-28s %-18s %8.0f TFLOP/s; %d layers of these products alone: %.0f tokens/s\n",
              label.c_str(), "together", total_operations / total_seconds / 1e12,
              static_cast<int>(kLayers), kRows / (total_seconds * kLayers));
}

void PrintBandwidth(const char* name, double bytes, const std::function<void()>& call) {
  const double seconds = SecondsOf(call);
  std::printf("%-28s %8.3f ms %8.0f GB/s\n", name, seconds * 1e3, bytes / seconds / 1e9);
}

void PrintSteps() {
  const double n = kRows;
  at::Tensor x = Random(kRows, 4096).to(at::kFloat);
  at::Tensor copy = at::empty_like(x);
  PrintBandwidth("copy", 8 * n * 4096, [&] { copy.copy_(x); });
  const at::Tensor delta = Random(kRows, 4096) * 1e-3;
  const at::Tensor weight = at::ones({4096}, at::TensorOptions().device(kGpu));
  at::Tensor qkv = Random(kRows, 6144);
  const at::Tensor gate_up = Random(kRows, 28672);
  ModelConfig config = {};
  config.head_dim = 128;
  config.max_positions = 8192;
  config.rope_theta = 500000;
  const RotaryTable table = MakeRotaryTable(config, kGpu);
  const at::Tensor positions =
      at::arange(kRows, at::TensorOptions().device(kGpu)).remainder(8192).to(at::kInt);
  for (const at::ScalarType dtype : {at::kBFloat16, kFloat8}) {
    const char* const to = dtype == kFloat8 ? "fp8" : "bfloat16";
    const double width = dtype == kFloat8 ? 1 : 2;
    PrintBandwidth(absl::StrCat("add and norm to ", to).c_str(), n * 4096 * (10 + width),
                   [&] { AddRmsNorm(x, delta, weight, 1e-5, dtype); });
    PrintBandwidth(absl::StrCat("SwiGLU to ", to).c_str(), n * 14336 * (4 + width),
                   [&] { SwiGluOf(gate_up, dtype); });
  }
  // Keys of a pack in which eight responses share each prompt: about four for each row.
  const at::Tensor keys = qkv.unflatten(1, {48, 128}).narrow(1, 32, 8);
  const at::Tensor key_rows = at::randint(kRows, {4 * kRows}, at::kInt).to(kGpu);
  PrintBandwidth("gather keys", 4 * n * 1024 * 4, [&] { GatherRows(keys, key_rows); });
  PrintBandwidth("rotate", 4 * n * 5120, [&] { RotateHeads(qkv, table, positions, {32, 8, 128}); });
}

int Run() {
  const auto devices = ResolveDevices({"cuda:0"});
  if (!devices.ok()) {
    std::fprintf(stderr, "gpu_rates: %s\n", std::string(devices.status().message()).c_str());
    return 1;
  }
  const c10::InferenceMode inference_mode;
  std::printf("steps between products: %s\n", CudaKernels() ? "kernels" : "torch's operators");
  PrintSteps();
  PrintProducts("bfloat16", at::kBFloat16, 0);
  for (const int64_t tile : {256, 512, 1024, 2048}) {
    PrintProducts(absl::StrCat("bfloat16, tiles of ", tile), at::kBFloat16, tile);
  }
  if (RequireFp8("cuda:0").ok()) {
    PrintProducts("fp8", kFloat8, 0);
    PrintProducts("fp8, tiles of 1024", kFloat8, 1024);
  }
  return 0;
}

}  // namespace
}  // namespace assay

int main() { return assay::Run(); }
