// model/self_test.h
// Shows, before a server serves, that this build computes right on this machine's devices: a small checkpoint of the
// loaded one's form, with random weights, is loaded with the same devices, dtype and heads, and its scores are held to
// the reference's (tests/golden: texts, token ids and transformers' numbers). Says nothing about the loaded weights;
// their files are hashed, and the largest batch of the warm-up shows that they give finite scores.
#ifndef ASSAY_MODEL_SELF_TEST_H_
#define ASSAY_MODEL_SELF_TEST_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "model/load_model.h"
#include "model/model_config.h"

namespace assay {

// The golden checkpoint of the form that `config` has: "gated", "scalar" or "starling".
absl::string_view GoldenFormOf(const ModelConfig& config);

// Loads the checkpoint in `options.folder` and scores every row of its golden.jsonl on every scorer. Blocks; takes well
// under a second.
//   INTERNAL   other token ids, or a score or objective's reward further from the reference's float32 than the dtype may
//              be: 1e-4 in float32, 0.15 in bfloat16, 0.6 in int8 and fp8, of numbers of order one; naming the device, the
//              row and the difference.
//   NOT_FOUND, DATA_LOSS  the golden files are missing or damaged.
//   others     as LoadModel() and Scorer::ScoreBatch() say.
absl::Status RunSelfTest(const LoadOptions& options);

}  // namespace assay

#endif  // ASSAY_MODEL_SELF_TEST_H_
