// model/tensor_book.h
// Hands out a checkpoint's tensors by name and keeps the books: every tensor is asked for exactly once, has its shape, and
// none is left over. Knows no torch. Not thread-safe. Borrows the tensors.
#ifndef ASSAY_MODEL_TENSOR_BOOK_H_
#define ASSAY_MODEL_TENSOR_BOOK_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "model/checkpoint_tensors.h"

namespace assay {

class TensorBook {
 public:
  explicit TensorBook(const std::map<std::string, StoredTensor>& tensors) : tensors_(tensors) {}

  // The tensor; null, and a note for Finish(), where it is missing or has another shape.
  const StoredTensor* Take(const std::string& name, const std::vector<int64_t>& shape);

  // Once everything was taken.
  //   DATA_LOSS  tensors are missing, of another shape, or there without having been asked for; the first few are named.
  absl::Status Finish() const;

 private:
  const std::map<std::string, StoredTensor>& tensors_;
  std::set<std::string> taken_;
  std::vector<std::string> missing_;
  std::vector<std::string> misshapen_;
};

}  // namespace assay

#endif  // ASSAY_MODEL_TENSOR_BOOK_H_
