// client/replica_set.h
// The servers that a client's addresses name, as they are now, and the choice among them. A name
// ("dns:///NAME:PORT") is looked up again while the client lives: replicas come and go with it. All
// serve one model; whether they do is the caller's to ask.
#ifndef ASSAY_CLIENT_REPLICA_SET_H_
#define ASSAY_CLIENT_REPLICA_SET_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "client/connection_options.h"
#include "client/name_lookup.h"
#include "client/name_watch.h"
#include "client/replica.h"

namespace assay::client {

using ReplicaList = std::vector<std::shared_ptr<Replica>>;

// Thread-safe.
class ReplicaSet {
 public:
  // Of `addresses`, see addresses.h. Each "dns:///NAME:PORT" stands for every address of the name;
  // any other is one replica. The first look-up of names is made now and may block for as long as
  // the system's resolver does; one that fails leaves the set without that name's replicas until a
  // later one does not. `look_up` and `clock` (borrowed) are the tests' to replace.
  //   INVALID_ARGUMENT  from SplitAddresses(), SplitServerName().
  //   others            those of MakeChannel(), see channel.h.
  static absl::StatusOr<std::unique_ptr<ReplicaSet>> Connect(const std::string& addresses,
                                                             const ConnectionOptions& connection,
                                                             NameWatch::LookUp look_up = LookUpName,
                                                             Clock* clock = Clock::Real());
  // A set that stays as it is. At least one.
  explicit ReplicaSet(ReplicaList replicas);
  // Ends the look-ups. Replicas live on for those who hold them; not on a gRPC thread, and no such
  // thread may hold one then (see Replicas that went, below).
  ~ReplicaSet();
  ReplicaSet(const ReplicaSet&) = delete;
  ReplicaSet& operator=(const ReplicaSet&) = delete;

  // Those of now; empty where no name was found yet. Ordered by address within a name.
  ReplicaList Current() const ABSL_LOCKS_EXCLUDED(mu_);

  // The one to call next (replica_choice.h), counting itself none; null where there is none.
  // `prompt_hash`: the prompt's, for calls that should keep to one replica; nullopt: round robin.
  // `tried`: those that this call has met already.
  std::shared_ptr<Replica> Choose(std::optional<uint64_t> prompt_hash,
                                  absl::Span<const std::shared_ptr<Replica>> tried)
      ABSL_LOCKS_EXCLUDED(mu_);

  // Why Choose() found none: UNAVAILABLE, naming the names that were not found.
  absl::Status WhyNone() const ABSL_LOCKS_EXCLUDED(mu_);

  // A call met a server that was not there: names are looked up again soon (at most once a second).
  void LookAgain() ABSL_LOCKS_EXCLUDED(mu_);

  // `changed` runs after each change of Current(), on the thread that looks up names, until
  // Unsubscribe() of the number returned, after whose return it does not run. It must not block,
  // and must not call this class but for Current().
  int64_t Subscribe(std::function<void()> changed) ABSL_LOCKS_EXCLUDED(subscriptions_mu_);
  void Unsubscribe(int64_t subscription) ABSL_LOCKS_EXCLUDED(subscriptions_mu_);

 private:
  // What one of the addresses stands for.
  struct Source {
    std::string address;
    std::optional<ServerName> name;
    ReplicaList replicas;
    absl::Status problem;  // Of the last look-up.
  };
  struct Known {
    ReplicaList replicas;
    std::vector<std::string> addresses;  // Theirs.
  };

  ReplicaSet(std::vector<Source> sources, ConnectionOptions connection);

  // Takes what the name of source number `source` resolves to.
  void TakeOutcome(size_t source, const absl::StatusOr<std::vector<std::string>>& outcome)
      ABSL_LOCKS_EXCLUDED(mu_, subscriptions_mu_);
  // `source`'s replica at `address`; a new one where it has none.
  absl::StatusOr<std::shared_ptr<Replica>> ReplicaAt(const Source& source,
                                                     const std::string& address) const;
  void Publish() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const ConnectionOptions connection_;

  mutable Mutex mu_;
  std::vector<Source> sources_ ABSL_GUARDED_BY(mu_);
  std::shared_ptr<const Known> known_ ABSL_GUARDED_BY(mu_);
  // Replicas that went. A gRPC thread, which must not let a channel's last reference go, may hold
  // them; they stay here until nobody else does.
  ReplicaList retired_ ABSL_GUARDED_BY(mu_);
  uint64_t turn_ ABSL_GUARDED_BY(mu_) = 0;

  Mutex subscriptions_mu_;  // Taken without mu_, and held while `changed` runs.
  int64_t next_subscription_ ABSL_GUARDED_BY(subscriptions_mu_) = 0;
  std::map<int64_t, std::function<void()>> subscriptions_ ABSL_GUARDED_BY(subscriptions_mu_);

  std::unique_ptr<NameWatch> watch_;  // Null without names. Last: ends before the rest goes.
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_REPLICA_SET_H_
