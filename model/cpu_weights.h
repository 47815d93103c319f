// model/cpu_weights.h
// The trunk's weights as the CPU computes with them: packed for its products, q, k and v as one matrix, gate and up as one.
// The embedding stays where it is mapped. Knows no torch. Read-only after loading; any number of threads may share it.
#ifndef ASSAY_MODEL_CPU_WEIGHTS_H_
#define ASSAY_MODEL_CPU_WEIGHTS_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "model/checkpoint_tensors.h"
#include "model/cpu_team.h"
#include "model/kernels/packed_matrix.h"
#include "model/model_config.h"
#include "model/tensor_book.h"

namespace assay {

// Letters as in row_kernels.h, and I intermediate. Norms are padded with zeros to PaddedDepth(H).
struct CpuLayer {
  std::vector<float> input_norm;
  // Columns: the A x D of q, filled up to whole panels; then the B x D of k, then of v.
  PackedMatrix query_key_value;
  PackedMatrix attention_output;  // [A x D] -> [H]
  std::vector<float> post_attention_norm;
  PackedMatrix gate_up;  // Each panel: half a panel of gate, then the same of up.
  PackedMatrix down;     // [I] -> [H]

  int64_t Bytes() const {
    return static_cast<int64_t>(query_key_value.data.size() + attention_output.data.size() +
                                gate_up.data.size() + down.data.size());
  }
};

struct CpuTrunkWeights {
  StoredTensor embedding;  // [V, H], in place.
  std::vector<CpuLayer> layers;
  std::vector<float> final_norm;
};

// Takes the trunk's tensors from `book`, hashes and packs each while it is at hand, and gives its pages back to the
// system, so that loading needs room for the packed weights and for little more. `book` must have given out all others
// before. Throws std::bad_alloc.
//   DATA_LOSS  as book.Finish(); before any tensor's bytes are read.
absl::StatusOr<CpuTrunkWeights> LoadCpuTrunk(const CheckpointTensors& tensors,
                                             const ModelConfig& config, Numbers numbers,
                                             TensorBook& book, CpuTeam& team);

}  // namespace assay

#endif  // ASSAY_MODEL_CPU_WEIGHTS_H_
