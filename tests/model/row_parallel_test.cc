#include "model/row_parallel.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

namespace assay {
namespace {

class RowParallelTest : public ::testing::Test {
 protected:
  RowParallelTest() { at::set_num_threads(4); }
};

TEST_F(RowParallelTest, VisitsEveryRowOnceWhateverTheBlocks) {
  for (const int64_t rows : {0, 1, 2, 7, 64, 1000}) {
    for (const int64_t block_rows : {1, 3, 64}) {
      std::vector<std::atomic<int>> visits(rows);
      ForRowBlocks(rows, block_rows, [&](int64_t begin, int64_t end) {
        EXPECT_LE(end - begin, block_rows);
        for (int64_t i = begin; i < end; ++i) ++visits[i];
      });
      for (const auto& count : visits) EXPECT_EQ(count, 1);
    }
  }
}

TEST_F(RowParallelTest, RunsTorchInsideInInferenceMode) {
  at::Tensor out;
  {
    const c10::InferenceMode inference_mode;
    out = at::zeros({100, 8});
  }
  // Writing to an inference tensor is an error outside of that mode.
  ForRowBlocks(100, 7,
               [&](int64_t begin, int64_t end) { out.narrow(0, begin, end - begin).add_(1); });
  EXPECT_EQ(out.sum().item<float>(), 800);
}

TEST_F(RowParallelTest, ThrowsHereWhatABlockThrewAndWorksAfterwards) {
  EXPECT_THROW(ForRowBlocks(100, 1,
                            [](int64_t begin, int64_t) {
                              if (begin % 10 == 3) throw std::runtime_error("a block failed");
                            }),
               std::runtime_error);
  std::atomic<int> visits = 0;
  ForRowBlocks(100, 1, [&](int64_t, int64_t) { ++visits; });
  EXPECT_EQ(visits, 100);
}

TEST_F(RowParallelTest, RunsInsideItself) {
  std::atomic<int> visits = 0;
  ForRowBlocks(8, 1,
               [&](int64_t, int64_t) { ForRowBlocks(8, 1, [&](int64_t, int64_t) { ++visits; }); });
  EXPECT_EQ(visits, 64);
}

}  // namespace
}  // namespace assay
