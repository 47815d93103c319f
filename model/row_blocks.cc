#include "model/row_blocks.h"

#include <algorithm>

namespace assay {
namespace {

// Blocks are whole tiles of every instruction set (6 or 4 rows).
constexpr int64_t kRowMultiple = 12;
constexpr int64_t kLargeLayerBytes = int64_t{24} << 20;

}  // namespace

int64_t MostRowsOfABlock(int64_t layer_bytes) { return layer_bytes > kLargeLayerBytes ? 240 : 96; }

std::vector<RowBlock> CutIntoBlocks(int64_t rows, int64_t threads, int64_t most) {
  std::vector<RowBlock> blocks;
  if (rows == 0) return blocks;
  const int64_t rounds = (rows + threads * most - 1) / (threads * most);
  const int64_t even = (rows + threads * rounds - 1) / (threads * rounds);
  const int64_t size = (even + kRowMultiple - 1) / kRowMultiple * kRowMultiple;
  for (int64_t begin = 0; begin < rows; begin += size) {
    blocks.push_back({begin, std::min(begin + size, rows)});
  }
  return blocks;
}

}  // namespace assay
