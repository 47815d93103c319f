// The CUDA kernels' own code, run on the host, against the compositions of ATen's operators that stand for them elsewhere.
#include "tests/model/kernels/cuda_on_host.h"
// After it.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "model/float8.h"
#include "model/fused_ops.h"
#include "model/kernels/add_rms_norm.cuh"
#include "model/kernels/gather_rows.cuh"
#include "model/kernels/rotate.cuh"
#include "model/kernels/swiglu.cuh"
#include "model/transformer.h"
#include "tests/model/tiny_checkpoint.h"

namespace assay {
namespace {

using ::assay::testing::RandomTensors;
using ::assay::testing::TinyScalarConfig;
using ::assay::testing::WriteFolder;

AssayElement ElementOf(at::ScalarType dtype) {
  if (dtype == at::kFloat) return ASSAY_FLOAT32;
  return dtype == kFloat8 ? ASSAY_FLOAT8_E4M3 : ASSAY_BFLOAT16;
}

// Rows of a kernel's results, poisoned, so that one that is not written shows.
ScaledRows Poisoned(int64_t rows, int64_t columns, at::ScalarType dtype) {
  return {.values = at::full({rows, columns}, 255, at::kByte).to(at::kFloat).mul_(NAN).to(dtype),
          .scales = at::full({rows, 1}, NAN)};
}

AssayOutput OutputTo(const ScaledRows& rows) {
  return {rows.values.data_ptr(), rows.scales.mutable_data_ptr<float>(),
          ElementOf(rows.values.scalar_type())};
}

class KernelsTest : public ::testing::Test {
 protected:
  KernelsTest() { at::manual_seed(1); }

  // Largest difference over the size of what was expected; infinite for a NaN.
  static double Difference(const ScaledRows& found, const ScaledRows& expected) {
    const auto numbers = [](const ScaledRows& rows) {
      ScaledRows some = rows;
      if (rows.values.scalar_type() != kFloat8) some.scales = at::Tensor();
      return Dequantize(some).to(at::kDouble);
    };
    const at::Tensor exact = numbers(expected);
    const at::Tensor difference = (numbers(found) - exact).abs().max() / exact.abs().max();
    return at::nan_to_num(difference, 1e30).item<double>();
  }
  // A step of the type, over its numbers, times their largest: kernels may round to the neighbour, since float32 sums and
  // fused multiplications differ in the last bits.
  static double Allowed(at::ScalarType dtype) {
    if (dtype == at::kFloat) return 1e-6;
    return dtype == kFloat8 ? 1.0 / 8 : 1.0 / 128;
  }
  // Share of elements that differ at all.
  static double ShareUnequal(const ScaledRows& found, const ScaledRows& expected) {
    return found.values.to(at::kFloat)
        .ne(expected.values.to(at::kFloat))
        .to(at::kFloat)
        .mean()
        .item<double>();
  }

  const c10::InferenceMode inference_mode_;
};

// Rows of whole vectors, of one warp, of more than a block's worth of vectors, and of odd sizes.
constexpr int64_t kColumns[] = {8, 45, 48, 1000, 4608, 16400};

TEST_F(KernelsTest, AddRmsNormIsItsComposition) {
  for (const int64_t columns : kColumns) {
    for (const auto& [delta_dtype, dtype] : {std::pair{at::kFloat, at::kFloat},
                                             {at::kBFloat16, at::kBFloat16},
                                             {at::kBFloat16, at::kFloat},
                                             {at::kBFloat16, kFloat8}}) {
      for (const bool with_delta : {true, false}) {
        at::Tensor x = at::randn({3, columns}) * 3;
        at::Tensor expected_x = x.clone();
        const at::Tensor delta = at::randn({3, columns}).to(delta_dtype);
        const at::Tensor weight = at::randn({columns});
        const ScaledRows found = Poisoned(3, columns, dtype);
        const AssayAddRmsNorm arguments = {.x = x.mutable_data_ptr<float>(),
                                           .delta = with_delta ? delta.const_data_ptr() : nullptr,
                                           .delta_element = ElementOf(delta_dtype),
                                           .weight = weight.const_data_ptr<float>(),
                                           .eps = 1e-5f,
                                           .out = OutputTo(found),
                                           .rows = 3,
                                           .columns = columns};
        EXPECT_EQ(kernels::AddRmsNorm(&arguments, 0, nullptr), 0);
        const ScaledRows expected =
            AddRmsNorm(expected_x, with_delta ? delta : at::Tensor(), weight, 1e-5, dtype);
        EXPECT_TRUE(at::equal(x, expected_x)) << columns;
        EXPECT_LE(Difference(found, expected), Allowed(dtype)) << columns << " " << dtype;
        if (dtype != at::kFloat) EXPECT_LE(ShareUnequal(found, expected), 0.05);
      }
    }
  }
}

TEST_F(KernelsTest, RotateIsItsComposition) {
  ModelConfig config = TinyScalarConfig();
  const at::Tensor positions = at::tensor({0, 5, 127}, at::kInt);
  for (const int64_t dimension : {10, 16, 128}) {
    config.head_dim = dimension;
    const HeadCounts heads = {6, 2, dimension};
    const RotaryTable table = MakeRotaryTable(config, at::kCPU);
    for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
      const at::Tensor found = at::randn({3, 10 * dimension}).to(dtype);
      at::Tensor expected = found.clone();
      RotateHeads(expected, table, positions, heads);
      const AssayRotate arguments = {.rows_of_heads = found.data_ptr(),
                                     .element = ElementOf(dtype),
                                     .cosine = table.cos.const_data_ptr<float>(),
                                     .sine = table.sin.const_data_ptr<float>(),
                                     .positions = positions.const_data_ptr<int32_t>(),
                                     .rows = 3,
                                     .row_size = 10 * dimension,
                                     .heads = 8,
                                     .half = dimension / 2};
      EXPECT_EQ(kernels::Rotate(&arguments, 0, nullptr), 0);
      EXPECT_LE(Difference({found, {}}, {expected, {}}), Allowed(dtype)) << dimension;
      EXPECT_TRUE(at::equal(found.narrow(1, 8 * dimension, 2 * dimension),
                            expected.narrow(1, 8 * dimension, 2 * dimension)));
    }
  }
}

TEST_F(KernelsTest, SwiGluIsItsCompositionAlsoForLargeInputs) {
  for (const int64_t columns : kColumns) {
    for (const auto& [in, dtype] : {std::pair{at::kFloat, at::kFloat},
                                    {at::kBFloat16, at::kBFloat16},
                                    {at::kBFloat16, kFloat8}}) {
      at::Tensor gate_up = at::randn({3, 2 * columns}) * 4;
      gate_up[0][0] = -1e4;
      gate_up[0][1] = 1e3;
      gate_up = gate_up.to(in);
      const ScaledRows found = Poisoned(3, columns, dtype);
      const AssaySwiGlu arguments = {.gate_up = gate_up.const_data_ptr(),
                                     .element = ElementOf(in),
                                     .out = OutputTo(found),
                                     .rows = 3,
                                     .columns = columns};
      EXPECT_EQ(kernels::SwiGlu(&arguments, 0, nullptr), 0);
      const ScaledRows expected = SwiGluOf(gate_up, dtype);
      EXPECT_LE(Difference(found, expected), Allowed(dtype)) << columns << " " << dtype;
      if (dtype != at::kFloat) EXPECT_LE(ShareUnequal(found, expected), 0.05);
    }
  }
}

TEST_F(KernelsTest, CopiedRowsAreQuantisedToTheSameBits) {
  for (const int64_t columns : kColumns) {
    at::Tensor x = at::randn({4, columns}).to(at::kBFloat16);
    x[1].zero_();
    const ScaledRows found = Poisoned(4, columns, kFloat8);
    const AssayCopyRows arguments = {.x = x.const_data_ptr(),
                                     .element = ASSAY_BFLOAT16,
                                     .out = OutputTo(found),
                                     .rows = 4,
                                     .columns = columns};
    EXPECT_EQ(kernels::CopyRows(&arguments, 0, nullptr), 0);
    const ScaledRows expected = QuantizeRows(x);
    EXPECT_TRUE(at::equal(found.scales, expected.scales));
    EXPECT_TRUE(at::equal(found.values.view(at::kByte), expected.values.view(at::kByte)));
  }
}

TEST_F(KernelsTest, GatheredRowsAreThoseAskedForWhateverTheirSize) {
  for (const int64_t dimension : {3, 8, 128}) {
    const at::Tensor all = at::randn({9, 6, dimension}).to(at::kBFloat16);
    const at::Tensor x = all.narrow(1, 2, 3);
    const at::Tensor rows = at::tensor({4, 0, 8, 8, 1}, at::kInt);
    const at::Tensor found = at::full({5, 3, dimension}, NAN).to(at::kBFloat16);
    const AssayGatherRows arguments = {.source = x.const_data_ptr(),
                                       .stride = 6 * dimension * 2,
                                       .rows = rows.const_data_ptr<int32_t>(),
                                       .out = found.data_ptr(),
                                       .row_bytes = 3 * dimension * 2,
                                       .count = 5};
    EXPECT_EQ(kernels::GatherRows(&arguments, 0, nullptr), 0);
    EXPECT_TRUE(at::equal(found, x.index_select(0, rows))) << dimension;
  }
}

TEST_F(KernelsTest, ARowHasTheSameBitsInAnyCompany) {
  const at::Tensor x = at::randn({5, 1000}).to(at::kBFloat16);
  const auto quantised = [](const at::Tensor& rows) {
    const ScaledRows found = Poisoned(rows.size(0), rows.size(1) / 2, kFloat8);
    const AssaySwiGlu arguments = {.gate_up = rows.const_data_ptr(),
                                   .element = ASSAY_BFLOAT16,
                                   .out = OutputTo(found),
                                   .rows = rows.size(0),
                                   .columns = rows.size(1) / 2};
    EXPECT_EQ(kernels::SwiGlu(&arguments, 0, nullptr), 0);
    return Dequantize(found);
  };
  EXPECT_TRUE(at::equal(quantised(x)[3], quantised(x.narrow(0, 3, 1).clone())[0]));
}

// While it lives, the functions of fused_ops.h use the kernels on the CPU.
class KernelsOnCpu {
 public:
  KernelsOnCpu() {
    static const AssayKernelTable table = {.version = ASSAY_KERNEL_TABLE_VERSION,
                                           .add_rms_norm = kernels::AddRmsNorm,
                                           .rotate = kernels::Rotate,
                                           .swiglu = kernels::SwiGlu,
                                           .copy_rows = kernels::CopyRows,
                                           .gather_rows = kernels::GatherRows,
                                           .error_text = [](int) { return ""; }};
    UseKernelsOnCpu(&table);
  }
  ~KernelsOnCpu() { UseKernelsOnCpu(nullptr); }
};

TEST_F(KernelsTest, TheyAreToldWhatTheirCompositionsAreTold) {
  const at::Tensor delta = at::randn({3, 48}).to(at::kBFloat16);
  const at::Tensor weight = at::randn({48});
  const at::Tensor qkv = at::randn({3, 8 * 16}).to(at::kBFloat16);
  const RotaryTable table = MakeRotaryTable(TinyScalarConfig(), at::kCPU);
  const at::Tensor positions = at::tensor({7, 0, 99}, at::kInt);
  const at::Tensor gate_up = at::randn({3, 2 * 48}).to(at::kBFloat16);
  const at::Tensor rows = at::tensor({2, 2, 0, 1}, at::kInt);
  for (const at::ScalarType dtype : {at::kBFloat16, kFloat8}) {
    // Every result of every function, by the kernels or without.
    const auto all = [&] {
      at::Tensor x = at::ones({3, 48});
      at::Tensor turned = qkv.clone();
      const RotatedHeads heads = RotateHeads(turned, table, positions, {4, 2, 16});
      return std::vector<ScaledRows>{AddRmsNorm(x, delta, weight, 1e-5, dtype),
                                     {x, {}},
                                     {heads.q, {}},
                                     {heads.k, {}},
                                     {heads.v, {}},
                                     SwiGluOf(gate_up, dtype),
                                     RowsAs(delta, dtype),
                                     {GatherRows(heads.k, rows), {}}};
    };
    const std::vector<ScaledRows> expected = all();
    const KernelsOnCpu kernels_on_cpu;
    const std::vector<ScaledRows> found = all();
    for (size_t i = 0; i < found.size(); ++i) {
      const at::ScalarType type = expected[i].values.scalar_type();
      EXPECT_EQ(found[i].values.scalar_type(), type);
      EXPECT_EQ(found[i].values.sizes(), expected[i].values.sizes());
      EXPECT_LE(Difference(found[i], expected[i]), Allowed(type)) << i << " " << dtype;
    }
  }
}

TEST_F(KernelsTest, AWholeTrunkGivesTheSameRowsByThem) {
  ModelConfig config = TinyScalarConfig();
  config.intermediate_size = 96;
  const std::string folder = WriteFolder("kernels", RandomTensors(config, TensorDtype::kBFloat16));
  const std::vector<PromptGroup> groups = {
      {.prefix = {5, 9, 3, 17, 2, 2, 8, 5, 9, 3, 17, 2, 2, 8, 5, 9, 3, 17},
       .responses = {{.tokens = {30, 2}}, {.tokens = {7}}}},
      {.prefix = {}, .responses = {{.tokens = {11, 12, 13, 14}}}}};
  const PackedBatch batch = PackGroups(groups, true);
  ASSERT_EQ(batch.segments.size(), 4);
  for (const auto& [dtype, tolerance] :
       {std::pair{at::kFloat, 1e-5}, {at::kBFloat16, 0.02}, {kFloat8, 0.1}}) {
    const Weights weights =
        *LoadWeights(*CheckpointTensors::Open(folder), config, {.trunk_dtype = dtype});
    const Transformer trunk(config, weights.trunk, /*row_tile=*/0);
    const at::Tensor expected = trunk.Forward(batch, batch.reward_rows);
    const KernelsOnCpu kernels_on_cpu;
    const at::Tensor found = trunk.Forward(batch, batch.reward_rows);
    EXPECT_LE(((found - expected).norm() / expected.norm()).item<double>(), tolerance) << dtype;
  }
}

}  // namespace
}  // namespace assay
