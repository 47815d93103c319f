// model/checkpoint_tensors.h
// The tensors of a checkpoint folder, wherever in its files they lie, and their hash. Which files belong:
//   with model.safetensors.index.json: the files its weight_map names; they and it must agree tensor by tensor, and no
//       other *.safetensors file may lie in the folder;
//   without it: every *.safetensors file of the folder; a tensor may lie in one of them only.
// Decides nothing about which tensors a model needs (weights.h) and knows no torch.
// Thread-safe: const after construction. Keeps the files mapped as long as it lives; StoredTensor::bytes are views of them.
#ifndef ASSAY_MODEL_CHECKPOINT_TENSORS_H_
#define ASSAY_MODEL_CHECKPOINT_TENSORS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/mutex.h"
#include "model/mapped_file.h"
#include "model/safetensors.h"

namespace assay {

struct StoredTensor {
  TensorDtype dtype;
  std::vector<int64_t> shape;
  absl::string_view bytes;  // Row-major, little-endian; aligned to nothing in particular.
};

class CheckpointTensors {
 public:
  // Maps the files and checks their headers; touches no tensor's bytes.
  //   NOT_FOUND      the folder has no *.safetensors file.
  //   DATA_LOSS      a file or the index is damaged, or they disagree; the tensor and the file are named.
  //   UNIMPLEMENTED  a tensor's dtype.
  static absl::StatusOr<std::shared_ptr<const CheckpointTensors>> Open(const std::string& folder);

  const std::map<std::string, StoredTensor>& tensors() const { return tensors_; }

  // SHA-256 of the tensor's bytes, in hex, computed once. `tensor` is one of tensors().
  std::string Hash(const StoredTensor& tensor) const ABSL_LOCKS_EXCLUDED(mu_);

  // Gives the memory that the tensor's pages take back to the system; they are read again when they are touched.
  void ReleasePages(const StoredTensor& tensor) const;

  // SHA-256, in hex, over one line a tensor in order of names:
  //   <bytes in the name>:<name> <dtype> <shape> <SHA-256 of the tensor's bytes, in hex>\n
  // so that it is the same however the tensors are spread over files. Reads what Hash() has not, on `threads` (> 0)
  // threads.
  std::string WeightsHash(int threads) const;

 private:
  CheckpointTensors(std::vector<std::shared_ptr<const MappedFile>> files,
                    std::map<std::string, StoredTensor> tensors)
      : files_(std::move(files)), tensors_(std::move(tensors)) {}

  const std::vector<std::shared_ptr<const MappedFile>> files_;
  const std::map<std::string, StoredTensor> tensors_;

  mutable Mutex mu_;
  mutable std::map<const StoredTensor*, std::string> hashes_ ABSL_GUARDED_BY(mu_);
};

}  // namespace assay

#endif  // ASSAY_MODEL_CHECKPOINT_TENSORS_H_
