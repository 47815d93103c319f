#include "client/replica_set.h"

#include <algorithm>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/random/random.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "client/addresses.h"
#include "client/channel.h"
#include "client/replica_choice.h"

namespace assay::client {
namespace {

bool Contains(absl::Span<const std::shared_ptr<Replica>> replicas, const Replica* replica) {
  return std::any_of(replicas.begin(), replicas.end(),
                     [&](const auto& other) { return other.get() == replica; });
}

}  // namespace

absl::StatusOr<std::unique_ptr<ReplicaSet>> ReplicaSet::Connect(const std::string& addresses,
                                                                const ConnectionOptions& connection,
                                                                NameWatch::LookUp look_up,
                                                                Clock* clock) {
  ASSAY_ASSIGN_OR_RETURN(const std::vector<std::string> each, SplitAddresses(addresses));
  std::vector<Source> sources;
  std::vector<ServerName> names;
  std::vector<size_t> source_of_name;
  for (const std::string& address : each) {
    Source source = {.address = address};
    // A name's replicas are known later: what is wrong with the options is found here.
    ASSAY_ASSIGN_OR_RETURN(const std::shared_ptr<grpc::Channel> channel,
                           MakeChannel(address, connection, {.one_of_several = each.size() > 1}));
    if (IsNameOfServers(address)) {
      ASSAY_ASSIGN_OR_RETURN(source.name, SplitServerName(address));
      names.push_back(*source.name);
      source_of_name.push_back(sources.size());
    } else {
      source.replicas = {std::make_shared<Replica>(address, channel)};
    }
    sources.push_back(std::move(source));
  }
  auto set = absl::WrapUnique(new ReplicaSet(std::move(sources), connection));
  if (!names.empty()) {
    set->watch_ = std::make_unique<NameWatch>(
        std::move(names), std::move(look_up), clock,
        [raw = set.get(), source_of_name = std::move(source_of_name)](
            size_t name, const absl::StatusOr<std::vector<std::string>>& outcome) {
          raw->TakeOutcome(source_of_name[name], outcome);
        });
    set->watch_->AwaitFirst();
  }
  return set;
}

ReplicaSet::ReplicaSet(std::vector<Source> sources, ConnectionOptions connection)
    : connection_(std::move(connection)), sources_(std::move(sources)) {
  MutexLock lock(&mu_);
  // Not the first: many short-lived clients would all begin with it.
  turn_ = absl::Uniform<uint64_t>(absl::BitGen());
  Publish();
}

ReplicaSet::ReplicaSet(ReplicaList replicas) {
  MutexLock lock(&mu_);
  sources_.push_back({.replicas = std::move(replicas)});
  Publish();
}

ReplicaSet::~ReplicaSet() { watch_.reset(); }

ReplicaList ReplicaSet::Current() const {
  MutexLock lock(&mu_);
  return known_->replicas;
}

std::shared_ptr<Replica> ReplicaSet::Choose(std::optional<uint64_t> prompt_hash,
                                            absl::Span<const std::shared_ptr<Replica>> tried) {
  std::shared_ptr<const Known> known;
  uint64_t turn;
  {
    MutexLock lock(&mu_);
    known = known_;
    turn = turn_;
    if (tried.empty() && !prompt_hash.has_value()) ++turn_;
  }
  const ReplicaList& replicas = known->replicas;
  if (replicas.empty()) return nullptr;
  std::vector<ReplicaView> views;
  views.reserve(replicas.size());
  for (const std::shared_ptr<Replica>& replica : replicas) {
    views.push_back({.readiness = replica->readiness(),
                     .outstanding = replica->outstanding(),
                     .tried = Contains(tried, replica.get())});
  }
  return replicas[ChooseReplica(prompt_hash.has_value()
                                    ? RendezvousOrder(*prompt_hash, known->addresses)
                                    : RoundRobinOrder(replicas.size(), turn),
                                views)];
}

absl::Status ReplicaSet::WhyNone() const {
  MutexLock lock(&mu_);
  std::vector<std::string> problems;
  for (const Source& source : sources_) {
    problems.push_back(absl::StrCat(source.address, ": ", source.problem.message()));
  }
  return absl::UnavailableError(
      absl::StrCat("no server is known: ", absl::StrJoin(problems, "; ")));
}

void ReplicaSet::LookAgain() {
  if (watch_ != nullptr) watch_->LookAgain();
}

int64_t ReplicaSet::Subscribe(std::function<void()> changed) {
  MutexLock lock(&subscriptions_mu_);
  subscriptions_.emplace(next_subscription_, std::move(changed));
  return next_subscription_++;
}

void ReplicaSet::Unsubscribe(int64_t subscription) {
  MutexLock lock(&subscriptions_mu_);
  subscriptions_.erase(subscription);
}

void ReplicaSet::TakeOutcome(size_t source,
                             const absl::StatusOr<std::vector<std::string>>& outcome) {
  Source before;
  {
    MutexLock lock(&mu_);
    before = sources_[source];
  }
  ReplicaList replicas;
  absl::Status problem = outcome.status();
  if (outcome.ok() && outcome->empty()) problem = absl::UnavailableError("it has no address");
  if (problem.ok()) {
    for (const std::string& address : *outcome) {
      absl::StatusOr<std::shared_ptr<Replica>> replica = ReplicaAt(before, address);
      if (replica.ok()) {
        replicas.push_back(*std::move(replica));
      } else {
        problem = replica.status();
      }
    }
  }
  ReplicaList unused;  // Goes without the lock.
  {
    MutexLock lock(&mu_);
    sources_[source].problem = std::move(problem);
    const auto first_used = std::partition(retired_.begin(), retired_.end(),
                                           [](const auto& gone) { return gone.use_count() == 1; });
    unused.assign(std::make_move_iterator(retired_.begin()), std::make_move_iterator(first_used));
    retired_.erase(retired_.begin(), first_used);
    // What is known stays where a look-up finds nothing.
    if (replicas.empty() || replicas == before.replicas) return;
    for (const std::shared_ptr<Replica>& replica : before.replicas) {
      if (!Contains(replicas, replica.get())) retired_.push_back(replica);
    }
    sources_[source].replicas = std::move(replicas);
    Publish();
  }
  MutexLock lock(&subscriptions_mu_);
  for (const auto& [subscription, changed] : subscriptions_) changed();
}

absl::StatusOr<std::shared_ptr<Replica>> ReplicaSet::ReplicaAt(const Source& source,
                                                               const std::string& address) const {
  for (const std::shared_ptr<Replica>& replica : source.replicas) {
    if (replica->address() == address) return replica;
  }
  ASSAY_ASSIGN_OR_RETURN(
      std::shared_ptr<grpc::Channel> channel,
      MakeChannel(absl::StrCat(absl::StartsWith(address, "[") ? "ipv6:" : "ipv4:", address),
                  connection_, {.one_of_several = true, .authority = source.name->authority()}));
  return std::make_shared<Replica>(address, std::move(channel));
}

void ReplicaSet::Publish() {
  auto known = std::make_shared<Known>();
  for (const Source& source : sources_) {
    for (const std::shared_ptr<Replica>& replica : source.replicas) {
      known->replicas.push_back(replica);
      known->addresses.push_back(replica->address());
    }
  }
  if (known->replicas.size() > 1) {
    // Begins to connect, so that the first calls find some ready.
    for (const std::shared_ptr<Replica>& replica : known->replicas) replica->readiness();
  }
  known_ = std::move(known);
}

}  // namespace assay::client
