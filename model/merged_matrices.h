// model/merged_matrices.h
// Several matrices of a checkpoint as one, row below row, so that one product serves them all. Each is copied in as it
// comes, so that only one at a time has to lie beside the merged one; stored as 8-bit floats it is quantised on the way.
// Runs in c10::InferenceMode; throws what torch throws.
#ifndef ASSAY_MODEL_MERGED_MATRICES_H_
#define ASSAY_MODEL_MERGED_MATRICES_H_

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "model/float8.h"

namespace assay {

class MergedMatrices {
 public:
  // Room for `rows` x `columns` numbers of `dtype`: bfloat16, float32 or kFloat8 (float8.h). On the meta device there are
  // shapes and no numbers.
  MergedMatrices(int64_t rows, int64_t columns, at::ScalarType dtype, at::Device device);

  // Copies `matrix` [any, columns] below those before it. An undefined one takes no room. Requires: it fits.
  void Append(const at::Tensor& matrix);

  // [rows, columns], with scales where quantised. Good once all rows were appended.
  const ScaledRows& matrices() const { return matrices_; }

 private:
  const ScaledRows matrices_;
  int64_t next_row_ = 0;
};

}  // namespace assay

#endif  // ASSAY_MODEL_MERGED_MATRICES_H_
