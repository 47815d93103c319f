// model/conversation_encoder.h
// From texts to tokens: chat template, tokenizer, length limit, gate position, and the common prefix of a group's
// conversations. The last room of the text half; what it returns needs no text any more.
#ifndef ASSAY_MODEL_CONVERSATION_ENCODER_H_
#define ASSAY_MODEL_CONVERSATION_ENCODER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/types.h"

namespace assay {

// What to do with a conversation longer than the limit; see reward.proto.
enum class Truncation { kRefuse, kKeepEnd, kKeepStart };

struct EncodeOptions {
  Truncation truncation = Truncation::kRefuse;
  int64_t max_tokens = 0;  // 1..the model's limit; 0 means the model's limit.
};

// The responses that could be encoded, as one group, and what became of each response.
struct EncodedGroup {
  PromptGroup group;
  // One for each response given, in order: its index in group.responses, or why it is not there.
  //   INVALID_ARGUMENT  longer than the limit (and not to be cut), or without a gate position.
  std::vector<absl::StatusOr<size_t>> slots;
};

// Thread-safe: const after construction.
class ConversationEncoder {
 public:
  virtual ~ConversationEncoder() = default;

  // `prompt` has at least one message; texts are valid UTF-8. Pure; takes time in proportion to the texts.
  // Errors, for the whole group:
  //   INVALID_ARGUMENT  the chat template has no form for a role.
  virtual absl::StatusOr<EncodedGroup> Encode(absl::Span<const Message> prompt,
                                              absl::Span<const std::string> responses,
                                              const EncodeOptions& options) const = 0;
};

}  // namespace assay

#endif  // ASSAY_MODEL_CONVERSATION_ENCODER_H_
