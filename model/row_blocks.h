// model/row_blocks.h
// How a pass on the CPU cuts its rows into blocks. Pure. No row's result depends on it (products.h).
#ifndef ASSAY_MODEL_ROW_BLOCKS_H_
#define ASSAY_MODEL_ROW_BLOCKS_H_

#include <cstdint>
#include <vector>

namespace assay {

struct RowBlock {
  int64_t begin = 0;
  int64_t end = 0;
  int64_t size() const { return end - begin; }
};

// Rows of a block at most: few enough that its activations stay in a core's cache, enough that a layer's weights, read once
// a block, come from memory in less time than the products take. `layer_bytes`: of one layer's packed weights.
int64_t MostRowsOfABlock(int64_t layer_bytes);

// Blocks of `rows` rows in order, each of at most `most` (a multiple of 12), of about equal sizes, and at least one for each
// thread where there are rows enough.
std::vector<RowBlock> CutIntoBlocks(int64_t rows, int64_t threads, int64_t most);

}  // namespace assay

#endif  // ASSAY_MODEL_ROW_BLOCKS_H_
