// model/row_parallel.h
// Runs work over the rows of CPU tensors on torch's own threads, a block of rows at a time, so that intermediate values
// stay in the cache and the arithmetic of a row does not depend on how many rows, or threads, there are (torch's own
// splitting cuts rows in two). Source of the entry point: GCC's libgomp ABI, GOMP_parallel; torch's wheel carries that
// library, and torch runs serially inside it.
#ifndef ASSAY_MODEL_ROW_PARALLEL_H_
#define ASSAY_MODEL_ROW_PARALLEL_H_

#include <cstdint>

#include "absl/functional/function_ref.h"

namespace assay {

// Calls work(begin, end) until every row of 0..rows-1 had its turn once, in blocks of at most block_rows (> 0) rows, in
// any order, on several threads, each in InferenceMode. Returns when all are done. The first exception that a call
// throws is thrown here, after the others have ended.
void ForRowBlocks(int64_t rows, int64_t block_rows,
                  absl::FunctionRef<void(int64_t begin, int64_t end)> work);

}  // namespace assay

#endif  // ASSAY_MODEL_ROW_PARALLEL_H_
