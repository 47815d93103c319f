#include "client/load_tally.h"

#include <gtest/gtest.h>

#include "base/retry_after.h"

namespace assay::client {
namespace {

absl::Time At(int milliseconds) { return absl::UnixEpoch() + absl::Milliseconds(milliseconds); }

// Of the window of 1 s from At(0).
LoadTally Empty() { return {.from = At(0), .until = At(1000)}; }

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
  LoadTally tally = Empty();
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
  EXPECT_EQ(tally.answered_tokens, 7);
}

TEST(LoadTallyTest, AnErrorAmongTheResultsIsTheRequestsOutcome) {
  LoadTally tally = Empty();
  tally.Count(ReplyOf({Score{}, absl::InternalError("NaN")}),
              {.intended = At(0), .sent = At(0), .answered = At(1)});
  EXPECT_EQ(tally.ok, 0);
  EXPECT_EQ(tally.others[absl::StatusCode::kInternal], 1);
}

TEST(LoadTallyTest, ASendThatCameTooLateIsPartOfTheLatencyAndNotOfTheRefusal) {
  LoadTally tally = Empty();
  const RequestTimes times = {.intended = At(0), .sent = At(90), .answered = At(100)};
  tally.Count(ReplyOf({Score{}}), times);
  tally.Count(absl::ResourceExhaustedError("full"), times);
  EXPECT_EQ(tally.latency.Percentile(100), absl::Milliseconds(100));
  EXPECT_EQ(tally.refusal.Percentile(100), absl::Milliseconds(10));
  EXPECT_EQ(tally.lateness.Percentile(100), absl::Milliseconds(90));
}

TEST(LoadTallyTest, RatesAreOfWhatWasAnsweredInTheWindowWheneverItWasSent) {
  LoadTally tally = Empty();
  EXPECT_EQ(tally.goodput(), 0);
  const ScoreReply reply = ReplyOf({Score{.input_tokens = 100}});
  for (const int answered : {-1, 0, 500, 999, 1000, 1500}) {
    tally.Count(reply, {.intended = At(-10), .sent = At(-10), .answered = At(answered)});
  }
  EXPECT_DOUBLE_EQ(tally.goodput(), 3);
  EXPECT_DOUBLE_EQ(tally.tokens_per_second(), 300);
  // An answer without all its scores is none.
  tally.Count(ReplyOf({Score{}, absl::InternalError("NaN")}),
              {.intended = At(1), .sent = At(1), .answered = At(2)});
  tally.CountWrong({.intended = At(1), .sent = At(1), .answered = At(2)});
  EXPECT_DOUBLE_EQ(tally.goodput(), 3);
}

TEST(LoadTallyTest, ARequestIsCountedWhereItWasMeantToBeSentInTheWindowWheneverItIsAnswered) {
  LoadTally tally = Empty();
  const ScoreReply reply = ReplyOf({Score{}});
  for (const int intended : {-1, 0, 999, 1000}) {
    tally.Count(reply, {.intended = At(intended), .sent = At(intended), .answered = At(2000)});
    tally.CountWrong({.intended = At(intended), .sent = At(intended), .answered = At(2000)});
  }
  EXPECT_EQ(tally.ok, 2);
  EXPECT_EQ(tally.wrong, 2);
  EXPECT_EQ(tally.counted, 4);
  EXPECT_EQ(tally.latency.count(), 2);
  EXPECT_EQ(tally.stages.queue, absl::Milliseconds(6));
}

}  // namespace
}  // namespace assay::client
