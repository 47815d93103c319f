#include "tools/fleet_simulator/fleet_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "base/retry_after.h"

namespace assay::fleet {
namespace {

using ::testing::ElementsAre;

// A client of replicas that answer as told.
class FleetClientTest : public ::testing::Test {
 protected:
  // What replica `id` answers, `after` it was asked, and when it is there.
  struct Manner {
    absl::Status status;
    absl::Duration after = absl::Milliseconds(10);
    absl::Duration joins = absl::ZeroDuration();
  };

  // Sends one call and runs until nothing is left to do.
  CallReport Send(const FleetClientOptions& options, std::vector<Manner> replicas) {
    FleetClient client(options, 1, &events_,
                       [&](int id, const GroupRequest&, const Waiter& waiter, auto answer) {
                         asked_.push_back(id);
                         asked_at_.push_back(events_.elapsed());
                         waiters_.push_back(waiter);
                         events_.After(replicas[id].after,
                                       [answer, status = replicas[id].status] { answer(status); });
                       });
    for (size_t i = 0; i < replicas.size(); ++i) {
      events_.After(replicas[i].joins,
                    [&client, i] { client.balancer().Add(static_cast<int>(i)); });
    }
    std::vector<CallReport> reports;
    client.Send({.response_tokens = {1}}, [&](const CallReport& r) { reports.push_back(r); });
    while (events_.RunNext()) {
    }
    EXPECT_EQ(reports.size(), 1);
    return reports.at(0);
  }

  static absl::Status Refusal(absl::Duration wait) {
    return WithRetryAfter(absl::ResourceExhaustedError("full"), wait);
  }

  static FleetClientOptions Options() {
    return {.deadline = absl::Seconds(10), .network = absl::ZeroDuration()};
  }

  EventQueue events_;
  std::vector<int> asked_;
  std::vector<absl::Duration> asked_at_;
  std::vector<Waiter> waiters_;
};

TEST_F(FleetClientTest, ARefusalGoesToAnotherReplicaAtOnceAndThenWaitsTheShortestTimeAsked) {
  FleetClientOptions options = Options();
  options.retry.max_attempts = 3;
  const CallReport report =
      Send(options, {{Refusal(absl::Seconds(4))}, {Refusal(absl::Seconds(2))}});
  EXPECT_EQ(report.outcome, Outcome::kRefused);
  ASSERT_EQ(asked_.size(), 3);
  EXPECT_NE(asked_[0], asked_[1]);
  EXPECT_EQ(asked_at_[1], absl::Milliseconds(10));
  EXPECT_GE(asked_at_[2], absl::Milliseconds(20) + absl::Seconds(2));
  EXPECT_LE(asked_at_[2], absl::Milliseconds(20) + absl::Seconds(2.5));
}

TEST_F(FleetClientTest, ACallIsTriedOnceWhereThatIsAll) {
  FleetClientOptions options = Options();
  options.retry.max_attempts = 1;
  const CallReport report = Send(options, {{Refusal(absl::Seconds(1))}, {absl::OkStatus()}});
  EXPECT_EQ(report.tries, 1);
}

TEST_F(FleetClientTest, WhatCannotBeWaitedForIsGivenUpAtOnce) {
  const CallReport report = Send(Options(), {{Refusal(absl::Seconds(11))}});
  EXPECT_EQ(report.outcome, Outcome::kRefused);
  EXPECT_EQ(report.ended - report.sent, absl::Milliseconds(10));
}

TEST_F(FleetClientTest, AnAnswerAfterTheDeadlineIsMissed) {
  const CallReport report = Send(Options(), {{absl::OkStatus(), absl::Seconds(11)}});
  EXPECT_EQ(report.outcome, Outcome::kMissed);
}

TEST_F(FleetClientTest, TheFirstAnswerOfAHedgedCallCountsAndTheOtherIsCancelled) {
  FleetClientOptions options = Options();
  options.hedge.after = absl::Seconds(1);
  options.hedge.max_share = 1;
  // Wherever it begins, one answers late.
  const CallReport report =
      Send(options, {{absl::OkStatus(), absl::Seconds(2)}, {absl::OkStatus(), absl::Seconds(2)}});
  EXPECT_EQ(report.outcome, Outcome::kOk);
  EXPECT_EQ(report.ended - report.sent, absl::Seconds(2));
  EXPECT_THAT(asked_at_, ElementsAre(absl::ZeroDuration(), absl::Seconds(1)));
  EXPECT_TRUE(waiters_[1].cancelled->load());
}

TEST_F(FleetClientTest, AHedgeThatCannotBeMadeIsMadeAfterAWaitThatDoubles) {
  FleetClientOptions options = Options();
  options.hedge = {.after = absl::Seconds(1), .max_share = 1};
  const CallReport report =
      Send(options, {{absl::OkStatus(), absl::Seconds(9)},
                     {.status = absl::OkStatus(), .joins = absl::Seconds(2)}});
  EXPECT_EQ(report.outcome, Outcome::kOk);
  EXPECT_THAT(asked_at_, ElementsAre(absl::ZeroDuration(), absl::Seconds(3)));
}

TEST_F(FleetClientTest, WithoutAReplicaItWaitsForOneUntilTheDeadline) {
  const CallReport report = Send(Options(), {});
  EXPECT_EQ(report.outcome, Outcome::kUnavailable);
  EXPECT_GT(report.tries, 1);
  EXPECT_LE(report.ended - report.sent, absl::Seconds(10));
}

}  // namespace
}  // namespace assay::fleet
