// server/score_reuse.h
// Takes from a request what need not be computed for it: conversations whose score is kept, and
// those that an equal one is being scored for. What is left is the request's own work, whose
// results others can then use. Scores are shared inside a tenant only, so that no tenant can tell
// from an answer's speed what another asked.
#ifndef ASSAY_SERVER_SCORE_REUSE_H_
#define ASSAY_SERVER_SCORE_REUSE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "model/types.h"
#include "server/conversation_key.h"
#include "server/flight_table.h"
#include "server/flow.h"
#include "server/score_cache.h"
#include "server/score_task.h"
#include "server/task_interest.h"

namespace assay {

// Thread-safe.
class ScoreReuse {
 public:
  // `indices` are those of responses in the group that was given to TakeKnown().
  using Report =
      std::function<void(absl::Span<const size_t> indices, absl::StatusOr<TaskScores> scores)>;

  // A request's own work.
  struct Own {
    PromptGroup group;                  // May be without responses.
    std::vector<size_t> indices;        // Of each of its responses in the whole group.
    std::vector<ConversationKey> keys;  // Of each of its responses.
  };

  // `identity`: see ScoringIdentity(). `max_cache_bytes`: see ScoreCache.
  ScoreReuse(std::string identity, int64_t max_cache_bytes)
      : identity_(std::move(identity)), cache_(max_cache_bytes) {}

  // Reports each response of `group` that is kept, on this thread, and each that is in flight, when
  // its pass ends, on the thread that Land()s it; returns the rest. `now` is when the group was
  // encoded.
  Own TakeKnown(const Flow& flow, PromptGroup group, const Waiter& waiter, absl::Time now,
                const Report& report);

  // Own work in one task; see FlightTable.
  std::shared_ptr<FlightTable::Flight> Begin(const Flow& flow, std::vector<ConversationKey> keys,
                                             std::shared_ptr<TaskInterest> interest);
  void Open(const Flow& flow, const std::shared_ptr<FlightTable::Flight>& flight);
  void Land(const Flow& flow, const std::shared_ptr<FlightTable::Flight>& flight,
            absl::Span<const ConversationKey> keys, const absl::StatusOr<TaskScores>& scores);

  // Responses answered without a pass of their own, since construction.
  int64_t cached_responses() const { return cached_.load(); }
  int64_t coalesced_responses() const { return coalesced_.load(); }

 private:
  FlightTable& FlightsOf(Priority priority) {
    return flights_[priority == Priority::kInteractive ? 0 : 1];
  }

  const std::string identity_;
  ScoreCache cache_;
  // Apart, so that nobody waits behind work less urgent than its own.
  std::array<FlightTable, 2> flights_;
  std::atomic<int64_t> cached_ = 0;
  std::atomic<int64_t> coalesced_ = 0;
};

}  // namespace assay

#endif  // ASSAY_SERVER_SCORE_REUSE_H_
