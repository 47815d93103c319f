// tests/testing/fake_encoder.h
// A ConversationEncoder without a tokenizer: a byte is a token, and each turn ends with one of its
// own. Obeys length limits and truncation as the real one does; can be told to refuse and to block.
#ifndef ASSAY_TESTS_TESTING_FAKE_ENCODER_H_
#define ASSAY_TESTS_TESTING_FAKE_ENCODER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/mutex.h"
#include "model/conversation_encoder.h"
#include "model/types.h"

namespace assay::testing {

// The tokens of a turn that end it: 256 for a turn of the prompt, 257 for the response.
inline constexpr TokenId kEndOfTurn = 256;
inline constexpr TokenId kEndOfResponse = 257;

// The whole conversation as FakeEncoder makes it: for each message its content's bytes and
// kEndOfTurn, then the response's bytes and kEndOfResponse.
TokenIds FakeTokensOf(absl::Span<const Message> prompt, const std::string& response);

// Thread-safe.
class FakeEncoder : public ConversationEncoder {
 public:
  explicit FakeEncoder(int64_t max_tokens = 4096) : max_tokens_(max_tokens) {}

  // INVALID_ARGUMENT for a message with the role "refused"; for a response, alone, that is
  // "refused" or too long.
  absl::StatusOr<EncodedGroup> Encode(absl::Span<const Message> prompt,
                                      absl::Span<const std::string> responses,
                                      const EncodeOptions& options) const override
      ABSL_LOCKS_EXCLUDED(mu_);

  // Calls begun from now on wait until Release().
  void Block() ABSL_LOCKS_EXCLUDED(mu_);
  void Release() ABSL_LOCKS_EXCLUDED(mu_);
  // Blocks until `count` calls began, since construction.
  void AwaitBegun(size_t count) const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  const int64_t max_tokens_;

  mutable Mutex mu_;
  mutable CondVar changed_;
  mutable size_t begun_ ABSL_GUARDED_BY(mu_) = 0;
  bool blocked_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace assay::testing

#endif  // ASSAY_TESTS_TESTING_FAKE_ENCODER_H_
