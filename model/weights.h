// model/weights.h
// A checkpoint's tensors, each under the name the arithmetic knows it by. A checkpoint that does not fit its config
// whole is refused, before a device is asked for room: every tensor is there, has its shape, and is used exactly once.
// On CPU a tensor of its own whose dtype already fits is used where it is mapped; otherwise it is copied to the device as
// stored and converted there, tensor by tensor, so that loading needs room for the weights and one tensor more.
// Read-only after loading; any number of threads and models may share it.
#ifndef ASSAY_MODEL_WEIGHTS_H_
#define ASSAY_MODEL_WEIGHTS_H_

#include <ATen/core/Tensor.h>

#include <memory>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "model/checkpoint_tensors.h"
#include "model/float8.h"
#include "model/model_config.h"
#include "model/tensor_book.h"

namespace assay {

// Letters as in ops.h, and: V vocabulary, K objectives, F the gate's hidden size, R the heads' dtype. Matrices are
// [out, in], as stored, but where one product serves several, these lie one below the other. Norms are float32. Where C is
// kFloat8 (float8.h), every matrix of a layer has a scale for each of its rows.
struct LayerWeights {
  at::Tensor input_norm;           // [H]
  ScaledRows qkv;                  // [(A + 2B) x D, H] C: query, key, value
  ScaledRows attention_output;     // [H, A x D] C
  at::Tensor post_attention_norm;  // [H]
  ScaledRows gate_up;              // [2I, H] C: gate, up
  ScaledRows down;                 // [H, I] C
};

struct TrunkWeights {
  at::Tensor
      embedding;  // [V, H] as stored, or C where C is narrower (bfloat16 where C is kFloat8).
  std::vector<LayerWeights> layers;
  at::Tensor final_norm;  // [H]
};

struct GateLayer {
  at::Tensor weight;  // [out, in] R
  at::Tensor bias;    // [out] R
};

struct GatedHeadWeights {
  at::Tensor regression;        // [K, H] R
  at::Tensor transform;         // [K, K] R
  std::vector<GateLayer> gate;  // H -> F -> ... -> F -> K
  at::Tensor logit_scale;       // [1] R
};

struct ScalarHeadWeights {
  at::Tensor weight;  // [1, H] R
};

using HeadWeights = std::variant<GatedHeadWeights, ScalarHeadWeights>;

struct Weights {
  TrunkWeights trunk;
  HeadWeights head;
  std::shared_ptr<const CheckpointTensors> storage;  // What the tensors used in place are views of.
};

struct WeightPlacement {
  at::Device device = at::kCPU;
  at::ScalarType trunk_dtype = at::kBFloat16;  // C: bfloat16, float32 or kFloat8.
  at::ScalarType head_dtype = at::kFloat;      // R: bfloat16 or float32.
};

//   DATA_LOSS      a tensor that the config asks for is missing or has another shape, or one is there that it does not
//                  ask for; the first few are named.
//   UNIMPLEMENTED  kFloat8, and a size of the model is no multiple of kFloat8Multiple; named.
// Throws what torch throws when the device cannot take the tensors.
absl::StatusOr<Weights> LoadWeights(std::shared_ptr<const CheckpointTensors> tensors,
                                    const ModelConfig& config, const WeightPlacement& placement);

// The head's tensors alone, taken from `book`, as views of its bytes where they can be. Missing or misshapen ones are
// undefined: the result is good only if book.Finish() says so once the trunk's were taken too. Throws what torch throws.
HeadWeights LoadHead(const ModelConfig& config, const WeightPlacement& placement, TensorBook& book);

}  // namespace assay

#endif  // ASSAY_MODEL_WEIGHTS_H_
