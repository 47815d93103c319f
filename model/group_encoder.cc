#include "model/group_encoder.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace assay {

struct GroupEncoder::Conversation {
  absl::Span<const TokenId> prompt;  // What the cut left of the prompt's tokens.
  bool has_whole_prompt;
  TokenIds own;
  int64_t truncated_tokens = 0;
  int64_t gate_at = -1;

  int64_t size() const { return static_cast<int64_t>(prompt.size() + own.size()); }
  TokenId operator[](int64_t i) const {
    const int64_t shared = static_cast<int64_t>(prompt.size());
    return i < shared ? prompt[i] : own[i - shared];
  }

  // Drops all but `limit` tokens.
  void Cut(int64_t limit, Truncation truncation) {
    truncated_tokens = size() - limit;
    const int64_t shared = static_cast<int64_t>(prompt.size());
    if (truncation == Truncation::kKeepEnd) {
      const int64_t from_prompt = std::min(truncated_tokens, shared);
      prompt.remove_prefix(from_prompt);
      own.erase(own.begin(), own.begin() + (truncated_tokens - from_prompt));
    } else {
      prompt = prompt.subspan(0, std::min(limit, shared));
      own.resize(limit - static_cast<int64_t>(prompt.size()));
    }
    has_whole_prompt = static_cast<int64_t>(prompt.size()) == shared;
  }
};

GroupEncoder::GroupEncoder(std::unique_ptr<const Tokenizer> tokenizer, ChatTemplate chat_template,
                           int64_t max_tokens, TokenIds gate_pattern)
    : tokenizer_(std::move(tokenizer)),
      chat_template_(std::move(chat_template)),
      max_tokens_(max_tokens),
      gate_pattern_(std::move(gate_pattern)),
      cut_at_boundary_(tokenizer_->IsHardBoundary(chat_template_.boundary())) {}

absl::StatusOr<EncodedGroup> GroupEncoder::Encode(absl::Span<const Message> prompt,
                                                  absl::Span<const std::string> responses,
                                                  const EncodeOptions& options) const {
  if (options.max_tokens < 0 || options.max_tokens > max_tokens_) {
    return absl::InvalidArgumentError(
        absl::StrCat("max_tokens: ", options.max_tokens, " is outside 0..", max_tokens_));
  }
  ASSAY_ASSIGN_OR_RETURN(const std::string prompt_text, chat_template_.RenderPrompt(prompt));
  TokenIds prompt_ids;
  if (cut_at_boundary_) {
    ASSAY_ASSIGN_OR_RETURN(prompt_ids, tokenizer_->Encode(prompt_text));
  }
  EncodedGroup encoded;
  std::vector<Conversation> conversations;
  for (size_t i = 0; i < responses.size(); ++i) {
    absl::StatusOr<Conversation> one = EncodeOne(prompt_text, prompt_ids, responses[i], options);
    if (one.ok()) {
      encoded.slots.emplace_back(conversations.size());
      conversations.push_back(*std::move(one));
    } else {
      encoded.slots.emplace_back(absl::Status(
          one.status().code(), absl::StrCat("responses[", i, "]: ", one.status().message())));
    }
  }
  // The common prefix leaves every response at least one token.
  int64_t common = 0;
  if (conversations.size() > 1) {
    const Conversation& first = conversations[0];
    common = first.size() - 1;
    for (const Conversation& other : conversations) {
      common = std::min(common, other.size() - 1);
      int64_t equal = first.has_whole_prompt && other.has_whole_prompt
                          ? static_cast<int64_t>(prompt_ids.size())
                          : 0;
      while (equal < common && first[equal] == other[equal]) ++equal;
      common = std::min(common, equal);
    }
    for (int64_t i = 0; i < common; ++i) encoded.group.prefix.push_back(first[i]);
  }
  for (const Conversation& conversation : conversations) {
    EncodedResponse& response = encoded.group.responses.emplace_back();
    response.tokens.reserve(conversation.size() - common);
    for (int64_t i = common; i < conversation.size(); ++i) {
      response.tokens.push_back(conversation[i]);
    }
    response.gate_at = conversation.gate_at;
    response.truncated_tokens = conversation.truncated_tokens;
  }
  return encoded;
}

absl::StatusOr<GroupEncoder::Conversation> GroupEncoder::EncodeOne(
    const std::string& prompt_text, absl::Span<const TokenId> prompt_ids,
    const std::string& response, const EncodeOptions& options) const {
  const std::string response_text = chat_template_.RenderResponse(response);
  Conversation conversation{prompt_ids, true, {}};
  ASSAY_ASSIGN_OR_RETURN(
      conversation.own,
      tokenizer_->Encode(cut_at_boundary_ ? response_text : prompt_text + response_text));
  if (conversation.size() == 0) return absl::InvalidArgumentError("has no token");
  const int64_t limit = options.max_tokens > 0 ? options.max_tokens : max_tokens_;
  if (conversation.size() > limit) {
    if (options.truncation == Truncation::kRefuse) {
      return absl::InvalidArgumentError(absl::StrCat("the conversation has ", conversation.size(),
                                                     " tokens, the limit is ", limit));
    }
    conversation.Cut(limit, options.truncation);
  }
  if (!gate_pattern_.empty()) {
    conversation.gate_at = FindGate(conversation);
    if (conversation.gate_at < 0) {
      return absl::InvalidArgumentError(
          conversation.truncated_tokens > 0
              ? "the cut conversation does not hold the end of the prompt, where the gate is read"
              : "no turn before the response, where the gate is read");
    }
  }
  return conversation;
}

// Where the last occurrence of the pattern begins; -1 where there is none.
int64_t GroupEncoder::FindGate(const Conversation& conversation) const {
  const int64_t pattern_size = static_cast<int64_t>(gate_pattern_.size());
  for (int64_t begin = conversation.size() - pattern_size; begin >= 0; --begin) {
    int64_t matched = 0;
    while (matched < pattern_size && conversation[begin + matched] == gate_pattern_[matched]) {
      ++matched;
    }
    if (matched == pattern_size) return begin;
  }
  return -1;
}

}  // namespace assay
