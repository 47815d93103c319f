#include "server/flight_table.h"

#include <utility>

namespace assay {

bool FlightTable::Join(const ConversationKey& key, const Waiter& waiter, Landed& landed) {
  MutexLock lock(&mu_);
  const auto found = in_flight_.find(key);
  if (found == in_flight_.end()) return false;
  Flight& flight = *found->second.flight;
  if (!flight.open_ || !flight.interest_->Join(waiter)) return false;
  flight.joined_[found->second.index].push_back(std::move(landed));
  return true;
}

std::shared_ptr<FlightTable::Flight> FlightTable::Begin(std::vector<ConversationKey> keys,
                                                        std::shared_ptr<TaskInterest> interest) {
  auto flight = std::make_shared<Flight>(std::move(keys), std::move(interest));
  MutexLock lock(&mu_);
  for (size_t i = 0; i < flight->keys_.size(); ++i) {
    in_flight_.try_emplace(flight->keys_[i], Place{flight, i});
  }
  return flight;
}

void FlightTable::Open(const std::shared_ptr<Flight>& flight) {
  MutexLock lock(&mu_);
  flight->open_ = true;
}

void FlightTable::Land(const std::shared_ptr<Flight>& flight,
                       const absl::StatusOr<std::vector<FlightResult>>& results) {
  std::vector<std::vector<Landed>> joined;
  {
    MutexLock lock(&mu_);
    for (const ConversationKey& key : flight->keys_) {
      const auto found = in_flight_.find(key);
      if (found != in_flight_.end() && found->second.flight == flight) in_flight_.erase(found);
    }
    joined.swap(flight->joined_);
  }
  for (size_t i = 0; i < joined.size(); ++i) {
    for (Landed& landed : joined[i]) {
      if (results.ok()) {
        std::move(landed)((*results)[i]);
      } else {
        std::move(landed)(results.status());
      }
    }
  }
}

}  // namespace assay
