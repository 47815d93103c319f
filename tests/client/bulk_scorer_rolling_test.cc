// Servers that come and go under a name.
#include <atomic>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/bulk_scorer.h"
#include "client/ordered_lines.h"
#include "client/stream_output.h"
#include "tests/client/bulk_runs.h"
#include "tests/client/fake_names.h"
#include "tests/client/fake_reward_service.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::FakeClock;
using ::assay::testing::FakeNames;
using ::assay::testing::FakeRewardService;
using ::assay::testing::StatusIs;
using ::testing::HasSubstr;

// The replicas of a name whose addresses a test says.
class Fleet {
 public:
  Fleet() { replicas_ = *ReplicaSet::Connect("dns:///fleet:50051", {}, names_.LookUp(), &clock_); }

  ReplicaSet* replicas() { return replicas_.get(); }

  // Returns when the set has them.
  void Resolve(const std::vector<std::string>& addresses) {
    names_.Set("fleet", addresses);
    while (!IsCurrent(addresses)) {
      clock_.Advance(NameWatch::kInterval);
      std::this_thread::yield();
    }
  }

 private:
  bool IsCurrent(const std::vector<std::string>& addresses) const {
    const ReplicaList current = replicas_->Current();
    if (current.size() != addresses.size()) return false;
    for (size_t i = 0; i < current.size(); ++i) {
      if (current[i]->address() != addresses[i]) return false;
    }
    return true;
  }

  FakeClock clock_;
  FakeNames names_;
  std::unique_ptr<ReplicaSet> replicas_;  // Last: its thread ends first.
};

std::vector<std::string> AddressesOf(
    const std::vector<std::unique_ptr<FakeRewardService>>& servers) {
  std::vector<std::string> addresses;
  for (const auto& service : servers) addresses.push_back(service->address());
  return addresses;
}

// All of a fleet of four is replaced under load, each by a server at a new address. One half leaves as
// a rolling upgrade has it: out of the name, its stream closed once all it had is answered. The other
// half dies while it is still in the name.
TEST(BulkScorerRollingTest, AFleetIsReplacedWhileItScoresAndEveryRowIsWrittenOnceAndInOrder) {
  std::vector<std::unique_ptr<FakeRewardService>> servers;
  for (int i = 0; i < 4; ++i) servers.push_back(std::make_unique<FakeRewardService>());
  Fleet fleet;
  fleet.Resolve(AddressesOf(servers));

  std::ostringstream out;
  StreamOutput output(&out);
  OrderedLines lines(&output, 1);
  BulkScorer scorer(fleet.replicas(), Clock::Real(), kFastRetry, absl::Seconds(60),
                    {.max_in_flight = 8,
                     .on_room = [&lines](int64_t requests) { lines.SetWindow(2 * requests); }});
  std::atomic<bool> replaced = false;
  std::atomic<int64_t> answered = 0;
  std::thread replace([&] {
    for (int i = 0; i < 4; ++i) {
      const int64_t begin = answered;
      while (answered < begin + 100) std::this_thread::yield();
      servers.push_back(std::make_unique<FakeRewardService>());
      std::unique_ptr<FakeRewardService> leaves = std::move(servers.front());
      servers.erase(servers.begin());
      if (i % 2 == 0) {
        fleet.Resolve(AddressesOf(servers));
        leaves->AwaitClosedStreams(1);
      } else {
        leaves = nullptr;
        fleet.Resolve(AddressesOf(servers));
      }
    }
    servers.back()->AwaitRequests(1);
    replaced = true;
  });
  int64_t rows = 0;
  EXPECT_OK(scorer.Run(
      [&]() -> std::optional<ScoreRequest> {
        if (rows >= 2000 && replaced) return std::nullopt;
        EXPECT_EQ(*lines.TakePlace(), rows);
        return RequestOf(rows++);
      },
      [&](int64_t index, absl::StatusOr<ScoreReply> reply) {
        EXPECT_OK(reply);
        lines.Fill(index, reply.ok() ? absl::StrCat(reply->results[0]->score) : "error", {});
        ++answered;
      }));
  replace.join();
  EXPECT_EQ(answered, rows);
  std::string right;
  for (int64_t i = 0; i < rows; ++i) {
    absl::StrAppend(&right, FakeRewardService::ScoreOf("p", TextOf(i)), "\n");
  }
  EXPECT_EQ(out.str(), right);
}

TEST(BulkScorerRollingTest, RoomForRequestsFollowsTheNumberOfServers) {
  FakeRewardService first;
  FakeRewardService second;
  first.GoSilent();
  second.GoSilent();
  Fleet fleet;
  fleet.Resolve({first.address()});
  std::vector<int64_t> rooms;
  BulkScorer scorer(fleet.replicas(), Clock::Real(), kFastRetry, absl::Hours(1),
                    {.max_in_flight = 4, .on_room = [&](int64_t room) { rooms.push_back(room); }});
  std::atomic<int64_t> pulled = 0;
  std::thread bulk([&] {
    EXPECT_THAT(scorer.Run([&] { return std::optional(RequestOf(pulled++)); },
                           [](int64_t, const absl::StatusOr<ScoreReply>&) {}),
                StatusIs(absl::StatusCode::kCancelled));
  });
  first.AwaitRequests(4);
  EXPECT_EQ(pulled, 4);
  std::vector<std::string> both = {first.address(), second.address()};
  fleet.Resolve(both);
  second.AwaitRequests(4);
  EXPECT_EQ(pulled, 8);
  EXPECT_EQ(first.requests(), 4);
  scorer.Cancel();
  bulk.join();
  EXPECT_EQ(rooms, std::vector<int64_t>({4, 8}));
}

TEST(BulkScorerRollingTest, WithoutAServerRequestsWaitForTheFirst) {
  FakeRewardService service;
  Fleet fleet;
  BulkScorer scorer(fleet.replicas(), Clock::Real(), kFastRetry, absl::Seconds(60),
                    {.max_in_flight = 4});
  std::atomic<int64_t> pulled = 0;
  std::thread resolve([&] {
    while (pulled < 4) std::this_thread::yield();
    fleet.Resolve({service.address()});
  });
  int scored = 0;
  EXPECT_OK(scorer.Run(
      [&]() -> std::optional<ScoreRequest> {
        if (pulled == 20) return std::nullopt;
        return RequestOf(pulled++);
      },
      [&](int64_t, const absl::StatusOr<ScoreReply>& reply) { scored += reply.ok() ? 1 : 0; }));
  resolve.join();
  EXPECT_EQ(scored, 20);
}

TEST(BulkScorerRollingTest, ANameThatIsNeverFoundIsWhatTheRunEndsWith) {
  Fleet fleet;
  BulkScorer scorer(fleet.replicas(), Clock::Real(), kFastRetry, absl::Milliseconds(50), {});
  EXPECT_THAT(scorer.Run([] { return std::optional(RequestOf(0)); },
                         [](int64_t, const absl::StatusOr<ScoreReply>& reply) {
                           EXPECT_THAT(reply, StatusIs(absl::StatusCode::kUnavailable));
                         }),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("dns:///fleet:50051")));
}

}  // namespace
}  // namespace assay::client
