#include "client/load_generator.h"

#include <atomic>
#include <set>

#include "absl/strings/str_cat.h"
#include "base/retry_after.h"
#include "tests/client/fake_reward_service.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::FakeClock;
using ::assay::testing::FakeRewardService;
using ::assay::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

ScoreRequest RequestOf(int64_t index) {
  return {.prompt = {{"user", "p"}}, .responses = {absl::StrCat("r", index)}};
}

bool IsRight(int64_t index, const ScoreReply& reply) {
  return reply.results[0]->score == FakeRewardService::ScoreOf("p", absl::StrCat("r", index));
}

LoadTally RunOn(const FakeRewardService& service, const LoadOptions& options,
                const LoadCallbacks& callbacks = {.source = RequestOf, .is_right = IsRight},
                Clock* clock = Clock::Real()) {
  auto clients = ConnectForLoad(service.address(), {}, 3);
  EXPECT_OK(clients);
  return RunLoad(options, clock, *clients, callbacks);
}

LoadOptions OpenLoop(double rate) {
  return {.rate = rate,
          .arrivals = ArrivalKind::kEven,
          .warm_up = absl::ZeroDuration(),
          .duration = absl::Milliseconds(300)};
}

TEST(LoadGeneratorTest, AnOpenLoopSendsWhatThePlanSaysAndEachIsCountedOnce) {
  FakeRewardService service;
  const LoadTally tally = RunOn(service, OpenLoop(200));
  EXPECT_EQ(tally.counted, 60);
  EXPECT_EQ(tally.ok, 60);
  EXPECT_EQ(service.requests(), 60);
}

TEST(LoadGeneratorTest, AnOpenLoopDoesNotWaitForAServerThatIsSilent) {
  FakeRewardService service;
  service.GoSilent();
  LoadOptions options = OpenLoop(200);
  options.deadline = absl::Milliseconds(400);  // Longer than the run.
  const LoadTally tally = RunOn(service, options);
  EXPECT_EQ(tally.counted, 60);
  EXPECT_EQ(tally.missed, 60);
}

TEST(LoadGeneratorTest, ARefusalIsCountedAndNotTriedAgain) {
  FakeRewardService service;
  service.RefuseNext(5, WithRetryAfter(absl::ResourceExhaustedError("full"), absl::Seconds(1)));
  service.RefuseNext(5, absl::UnavailableError("stopping"));
  const LoadTally tally = RunOn(service, OpenLoop(200));
  EXPECT_EQ(tally.refused, 5);
  EXPECT_EQ(tally.with_wait, 5);
  EXPECT_EQ(tally.others.at(absl::StatusCode::kUnavailable), 5);
  EXPECT_EQ(service.requests(), 60);
}

TEST(LoadGeneratorTest, AWrongScoreIsFoundAndCounted) {
  FakeRewardService service;
  const LoadTally tally =
      RunOn(service, OpenLoop(200),
            {.source = RequestOf, .is_right = [](int64_t index, const ScoreReply& reply) {
               return IsRight(index == 7 ? 8 : index, reply);
             }});
  EXPECT_EQ(tally.wrong, 1);
  EXPECT_EQ(tally.ok, 59);
}

TEST(LoadGeneratorTest, WhatIsSentInTheWarmUpIsNotCounted) {
  FakeRewardService service;
  LoadOptions options = OpenLoop(200);
  options.warm_up = absl::Milliseconds(100);
  EXPECT_EQ(RunOn(service, options).counted, 60);
  EXPECT_EQ(service.requests(), 80);
}

TEST(LoadGeneratorTest, AClosedLoopKeepsNoMoreUnderWayThanItsConcurrencyAndEndsWithItsTime) {
  FakeRewardService service;
  FakeClock clock;
  const LoadOptions options = {
      .concurrency = 4, .warm_up = absl::ZeroDuration(), .duration = absl::Seconds(5)};
  std::atomic<int> under_way = 0;
  int most = 0;
  const LoadTally tally = RunOn(service, options,
                                {.source =
                                     [&](int64_t index) {
                                       most = std::max<int>(most, ++under_way);
                                       if (index == 99) clock.Advance(options.duration);
                                       return RequestOf(index);
                                     },
                                 .is_right =
                                     [&](int64_t index, const ScoreReply& reply) {
                                       --under_way;
                                       return IsRight(index, reply);
                                     }},
                                &clock);
  EXPECT_EQ(tally.counted, 100);
  EXPECT_EQ(tally.ok, 100);
  EXPECT_EQ(service.requests(), 100);
  EXPECT_LE(most, 4);
}

TEST(LoadGeneratorTest, ProgressIsToldOnceASecond) {
  FakeRewardService service;
  FakeClock clock;
  std::vector<absl::Duration> told;
  RunOn(service, {.concurrency = 1, .warm_up = absl::Seconds(1), .duration = absl::Seconds(2)},
        {.source =
             [&](int64_t index) {
               clock.Advance(absl::Milliseconds(250));
               return RequestOf(index);
             },
         .on_second = [&](const LoadProgress& progress) { told.push_back(progress.elapsed); }},
        &clock);
  EXPECT_THAT(told, ElementsAre(absl::Seconds(1), absl::Seconds(2), absl::Seconds(3)));
}

TEST(LoadGeneratorTest, OptionsOutOfRangeAreNamed) {
  EXPECT_OK(LoadOptions().Validate());
  const auto refused = [](const LoadOptions& options, const char* field) {
    EXPECT_THAT(options.Validate(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(field)));
  };
  refused({.rate = -1}, "rate");
  refused({.rate = 2e6}, "rate");
  refused({.concurrency = 0}, "concurrency");
  refused({.warm_up = absl::InfiniteDuration()}, "warm_up");
  refused({.duration = absl::ZeroDuration()}, "duration");
  refused({.deadline = absl::ZeroDuration()}, "deadline");
}

}  // namespace
}  // namespace assay::client
