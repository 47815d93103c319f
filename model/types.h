// model/types.h
// The vocabulary that every other room speaks: plain structs, no behaviour beyond arithmetic on themselves.
#ifndef ASSAY_MODEL_TYPES_H_
#define ASSAY_MODEL_TYPES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace assay {

using TokenId = int32_t;
using TokenIds = std::vector<TokenId>;

// One turn of a conversation. Texts are valid UTF-8.
struct Message {
  std::string role;  // "system", "user" or "assistant".
  std::string content;
};

// One conversation to score: the group's prefix, then these tokens.
struct EncodedResponse {
  TokenIds
      tokens;  // After the group's prefix; never empty, so the position of the reward is always here.
  int64_t gate_at =
      -1;  // Position of the gate in the whole conversation, prefix counted; -1 for a model without a gate.
  int64_t truncated_tokens = 0;  // Cut away before scoring.
};

// One prompt and the responses to it: the unit of work from the encoder to the device.
struct PromptGroup {
  TokenIds prefix;  // Common to all conversations of the group; may be empty.
  std::vector<EncodedResponse> responses;

  // Tokens that a forward pass computes: the prefix counts once.
  int64_t ComputedTokens() const {
    int64_t n = static_cast<int64_t>(prefix.size());
    for (const EncodedResponse& r : responses) n += static_cast<int64_t>(r.tokens.size());
    return n;
  }
  // Length of one conversation.
  int64_t InputTokens(const EncodedResponse& response) const {
    return static_cast<int64_t>(prefix.size() + response.tokens.size());
  }
};

// The scores of one conversation. K objectives; the vectors are empty for a scalar head.
// score = sum over K of rewards x coefficients; coefficients = gating x transpose(reward transform).
struct RewardScore {
  float score = 0;  // Finite, unbounded.
  std::vector<float> rewards;
  std::vector<float> gating;
  std::vector<float> coefficients;
};

// Absolute differences between numbers and what float32 makes of the same text; see score_error.h.
struct ErrorFigures {
  int64_t n = 0;  // Numbers compared.
  double largest = 0;
  double percentile_99 = 0;  // 99 of 100 are at most this.
  double rms = 0;            // Root of the mean square.
};

// What a dtype costs in exactness, measured on real text. All zero for float32, which is what the others are measured
// against.
struct ScoreError {
  ErrorFigures score;   // Of a conversation.
  ErrorFigures margin;  // Of the difference between the scores of two responses to one prompt.
  std::vector<std::string> data;  // Names of the files.
  std::string measured_on;        // Name of the processor or GPU.
};

// What is loaded. Hashes are SHA-256 in hex; see proto/assay/v1/reward.proto, ModelInfo.
struct ModelInfo {
  std::string name;
  std::string revision;
  std::string weights_hash;
  std::string config_hash;
  std::string tokenizer_hash;
  std::string template_hash;
  std::string architecture;
  std::vector<std::string> objectives;
  std::string chat_template;
  std::string dtype;
  std::string heads;
  std::string device;
  int64_t max_tokens = 0;  // Of one conversation, template included.
  // Floating-point operations of the trunk for one computed token, see model_flops.h; 0: not known.
  double flops_per_token = 0;
  // Of all its devices together at this dtype, operations per second as published; 0: not known.
  double peak_flops = 0;
  std::optional<ScoreError>
      score_error;  // Of this dtype and heads on this kind of device; absent: not measured.
};

}  // namespace assay

#endif  // ASSAY_MODEL_TYPES_H_
