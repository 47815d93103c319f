// Google Benchmark of the CPU's kernels, on one thread, at the shapes of SmolLM2-135M ("small") and of Llama 3 8B
// ("large"). Products report operations a second, the rest bytes or tokens.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <numeric>
#include <vector>

#include "model/kernels/attention_kernel.h"
#include "model/kernels/products.h"
#include "model/kernels/row_kernels.h"
#include "model/kernels/targets.h"
#include "model/stored_numbers.h"

namespace assay {
namespace {

constexpr size_t kRows = 96;

PackedMatrix RandomMatrix(Numbers numbers, size_t columns, size_t depth) {
  std::vector<uint16_t> halves(columns * depth);
  for (size_t i = 0; i < halves.size(); ++i) {
    halves[i] = RoundToBFloat16(static_cast<float>(i * 7919 % 201) / 100.0f - 1.0f);
  }
  std::vector<StoredRow> rows;
  for (size_t i = 0; i < columns; ++i) {
    rows.push_back({reinterpret_cast<const char*>(&halves[i * depth]), TensorDtype::kBFloat16});
  }
  return PackMatrix(numbers, PanelColumns(), depth, rows);
}

// Left sides are zeros (int8: 128): the products take as long for any numbers.
std::vector<char> LeftSide(const PackedMatrix& matrix) {
  return std::vector<char>(kRows * matrix.depth * BytesOf(matrix.numbers),
                           matrix.numbers == Numbers::kInt8 ? static_cast<char>(128) : 0);
}

void CountOperations(benchmark::State& state, const PackedMatrix& matrix, size_t depth) {
  state.counters["op/s"] = benchmark::Counter(
      2.0 * kRows * static_cast<double>(matrix.columns * depth),
      benchmark::Counter::kIsIterationInvariantRate, benchmark::Counter::kIs1000);
}

bool IsMissing(benchmark::State& state, Numbers numbers) {
  if (numbers != Numbers::kInt8 || HasInt8Products()) return false;
  for (auto _ : state) state.SetLabel("this processor has no products of int8");
  return true;
}

void BM_MultiplyAdd(benchmark::State& state, Numbers numbers, size_t columns, size_t depth) {
  if (IsMissing(state, numbers)) return;
  const PackedMatrix matrix = RandomMatrix(numbers, columns, depth);
  const std::vector<char> left = LeftSide(matrix);
  const std::vector<float> scales(kRows, 1.0f);
  std::vector<float> x(kRows * matrix.columns, 0.0f);
  for (auto _ : state) {
    MultiplyAdd({left.data(), matrix.depth, kRows, scales.data()}, matrix, x.data(),
                matrix.columns);
    benchmark::ClobberMemory();
  }
  CountOperations(state, matrix, depth);
}

void BM_MultiplySwiGlu(benchmark::State& state, Numbers numbers, size_t columns, size_t depth) {
  if (IsMissing(state, numbers)) return;
  const PackedMatrix matrix = RandomMatrix(numbers, columns, depth);
  const std::vector<char> left = LeftSide(matrix);
  const std::vector<float> scales(kRows, 1.0f);
  const Numbers out_numbers = numbers == Numbers::kFloat32 ? Numbers::kFloat32 : Numbers::kBFloat16;
  std::vector<float> out(kRows * matrix.columns / 2);
  for (auto _ : state) {
    MultiplySwiGlu({left.data(), matrix.depth, kRows, scales.data()}, matrix, out_numbers,
                   out.data(), matrix.columns / 2);
    benchmark::ClobberMemory();
  }
  CountOperations(state, matrix, depth);
}

void BM_RmsNormRow(benchmark::State& state) {
  const size_t width = static_cast<size_t>(state.range(0));
  const std::vector<float> x(width, 0.5f), weight(width, 1.0f);
  std::vector<uint16_t> out(width);
  for (auto _ : state) {
    RmsNormRow(x.data(), weight.data(), width, width, 1e-5f, Numbers::kBFloat16, out.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(width) * 4);
}

void BM_QuantizeRow(benchmark::State& state) {
  const size_t width = static_cast<size_t>(state.range(0));
  const std::vector<float> x(width, 0.5f);
  std::vector<uint8_t> out(width);
  for (auto _ : state) {
    benchmark::DoNotOptimize(QuantizeRow(x.data(), Numbers::kFloat32, width, out.data()));
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(width) * 4);
}

void BM_RotateRow(benchmark::State& state) {
  const size_t heads = static_cast<size_t>(state.range(0));
  const size_t head_dim = static_cast<size_t>(state.range(1));
  const std::vector<float> x(heads * head_dim, 0.5f), cos(head_dim / 2, 0.8f),
      sin(head_dim / 2, 0.6f);
  std::vector<uint16_t> out(x.size());
  for (auto _ : state) {
    RotateRow(x.data(), cos.data(), sin.data(), heads, head_dim, Numbers::kBFloat16, out.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(x.size()) * 4);
}

// One key head of one sequence: heads, head dimension, tokens.
void BM_Attend(benchmark::State& state) {
  const AttentionShape shape = {.heads = static_cast<size_t>(state.range(0)),
                                .key_heads = 1,
                                .head_dim = static_cast<size_t>(state.range(1)),
                                .numbers = Numbers::kBFloat16};
  const int32_t tokens = static_cast<int32_t>(state.range(2));
  const size_t width = shape.heads * shape.head_dim;
  const std::vector<uint16_t> q(tokens * width, RoundToBFloat16(0.1f)),
      k(tokens * shape.head_dim, RoundToBFloat16(0.1f));
  std::vector<uint16_t> out(tokens * width);
  std::vector<AttentionQuery> queries;
  for (int32_t i = 0; i < tokens; ++i) queries.push_back({i, i + 1});
  std::vector<int32_t> key_rows(tokens);
  std::iota(key_rows.begin(), key_rows.end(), 0);
  for (auto _ : state) {
    Attend(shape, 0, queries, key_rows, q.data(), k.data(), k.data(), out.data(), width);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * tokens);
}

BENCHMARK_CAPTURE(BM_MultiplyAdd, small_down_bfloat16, Numbers::kBFloat16, 576, 1536);
BENCHMARK_CAPTURE(BM_MultiplyAdd, small_down_int8, Numbers::kInt8, 576, 1536);
BENCHMARK_CAPTURE(BM_MultiplyAdd, small_down_float32, Numbers::kFloat32, 576, 1536);
BENCHMARK_CAPTURE(BM_MultiplyAdd, large_down_bfloat16, Numbers::kBFloat16, 4096, 14336);
BENCHMARK_CAPTURE(BM_MultiplySwiGlu, small_bfloat16, Numbers::kBFloat16, 3072, 576);
BENCHMARK_CAPTURE(BM_MultiplySwiGlu, small_int8, Numbers::kInt8, 3072, 576);
BENCHMARK(BM_RmsNormRow)->Arg(576)->Arg(4096);
BENCHMARK(BM_QuantizeRow)->Arg(576)->Arg(4096);
BENCHMARK(BM_RotateRow)->Args({9, 64})->Args({32, 128});
BENCHMARK(BM_Attend)->Args({3, 64, 200})->Args({3, 64, 1000})->Args({4, 128, 1000});

}  // namespace
}  // namespace assay

BENCHMARK_MAIN();
