#include "model/row_blocks.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

TEST(RowBlocksTest, CoverAllRowsInOrderAndNoneIsTooLarge) {
  for (int64_t rows : {0, 1, 11, 12, 13, 95, 96, 97, 300, 4096}) {
    for (int64_t threads : {1, 2, 7, 64}) {
      for (int64_t most : {12, 96, 240}) {
        int64_t next = 0;
        for (const RowBlock& block : CutIntoBlocks(rows, threads, most)) {
          EXPECT_EQ(block.begin, next);
          EXPECT_GT(block.size(), 0);
          EXPECT_LE(block.size(), most);
          next = block.end;
        }
        EXPECT_EQ(next, rows);
      }
    }
  }
}

TEST(RowBlocksTest, AFewRowsAreSharedOutEvenly) {
  const std::vector<RowBlock> blocks = CutIntoBlocks(300, 2, 96);
  ASSERT_EQ(blocks.size(), 4);
  for (const RowBlock& block : blocks) EXPECT_GE(block.size(), 48);
  EXPECT_EQ(CutIntoBlocks(30, 2, 96).size(), 2);
}

TEST(RowBlocksTest, LayersThatFitNoCacheGetLargerBlocks) {
  EXPECT_GT(MostRowsOfABlock(int64_t{400} << 20), MostRowsOfABlock(int64_t{7} << 20));
}

}  // namespace
}  // namespace assay
