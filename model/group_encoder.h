// model/group_encoder.h
// The ConversationEncoder of a checkpoint: chat template, then tokenizer, then limits, gate and common prefix.
// Thread-safe: const after construction.
#ifndef ASSAY_MODEL_GROUP_ENCODER_H_
#define ASSAY_MODEL_GROUP_ENCODER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/chat_template.h"
#include "model/conversation_encoder.h"
#include "model/tokenizer.h"
#include "model/types.h"

namespace assay {

class GroupEncoder : public ConversationEncoder {
 public:
  // `max_tokens` is the model's limit, > 0. `gate_pattern` is empty for a model without a gate.
  GroupEncoder(std::unique_ptr<const Tokenizer> tokenizer, ChatTemplate chat_template,
               int64_t max_tokens, TokenIds gate_pattern);

  // Further errors, for the whole group:
  //   INVALID_ARGUMENT  options.max_tokens is outside its range, or a text of the prompt is not UTF-8.
  //   INTERNAL          the tokenizer gave up on the prompt.
  // A response that is not UTF-8, or whose conversation has no token at all, is INVALID_ARGUMENT in its slot.
  // The prefix of a group of one is empty: there is nothing to share it with.
  absl::StatusOr<EncodedGroup> Encode(absl::Span<const Message> prompt,
                                      absl::Span<const std::string> responses,
                                      const EncodeOptions& options) const override;

  // Whether the prompt is encoded once for all responses, or for each anew. The ids are the same.
  bool encodes_prompt_once() const { return cut_at_boundary_; }

 private:
  // Tokens of one conversation: the prompt's, which all of them share, then its own.
  struct Conversation;

  absl::StatusOr<Conversation> EncodeOne(const std::string& prompt_text,
                                         absl::Span<const TokenId> prompt_ids,
                                         const std::string& response,
                                         const EncodeOptions& options) const;
  int64_t FindGate(const Conversation& conversation) const;

  const std::unique_ptr<const Tokenizer> tokenizer_;
  const ChatTemplate chat_template_;
  const int64_t max_tokens_;
  const TokenIds gate_pattern_;
  const bool cut_at_boundary_;
};

}  // namespace assay

#endif  // ASSAY_MODEL_GROUP_ENCODER_H_
