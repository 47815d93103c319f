// model/precision_run.h
// The conversations that a precision measurement is made on, and their scores by one model: what assay-precision does
// between its flags and its file. The same groups are scored by one model after another, so that only one is in memory.
// Knows neither dtypes nor devices: what a model computes in is its loader's business. Not thread-safe.
#ifndef ASSAY_MODEL_PRECISION_RUN_H_
#define ASSAY_MODEL_PRECISION_RUN_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "model/conversation_encoder.h"
#include "model/scorer.h"
#include "model/types.h"

namespace assay {

class PrecisionRun {
 public:
  // `gate_pattern` is ModelConfig's; batches run once they have `batch_tokens` (> 0) tokens.
  PrecisionRun(TokenIds gate_pattern, int64_t batch_tokens)
      : gate_pattern_(std::move(gate_pattern)), batch_tokens_(batch_tokens) {}

  // Takes one line, as in forward_row.h. A response that cannot be encoded (too long, say) is left out and counted.
  //   INVALID_ARGUMENT  the line is no row.
  absl::Status Add(absl::string_view line, const ConversationEncoder& encoder);

  // Takes the first `limit` (0: all) rows of the file at `path`.
  //   INVALID_ARGUMENT  a line is no row; file and line are named.
  //   NOT_FOUND, PERMISSION_DENIED, DATA_LOSS, UNKNOWN  as JsonlReader.
  absl::Status AddFile(const std::string& path, int64_t limit, const ConversationEncoder& encoder);

  // OK where there is something to measure.
  //   INVALID_ARGUMENT  no row has two responses that can be scored: there is no margin.
  absl::Status Check() const;

  // One score a conversation, in order.
  //   as the Scorer  a conversation's error: a model that fails on one has no figures.
  absl::StatusOr<std::vector<float>> Scores(Scorer& scorer) const;

  // Responses of each group.
  const std::vector<int64_t>& group_sizes() const { return group_sizes_; }
  int64_t left_out() const { return left_out_; }

 private:
  const TokenIds gate_pattern_;
  const int64_t batch_tokens_;
  std::vector<PromptGroup> groups_;
  std::vector<int64_t> group_sizes_;  // By the group's number.
  int64_t left_out_ = 0;
};

}  // namespace assay

#endif  // ASSAY_MODEL_PRECISION_RUN_H_
