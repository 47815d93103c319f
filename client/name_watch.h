// client/name_watch.h
// Looks names up again and again, on a thread of its own, and hands on what they resolve to. Knows
// nothing of servers.
#ifndef ASSAY_CLIENT_NAME_WATCH_H_
#define ASSAY_CLIENT_NAME_WATCH_H_

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "client/name_lookup.h"

namespace assay::client {

// Thread-safe.
class NameWatch {
 public:
  static constexpr absl::Duration kInterval = absl::Seconds(5);
  static constexpr absl::Duration kShortestInterval = absl::Seconds(1);

  // The outcome of looking up one name: its addresses, or why there are none.
  using LookUp = std::function<absl::StatusOr<std::vector<std::string>>(const ServerName&)>;
  // `outcome` of names[name], each time it was looked up, changed or not. Runs on the watch's
  // thread.
  using Listener =
      std::function<void(size_t name, const absl::StatusOr<std::vector<std::string>>& outcome)>;

  // Begins at once, and again kInterval after the end of the round before, or when LookAgain() says
  // so. Borrows the clock.
  NameWatch(std::vector<ServerName> names, LookUp look_up, Clock* clock, Listener listener);
  // Waits for a look-up that is under way, but for no other.
  ~NameWatch();
  NameWatch(const NameWatch&) = delete;
  NameWatch& operator=(const NameWatch&) = delete;

  // Blocks until every name was looked up once.
  void AwaitFirst() ABSL_LOCKS_EXCLUDED(mu_);

  // The names are looked up now, but not within kShortestInterval of the last round's end.
  void LookAgain() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mu_);
  // False where the watch is to end.
  bool AwaitNextRound() ABSL_LOCKS_EXCLUDED(mu_);
  bool stopping() ABSL_LOCKS_EXCLUDED(mu_);

  // Constant after construction.
  const std::vector<ServerName> names_;
  const LookUp look_up_;
  Clock* const clock_;  // Borrowed.
  const Listener listener_;

  Mutex mu_;
  CondVar changed_;
  bool looked_ ABSL_GUARDED_BY(mu_) = false;    // All names, once. False, then true for good.
  bool again_ ABSL_GUARDED_BY(mu_) = false;     // Asked for since the last round began.
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;  // False, then true for good.
  std::thread thread_;                          // Last: starts after the rest.
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_NAME_WATCH_H_
