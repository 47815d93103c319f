// server/result_gatherer.h
// Collects the scores of one request, which may come from several tasks in any order, puts each in
// its response's place, and answers once when the last is there. Decides nothing about when or
// where tasks run.
#ifndef ASSAY_SERVER_RESULT_GATHERER_H_
#define ASSAY_SERVER_RESULT_GATHERER_H_

#include <cstddef>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/mutex.h"
#include "model/conversation_encoder.h"
#include "server/score_task.h"
#include "server/scored_request.h"

namespace assay {

// Thread-safe. Shared by the tasks of one request.
class ResultGatherer {
 public:
  // Awaits every response in `encoded.group`, which stays the caller's. Takes `encoded.slots`: the
  // responses that could not be encoded have their results there. `times` has the first two
  // stages, which ended at `encoded_at`.
  ResultGatherer(EncodedGroup& encoded, StageDurations times, absl::Time encoded_at,
                 ScoredRequestCallback done);

  // What became of the responses of the group at `indices`. The last of them answers the request
  // with all results; an error of a task answers it at once. Each response is reported once.
  void Report(absl::Span<const size_t> indices, absl::StatusOr<TaskScores> scores)
      ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Place {
    size_t index;  // Of the response in the request.
    int64_t input_tokens;
    int64_t truncated_tokens;
  };

  void Keep(absl::Span<const size_t> indices, TaskScores scores) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // Constant after construction.
  const absl::Time encoded_at_;
  std::vector<Place> places_;  // Of each response of the group.

  Mutex mu_;
  size_t awaited_ ABSL_GUARDED_BY(mu_);
  bool answered_ ABSL_GUARDED_BY(mu_) = false;  // False, then true for good.
  absl::Time last_began_ ABSL_GUARDED_BY(mu_) = absl::InfinitePast();
  ScoredRequest scored_ ABSL_GUARDED_BY(mu_);
  ScoredRequestCallback done_ ABSL_GUARDED_BY(mu_);
};

}  // namespace assay

#endif  // ASSAY_SERVER_RESULT_GATHERER_H_
