#include "client/bulk_ledger.h"

#include <map>
#include <random>
#include <utility>

#include "base/retry_after.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::IsOk;
using ::assay::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr RetryPolicy kRetry = {
    .initial = absl::Milliseconds(100), .max = absl::Seconds(1), .multiplier = 2};
constexpr absl::Duration kTimeout = absl::Seconds(10);

// A refusal whose wait is 40 ms with the least jitter, and 50 ms with the most.
absl::Status Full() {
  return WithRetryAfter(absl::ResourceExhaustedError("full"), absl::Milliseconds(40));
}

absl::Time At(double seconds) { return absl::UnixEpoch() + absl::Seconds(seconds); }

BulkLedger LedgerOf(int items) {
  BulkLedger ledger(kTimeout, kRetry);
  for (int i = 0; i < items; ++i) ledger.Add(i, At(0));
  return ledger;
}

std::vector<int64_t> TakeAll(BulkLedger& ledger, absl::Time now) {
  std::vector<int64_t> taken;
  while (const auto index = ledger.TakeNextToSend(now)) taken.push_back(*index);
  return taken;
}

TEST(BulkLedgerTest, SendsItemsInOrderAndAnswersThemInAnyOrder) {
  BulkLedger ledger = LedgerOf(3);
  EXPECT_THAT(TakeAll(ledger, At(0)), ElementsAre(0, 1, 2));
  for (const int index : {1, 2, 0}) {
    const auto answer = ledger.OnReply(index, ScoreReply(), At(1), 0);
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->index, index);
    EXPECT_THAT(answer->outcome, IsOk());
  }
  EXPECT_EQ(ledger.open(), 0);
  EXPECT_EQ(ledger.NextDeadline(), absl::InfiniteFuture());
}

TEST(BulkLedgerTest, ASecondReplyAndAReplyToNobodyAreNoAnswers) {
  BulkLedger ledger = LedgerOf(2);
  TakeAll(ledger, At(0));
  EXPECT_TRUE(ledger.OnReply(0, ScoreReply(), At(1), 0).has_value());
  EXPECT_FALSE(ledger.OnReply(0, ScoreReply(), At(1), 0).has_value());
  EXPECT_FALSE(ledger.OnReply(7, ScoreReply(), At(1), 0).has_value());
  EXPECT_EQ(ledger.open(), 1);
}

TEST(BulkLedgerTest, AReplyToAnItemThatWasNotSentIsNoAnswer) {
  BulkLedger ledger = LedgerOf(1);
  EXPECT_FALSE(ledger.OnReply(0, ScoreReply(), At(1), 0).has_value());
  EXPECT_THAT(TakeAll(ledger, At(1)), ElementsAre(0));
}

TEST(BulkLedgerTest, ARetryableErrorIsSentAgainAfterItsWaitAndNotBefore) {
  BulkLedger ledger = LedgerOf(1);
  TakeAll(ledger, At(0));
  EXPECT_FALSE(ledger.OnReply(0, Full(), At(1), 0.5).has_value());
  EXPECT_EQ(ledger.NextSend(), At(1.045));
  EXPECT_THAT(TakeAll(ledger, At(1.04)), IsEmpty());
  EXPECT_THAT(TakeAll(ledger, At(1.045)), ElementsAre(0));
  EXPECT_FALSE(ledger.OnReply(0, absl::UnavailableError("drain"), At(2), 0.5).has_value());
  EXPECT_EQ(ledger.NextSend(), At(2.1));  // The second wait is twice the first.
}

TEST(BulkLedgerTest, AnErrorThatIsNotRetriedIsTheAnswer) {
  BulkLedger ledger = LedgerOf(1);
  TakeAll(ledger, At(0));
  const auto answer = ledger.OnReply(0, absl::InvalidArgumentError("responses"), At(1), 0);
  ASSERT_TRUE(answer.has_value());
  EXPECT_THAT(answer->outcome, StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(BulkLedgerTest, AnItemThatIsTooLargeIsAnsweredAtOnce) {
  BulkLedger ledger = LedgerOf(1);
  TakeAll(ledger, At(0));
  const auto answer = ledger.OnReply(0, absl::ResourceExhaustedError("no memory"), At(1), 0);
  ASSERT_TRUE(answer.has_value());
  EXPECT_THAT(answer->outcome, StatusIs(absl::StatusCode::kResourceExhausted, "no memory"));
}

TEST(BulkLedgerTest, AStreamRefusedOrCancelledByNobodyHereMakesNoSuspects) {
  for (const absl::Status& end : {Full(), absl::CancelledError("its connection closed")}) {
    BulkLedger ledger = LedgerOf(3);
    TakeAll(ledger, At(0));
    EXPECT_THAT(ledger.OnStreamEnd(end, At(1), 0.5), IsEmpty());
    EXPECT_GE(ledger.stream_ready_at(), At(1.045));
    EXPECT_THAT(TakeAll(ledger, At(2)), ElementsAre(0, 1, 2));
  }
}

TEST(BulkLedgerTest, ARetryThatWouldPassTheDeadlineIsNotMade) {
  BulkLedger ledger = LedgerOf(1);
  TakeAll(ledger, At(0));
  const auto answer = ledger.OnReply(0, Full(), At(9.96), 0.5);
  ASSERT_TRUE(answer.has_value());
  EXPECT_THAT(answer->outcome, StatusIs(absl::StatusCode::kResourceExhausted, "full"));
}

TEST(BulkLedgerTest, AReplyWithARetryableResultStandsWhenTimeIsOver) {
  BulkLedger ledger = LedgerOf(2);
  TakeAll(ledger, At(0));
  ScoreReply reply;
  reply.results.push_back(Score{.score = 3});
  reply.results.push_back(Full());
  EXPECT_FALSE(ledger.OnReply(0, reply, At(9), 0.9).has_value());
  TakeAll(ledger, At(9.5));
  const auto answers = ledger.Expire(At(10));
  ASSERT_THAT(answers, SizeIs(2));
  ASSERT_THAT(answers[0].outcome, IsOk());
  EXPECT_EQ(answers[0].outcome->results[0]->score, 3);
  EXPECT_THAT(answers[1].outcome, StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("10s")));
  EXPECT_OK(ledger.verdict());
}

TEST(BulkLedgerTest, WhatABrokenStreamLeftIsSentAgainAfterTheStreamsBackoff) {
  BulkLedger ledger = LedgerOf(3);
  TakeAll(ledger, At(0));
  ledger.OnReply(1, ScoreReply(), At(1), 0);
  EXPECT_THAT(ledger.OnStreamEnd(absl::UnavailableError("reset"), At(2), 0.5), IsEmpty());
  EXPECT_EQ(ledger.stream_ready_at(), At(2.05));
  EXPECT_EQ(ledger.on_stream(), 0);
  EXPECT_THAT(TakeAll(ledger, At(2.05)), ElementsAre(0, 2));
  ledger.OnStreamEnd(absl::UnavailableError("reset"), At(3), 0.5);
  EXPECT_EQ(ledger.stream_ready_at(), At(3.1));  // No reply in between: the wait grows.
  TakeAll(ledger, At(3.1));
  ledger.OnReply(0, ScoreReply(), At(4), 0);
  ledger.OnStreamEnd(absl::UnavailableError("reset"), At(5), 0.5);
  EXPECT_EQ(ledger.stream_ready_at(), At(5.05));  // A reply came: from the start again.
}

TEST(BulkLedgerTest, AStreamThatEndsWithoutAnErrorIsABreakToo) {
  BulkLedger ledger = LedgerOf(1);
  TakeAll(ledger, At(0));
  EXPECT_THAT(ledger.OnStreamEnd(absl::OkStatus(), At(1), 0), IsEmpty());
  EXPECT_THAT(TakeAll(ledger, At(1)), ElementsAre(0));
}

TEST(BulkLedgerTest, TheItemThatBreaksStreamsIsFoundAndTheOthersAreSpared) {
  BulkLedger ledger = LedgerOf(4);
  const absl::Status too_large = absl::ResourceExhaustedError("message larger than max");
  EXPECT_THAT(TakeAll(ledger, At(0)), SizeIs(4));
  EXPECT_THAT(ledger.OnStreamEnd(too_large, At(0), 0), IsEmpty());
  for (const int innocent : {0, 1}) {
    EXPECT_THAT(TakeAll(ledger, At(1)), ElementsAre(innocent));  // One at a time.
    EXPECT_EQ(ledger.NextSend(), absl::InfiniteFuture());
    EXPECT_TRUE(ledger.OnReply(innocent, ScoreReply(), At(1), 0).has_value());
  }
  EXPECT_THAT(TakeAll(ledger, At(1)), ElementsAre(2));
  const auto answers = ledger.OnStreamEnd(too_large, At(1), 0);
  ASSERT_THAT(answers, ElementsAre(Field(&BulkLedger::Answer::index, 2)));
  EXPECT_THAT(answers[0].outcome, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(TakeAll(ledger, At(1)), ElementsAre(3));
  EXPECT_TRUE(ledger.OnReply(3, ScoreReply(), At(1), 0).has_value());
  ledger.Add(4, At(2));
  ledger.Add(5, At(2));
  EXPECT_THAT(TakeAll(ledger, At(2)), ElementsAre(4, 5));  // No suspicion is left.
}

TEST(BulkLedgerTest, NewItemsWaitWhileSuspectsAreTried) {
  BulkLedger ledger = LedgerOf(1);
  TakeAll(ledger, At(0));
  ledger.OnStreamEnd(absl::InternalError("reset"), At(0), 0);
  ledger.Add(1, At(0));
  EXPECT_THAT(TakeAll(ledger, At(0)), ElementsAre(0));
  ledger.OnReply(0, ScoreReply(), At(1), 0);
  EXPECT_THAT(TakeAll(ledger, At(1)), ElementsAre(1));
}

TEST(BulkLedgerTest, ACodeThatNoRetryChangesGivesEverythingUp) {
  for (const auto code : {absl::StatusCode::kUnimplemented, absl::StatusCode::kUnauthenticated,
                          absl::StatusCode::kPermissionDenied}) {
    BulkLedger ledger = LedgerOf(3);
    TakeAll(ledger, At(0));
    EXPECT_THAT(ledger.OnStreamEnd(absl::Status(code, "no"), At(1), 0), SizeIs(3));
    EXPECT_THAT(ledger.verdict(), StatusIs(code));
  }
}

TEST(BulkLedgerTest, SilenceForTheWholeTimeoutGivesEverythingUpWithTheLastBreak) {
  BulkLedger ledger = LedgerOf(2);
  TakeAll(ledger, At(0));
  ledger.Add(2, At(9));
  ledger.OnStreamEnd(absl::UnavailableError("refused"), At(9), 0);
  EXPECT_THAT(ledger.Expire(At(9.9)), IsEmpty());
  EXPECT_EQ(ledger.NextDeadline(), At(10));
  const auto answers = ledger.Expire(At(10));
  EXPECT_THAT(answers, SizeIs(3));  // Also the one that has time left: nobody is there.
  EXPECT_THAT(ledger.verdict(), StatusIs(absl::StatusCode::kUnavailable, "refused"));
}

TEST(BulkLedgerTest, AServerThatAnswersOthersOnlyLosesTheItemsThatAreLate) {
  BulkLedger ledger = LedgerOf(1);
  ledger.Add(1, At(5));
  TakeAll(ledger, At(5));
  ledger.OnReply(1, ScoreReply(), At(9), 0);
  const auto answers = ledger.Expire(At(10));
  ASSERT_THAT(answers, ElementsAre(Field(&BulkLedger::Answer::index, 0)));
  EXPECT_THAT(answers[0].outcome, StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_OK(ledger.verdict());
  EXPECT_FALSE(ledger.OnReply(0, ScoreReply(), At(11), 0).has_value());  // Too late.
}

TEST(BulkLedgerTest, AnIdleTimeIsNotSilence) {
  BulkLedger ledger = LedgerOf(1);
  TakeAll(ledger, At(0));
  ledger.OnReply(0, ScoreReply(), At(1), 0);
  ledger.Add(1, At(1000));
  EXPECT_THAT(ledger.Expire(At(1000)), IsEmpty());
  EXPECT_EQ(ledger.NextDeadline(), At(1010));
}

std::vector<int64_t> TakeAllOn(BulkLedger& ledger, absl::Time now, size_t stream, int most) {
  std::vector<int64_t> taken;
  while (static_cast<int>(taken.size()) < most) {
    const auto index = ledger.TakeNextToSend(now, stream);
    if (!index.has_value()) break;
    taken.push_back(*index);
  }
  return taken;
}

BulkLedger LedgerOfTwo(int items) {
  BulkLedger ledger(kTimeout, kRetry, /*streams=*/2);
  for (int i = 0; i < items; ++i) ledger.Add(i, At(0));
  return ledger;
}

TEST(BulkLedgerTest, AnItemIsOnOneStreamAndOnlyItsReplyCounts) {
  BulkLedger ledger = LedgerOfTwo(3);
  EXPECT_THAT(TakeAllOn(ledger, At(0), 0, 2), ElementsAre(0, 1));
  EXPECT_THAT(TakeAllOn(ledger, At(0), 1, 2), ElementsAre(2));
  EXPECT_EQ(ledger.on_stream(0), 2);
  EXPECT_EQ(ledger.on_stream(1), 1);
  EXPECT_FALSE(ledger.OnReply(0, ScoreReply(), At(1), 0, 1).has_value());
  EXPECT_TRUE(ledger.OnReply(0, ScoreReply(), At(1), 0, 0).has_value());
}

TEST(BulkLedgerTest, WhatOneStreamLeftIsSentOnTheOtherAtOnce) {
  BulkLedger ledger = LedgerOfTwo(4);
  TakeAllOn(ledger, At(0), 0, 2);
  TakeAllOn(ledger, At(0), 1, 2);
  EXPECT_THAT(ledger.OnStreamEnd(absl::UnavailableError("gone"), At(1), 0.5, 0), IsEmpty());
  EXPECT_GT(ledger.stream_ready_at(0), At(1));
  EXPECT_EQ(ledger.stream_ready_at(1), absl::InfinitePast());
  EXPECT_EQ(ledger.on_stream(1), 2);
  EXPECT_LE(ledger.NextSend(1), At(1));
  EXPECT_THAT(TakeAllOn(ledger, At(1), 1, 9), ElementsAre(0, 1));
}

TEST(BulkLedgerTest, EachStreamHasABackoffOfItsOwn) {
  BulkLedger ledger = LedgerOfTwo(4);
  for (int i = 0; i < 3; ++i) {
    TakeAllOn(ledger, At(i), 0, 1);
    ledger.OnStreamEnd(absl::UnavailableError("gone"), At(i), 0.5, 0);
    TakeAllOn(ledger, At(i), 1, 1);
    ledger.OnReply(i, ScoreReply(), At(i), 0, 1);  // The other's replies shorten no wait.
  }
  EXPECT_EQ(ledger.stream_ready_at(0), At(2.2));
  ledger.OnStreamEnd(absl::UnavailableError("gone"), At(3), 0.5, 1);
  EXPECT_EQ(ledger.stream_ready_at(1), At(3.05));
}

TEST(BulkLedgerTest, OneStreamThatIsAwayForGoodGivesNothingUp) {
  BulkLedger ledger = LedgerOfTwo(1);
  for (int second = 0; second < 100; ++second) {
    TakeAllOn(ledger, At(second), 0, 1);
    EXPECT_THAT(ledger.OnStreamEnd(absl::UnavailableError("gone"), At(second), 0.5, 0), IsEmpty());
    ASSERT_THAT(TakeAllOn(ledger, At(second), 1, 1), ElementsAre(second));
    EXPECT_TRUE(ledger.OnReply(second, ScoreReply(), At(second), 0, 1).has_value());
    ledger.Add(second + 1, At(second));
    EXPECT_THAT(ledger.Expire(At(second)), IsEmpty());
  }
  EXPECT_OK(ledger.verdict());
}

TEST(BulkLedgerTest, SuspectsAreTriedAloneOnEachStreamAndTheCulpritIsFound) {
  const absl::Status too_large = absl::ResourceExhaustedError("message larger than max");
  BulkLedger ledger = LedgerOfTwo(6);
  TakeAllOn(ledger, At(0), 0, 3);  // 0, 1, 2: one of them is the culprit.
  TakeAllOn(ledger, At(0), 1, 1);  // 3
  EXPECT_THAT(ledger.OnStreamEnd(too_large, At(1), 0, 0), IsEmpty());
  EXPECT_THAT(TakeAllOn(ledger, At(1), 1, 9), IsEmpty());  // Alone means without 3.
  EXPECT_EQ(ledger.NextSend(1), absl::InfiniteFuture());
  EXPECT_THAT(TakeAllOn(ledger, At(1), 0, 9), ElementsAre(0));
  ledger.OnReply(3, ScoreReply(), At(1), 0, 1);
  EXPECT_THAT(TakeAllOn(ledger, At(1), 1, 9), ElementsAre(1));
  const auto answers = ledger.OnStreamEnd(too_large, At(1), 0, 1);
  ASSERT_THAT(answers, ElementsAre(Field(&BulkLedger::Answer::index, 1)));
  EXPECT_THAT(TakeAllOn(ledger, At(1), 1, 9), ElementsAre(2));
  EXPECT_TRUE(ledger.OnReply(0, ScoreReply(), At(1), 0, 0).has_value());
  EXPECT_THAT(TakeAllOn(ledger, At(1), 0, 9), ElementsAre(4, 5));  // Beside 2, on its own stream.
  EXPECT_TRUE(ledger.OnReply(2, ScoreReply(), At(1), 0, 1).has_value());
}

// Whatever happens, in any order, an item gets exactly one answer, and the book ends empty.
TEST(BulkLedgerTest, EachItemIsAnsweredExactlyOnceUnderRandomFaults) {
  for (int seed = 0; seed < 300; ++seed) {
    std::mt19937 dice(seed);
    const auto roll = [&](int sides) { return static_cast<int>(dice() % sides); };
    const int streams = 1 + seed % 3;
    BulkLedger ledger(kTimeout, kRetry, streams);
    std::map<int64_t, int> answered;
    const auto count = [&](const std::vector<BulkLedger::Answer>& answers) {
      for (const BulkLedger::Answer& answer : answers) ++answered[answer.index];
    };
    std::vector<std::pair<int64_t, int>> sent;  // Item and stream.
    double now = 0;
    int64_t added = 0;
    for (int step = 0; step < 400 && ledger.verdict().ok(); ++step) {
      now += roll(10) * 0.05;
      if (roll(3) == 0) ledger.Add(added++, At(now));
      if (roll(2) == 0) {
        const int stream = roll(streams);
        for (const int64_t index : TakeAllOn(ledger, At(now), stream, 1 + roll(5))) {
          sent.emplace_back(index, stream);
        }
      }
      if (!sent.empty() && roll(2) == 0) {
        absl::StatusOr<ScoreReply> outcome = ScoreReply();
        if (roll(4) == 0) outcome = Full();
        if (roll(8) == 0) outcome = absl::InternalError("NaN");
        const auto [index, stream] = sent[roll(sent.size())];
        const auto answer = ledger.OnReply(index, std::move(outcome), At(now), 0.5, stream);
        if (answer.has_value()) ++answered[answer->index];
      }
      if (roll(20) == 0) {
        count(ledger.OnStreamEnd(
            roll(2) == 0 ? absl::UnavailableError("gone") : absl::InternalError("reset"), At(now),
            0.5, roll(streams)));
      }
      count(ledger.Expire(At(now)));
      ASSERT_LE(ledger.on_stream(), ledger.open());
      for (int stream = 0; stream < streams; ++stream) ASSERT_GE(ledger.on_stream(stream), 0);
    }
    count(ledger.GiveUp(absl::CancelledError("over")));
    EXPECT_EQ(ledger.open(), 0);
    EXPECT_EQ(ledger.on_stream(), 0);
    EXPECT_THAT(answered, SizeIs(added)) << "seed " << seed;
    for (const auto& [index, times] : answered)
      EXPECT_EQ(times, 1) << "seed " << seed << ", item " << index;
  }
}

}  // namespace
}  // namespace assay::client
