// model/forward_run.h
// Scores the lines of data files batch by batch, as many batches at a time as there are scorers, and keeps count: what
// assay-forward does between its flags and its output. A line that cannot be scored gives an error in its place and fails
// nothing else. Not thread-safe.
#ifndef ASSAY_MODEL_FORWARD_RUN_H_
#define ASSAY_MODEL_FORWARD_RUN_H_

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "model/conversation_encoder.h"
#include "model/scorer.h"
#include "model/types.h"

namespace assay {

struct ForwardOptions {
  int64_t batch_tokens = 4096;  // A batch runs once its groups have this many tokens; > 0.
  bool share_prefixes = true;   // Whether a group's prefix counts once in batch_tokens.
  TokenIds gate_pattern;        // ModelConfig::gate_pattern.
};

class ForwardRun {
 public:
  // Borrows all but the options; at least one scorer. `output` may be null: nothing is written.
  ForwardRun(ForwardOptions options, const ConversationEncoder* encoder,
             std::vector<Scorer*> scorers, const Clock* clock, std::ostream* output);

  // Takes one line, as in forward_row.h, and runs a batch on every scorer once enough has gathered for all. Each response gives one line of
  // output, in order: {"score", "rewards", "gating", "coefficients", "input_tokens"}, or {"error": {"code", "message"}}.
  void Add(absl::string_view line);

  // Runs what has gathered.
  void Flush();

  int64_t errors() const { return errors_; }  // Among the responses written.

  // One line. Tokens are counted as if nothing were shared, and only the time in which scorers worked counts.
  std::string Summary() const;

 private:
  struct Batch {
    std::vector<PromptGroup> groups;
    std::vector<absl::StatusOr<size_t>>
        slots;                          // A response's number in the batch, or why it has none.
    std::vector<int64_t> input_tokens;  // By that number.
    int64_t tokens = 0;
  };

  absl::StatusOr<EncodedGroup> Encode(absl::string_view line) const;
  void AddGroup(PromptGroup group);
  void WriteBatch(const Batch& batch, const std::vector<absl::StatusOr<RewardScore>>& results);
  void Write(const absl::StatusOr<RewardScore>& result, int64_t input_tokens);

  const ForwardOptions options_;
  const ConversationEncoder* const encoder_;
  const std::vector<Scorer*> scorers_;
  const Clock* const clock_;
  std::ostream* const output_;

  std::vector<Batch> batches_ =
      std::vector<Batch>(1);  // Full ones, then the one that is gathering.
  // Totals.
  int64_t responses_ = 0;
  int64_t errors_ = 0;
  int64_t tokens_ = 0;
  absl::Duration forward_time_;
};

}  // namespace assay

#endif  // ASSAY_MODEL_FORWARD_RUN_H_
