#include "client/load_tally.h"

#include <gtest/gtest.h>

#include "base/retry_after.h"

namespace assay::client {
namespace {

absl::Time At(int milliseconds) { return absl::UnixEpoch() + absl::Milliseconds(milliseconds); }

ScoreReply ReplyOf(std::vector<absl::StatusOr<Score>> results) {
  ScoreReply reply;
  reply.results = std::move(results);
  reply.times = {.wait_encode = absl::Milliseconds(1),
                 .encode = absl::Milliseconds(2),
                 .queue = absl::Milliseconds(3),
                 .forward = absl::Milliseconds(4)};
  return reply;
}

TEST(LoadTallyTest, EveryRequestIsCountedUnderOneOutcome) {
  LoadTally tally;
  const RequestTimes times = {.intended = At(0), .sent = At(1), .answered = At(5)};
  tally.Count(ReplyOf({Score{.input_tokens = 3}, Score{.input_tokens = 4}}), times);
  tally.Count(absl::ResourceExhaustedError("too large"), times);
  tally.Count(WithRetryAfter(absl::ResourceExhaustedError("full"), absl::Seconds(1)), times);
  tally.Count(absl::DeadlineExceededError("late"), times);
  tally.Count(absl::UnavailableError("gone"), times);
  tally.Count(absl::UnavailableError("gone"), times);
  tally.CountWrong(times);
  EXPECT_EQ(tally.counted, 7);
  EXPECT_EQ(tally.ok, 1);
  EXPECT_EQ(tally.wrong, 1);
  EXPECT_EQ(tally.refused, 2);
  EXPECT_EQ(tally.with_wait, 1);
  EXPECT_EQ(tally.missed, 1);
  EXPECT_EQ(tally.others,
            (std::map<absl::StatusCode, int64_t>{{absl::StatusCode::kUnavailable, 2}}));
  EXPECT_EQ(tally.input_tokens, 7);
}

TEST(LoadTallyTest, AnErrorAmongTheResultsIsTheRequestsOutcome) {
  LoadTally tally;
  tally.Count(ReplyOf({Score{}, absl::InternalError("NaN")}),
              {.intended = At(0), .sent = At(0), .answered = At(1)});
  EXPECT_EQ(tally.ok, 0);
  EXPECT_EQ(tally.others[absl::StatusCode::kInternal], 1);
}

TEST(LoadTallyTest, ASendThatCameTooLateIsPartOfTheLatencyAndNotOfTheRefusal) {
  LoadTally tally;
  const RequestTimes times = {.intended = At(0), .sent = At(90), .answered = At(100)};
  tally.Count(ReplyOf({Score{}}), times);
  tally.Count(absl::ResourceExhaustedError("full"), times);
  EXPECT_EQ(tally.latency.Percentile(100), absl::Milliseconds(100));
  EXPECT_EQ(tally.refusal.Percentile(100), absl::Milliseconds(10));
  EXPECT_EQ(tally.lateness.Percentile(100), absl::Milliseconds(90));
}

TEST(LoadTallyTest, RatesAreOverTheTimeFromTheFirstIntendedSendToTheLastAnswer) {
  LoadTally tally;
  EXPECT_EQ(tally.goodput(), 0);
  for (int i = 0; i < 10; ++i) {
    tally.Count(ReplyOf({Score{.input_tokens = 100}}),
                {.intended = At(1000 + i), .sent = At(1000 + i), .answered = At(1500)});
  }
  EXPECT_EQ(tally.elapsed(), absl::Milliseconds(500));
  EXPECT_DOUBLE_EQ(tally.goodput(), 20);
  EXPECT_DOUBLE_EQ(tally.tokens_per_second(), 2000);
  EXPECT_EQ(tally.stages.queue, absl::Milliseconds(30));
}

}  // namespace
}  // namespace assay::client
