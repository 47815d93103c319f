// server/flight_table.h
// Conversations that are being scored, so that an equal one which comes meanwhile waits for the same
// pass instead of having its own. Keeps no score; decides nothing about what equals what.
#ifndef ASSAY_SERVER_FLIGHT_TABLE_H_
#define ASSAY_SERVER_FLIGHT_TABLE_H_

#include <memory>
#include <unordered_map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/mutex.h"
#include "model/types.h"
#include "server/conversation_key.h"
#include "server/task_interest.h"

namespace assay {

// What a pass made of one conversation.
struct FlightResult {
  absl::StatusOr<RewardScore> score;
  absl::Time forward_began;
  absl::Duration forward;
};

// Thread-safe.
class FlightTable {
 public:
  using Landed = absl::AnyInvocable<void(absl::StatusOr<FlightResult>) &&>;

  // Waits for the conversation `key` if it is in flight: `landed` will run once, on the thread that
  // calls Land(). The pass is kept from being given up while `waiter` waits. False, and `landed` is
  // untouched, where nothing is in flight under that key.
  bool Join(const ConversationKey& key, const Waiter& waiter, Landed& landed)
      ABSL_LOCKS_EXCLUDED(mu_);

  // From here on `keys` are in flight, except those that are already; `interest` is their task's.
  // Returns the flight for Land(). Call before the task can end; Join() waits for Open().
  class Flight;
  std::shared_ptr<Flight> Begin(std::vector<ConversationKey> keys,
                                std::shared_ptr<TaskInterest> interest) ABSL_LOCKS_EXCLUDED(mu_);
  // The task was taken on: others may join.
  void Open(const std::shared_ptr<Flight>& flight) ABSL_LOCKS_EXCLUDED(mu_);
  // The task ended, or was never taken on; tells those who joined, `results` one for each key in
  // order, or why there are none.
  void Land(const std::shared_ptr<Flight>& flight,
            const absl::StatusOr<std::vector<FlightResult>>& results) ABSL_LOCKS_EXCLUDED(mu_);

  class Flight {
   public:
    Flight(std::vector<ConversationKey> keys, std::shared_ptr<TaskInterest> interest)
        : keys_(std::move(keys)), interest_(std::move(interest)), joined_(keys_.size()) {}

   private:
    friend class FlightTable;
    const std::vector<ConversationKey> keys_;
    const std::shared_ptr<TaskInterest> interest_;
    // Guarded by the table's mu_.
    bool open_ = false;
    std::vector<std::vector<Landed>> joined_;  // For each key.
  };

 private:
  struct Place {
    std::shared_ptr<Flight> flight;
    size_t index;  // In its keys.
  };

  Mutex mu_;
  std::unordered_map<ConversationKey, Place, ConversationKeyHash> in_flight_ ABSL_GUARDED_BY(mu_);
};

}  // namespace assay

#endif  // ASSAY_SERVER_FLIGHT_TABLE_H_
