#include "tests/testing/fake_encoder.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace assay::testing {
namespace {

void AppendBytes(const std::string& text, TokenIds* tokens) {
  for (char c : text) tokens->push_back(static_cast<unsigned char>(c));
}

TokenIds PrefixOf(absl::Span<const Message> prompt) {
  TokenIds tokens;
  for (const Message& message : prompt) {
    AppendBytes(message.content, &tokens);
    tokens.push_back(kEndOfTurn);
  }
  return tokens;
}

TokenIds ResponseOf(const std::string& response) {
  TokenIds tokens;
  AppendBytes(response, &tokens);
  tokens.push_back(kEndOfResponse);
  return tokens;
}

}  // namespace

TokenIds FakeTokensOf(absl::Span<const Message> prompt, const std::string& response) {
  TokenIds tokens = PrefixOf(prompt);
  const TokenIds own = ResponseOf(response);
  tokens.insert(tokens.end(), own.begin(), own.end());
  return tokens;
}

absl::StatusOr<EncodedGroup> FakeEncoder::Encode(absl::Span<const Message> prompt,
                                                 absl::Span<const std::string> responses,
                                                 const EncodeOptions& options) const {
  {
    MutexLock lock(&mu_);
    ++begun_;
    changed_.notify_all();
    while (blocked_) changed_.wait(mu_);
  }
  for (size_t i = 0; i < prompt.size(); ++i) {
    if (prompt[i].role == "refused") {
      return absl::InvalidArgumentError(absl::StrCat("prompt[", i, "].role: no form for it"));
    }
  }
  const TokenIds prefix = PrefixOf(prompt);
  const size_t limit = options.max_tokens > 0 ? options.max_tokens : max_tokens_;

  EncodedGroup encoded;
  std::vector<TokenIds> kept;  // The whole conversations that are in.
  bool any_cut = false;
  for (const std::string& response : responses) {
    TokenIds tokens = FakeTokensOf(prompt, response);
    const size_t excess = tokens.size() - std::min(tokens.size(), limit);
    if (response == "refused") {
      encoded.slots.emplace_back(absl::InvalidArgumentError("no gate position"));
      continue;
    }
    if (excess > 0 && options.truncation == Truncation::kRefuse) {
      encoded.slots.emplace_back(absl::InvalidArgumentError(
          absl::StrCat(tokens.size(), " tokens; at most ", limit, " are allowed")));
      continue;
    }
    if (options.truncation == Truncation::kKeepStart) tokens.resize(tokens.size() - excess);
    if (options.truncation == Truncation::kKeepEnd) {
      tokens.erase(tokens.begin(), tokens.begin() + excess);
    }
    any_cut = any_cut || excess > 0;
    encoded.slots.emplace_back(encoded.group.responses.size());
    encoded.group.responses.push_back({.tokens = {},
                                       .gate_at = static_cast<int64_t>(prefix.size()) - 1,
                                       .truncated_tokens = static_cast<int64_t>(excess)});
    kept.push_back(std::move(tokens));
  }
  if (!any_cut) encoded.group.prefix = prefix;
  for (size_t i = 0; i < kept.size(); ++i) {
    encoded.group.responses[i].tokens.assign(kept[i].begin() + encoded.group.prefix.size(),
                                             kept[i].end());
  }
  return encoded;
}

void FakeEncoder::Block() {
  MutexLock lock(&mu_);
  blocked_ = true;
}

void FakeEncoder::Release() {
  MutexLock lock(&mu_);
  blocked_ = false;
  changed_.notify_all();
}

void FakeEncoder::AwaitBegun(size_t count) const {
  MutexLock lock(&mu_);
  while (begun_ < count) changed_.wait(mu_);
}

}  // namespace assay::testing
