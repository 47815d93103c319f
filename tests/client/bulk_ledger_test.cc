#include "client/bulk_ledger.h"

#include "tests/client/bulk_ledger_steps.h"
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

TEST(BulkLedgerTest, SendsItemsInOrderAndAnswersThemInAnyOrder) {
  BulkLedger ledger = LedgerOf(3);
  EXPECT_THAT(TakeAll(ledger, At(0)), ElementsAre(0, 1, 2));
  for (const int index : {1, 2, 0}) {
    const auto answer = Reply(ledger, index, ScoreReply(), At(1), 0);
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
  EXPECT_TRUE(Reply(ledger, 0, ScoreReply(), At(1), 0).has_value());
  EXPECT_FALSE(Reply(ledger, 0, ScoreReply(), At(1), 0).has_value());
  EXPECT_FALSE(Reply(ledger, 7, ScoreReply(), At(1), 0).has_value());
  EXPECT_EQ(ledger.open(), 1);
}

TEST(BulkLedgerTest, AReplyToAnItemThatWasNotSentIsNoAnswer) {
  BulkLedger ledger = LedgerOf(1);
  EXPECT_FALSE(Reply(ledger, 0, ScoreReply(), At(1), 0).has_value());
  EXPECT_THAT(TakeAll(ledger, At(1)), ElementsAre(0));
}

TEST(BulkLedgerTest, ARetryableErrorIsSentAgainAfterItsWaitAndNotBefore) {
  BulkLedger ledger = LedgerOf(1);
  TakeAll(ledger, At(0));
  EXPECT_FALSE(Reply(ledger, 0, Full(), At(1), 0.5).has_value());
  EXPECT_EQ(ledger.NextSend(0), At(1.045));
  EXPECT_THAT(TakeAll(ledger, At(1.04)), IsEmpty());
  EXPECT_THAT(TakeAll(ledger, At(1.045)), ElementsAre(0));
  EXPECT_FALSE(Reply(ledger, 0, absl::UnavailableError("drain"), At(2), 0.5).has_value());
  EXPECT_EQ(ledger.NextSend(0), At(2.1));  // The second wait is twice the first.
}

TEST(BulkLedgerTest, AnErrorThatIsNotRetriedIsTheAnswer) {
  BulkLedger ledger = LedgerOf(1);
  TakeAll(ledger, At(0));
  const auto answer = Reply(ledger, 0, absl::InvalidArgumentError("responses"), At(1), 0);
  ASSERT_TRUE(answer.has_value());
  EXPECT_THAT(answer->outcome, StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(BulkLedgerTest, AnItemThatIsTooLargeIsAnsweredAtOnce) {
  BulkLedger ledger = LedgerOf(1);
  TakeAll(ledger, At(0));
  const auto answer = Reply(ledger, 0, absl::ResourceExhaustedError("no memory"), At(1), 0);
  ASSERT_TRUE(answer.has_value());
  EXPECT_THAT(answer->outcome, StatusIs(absl::StatusCode::kResourceExhausted, "no memory"));
}

TEST(BulkLedgerTest, AStreamRefusedOrCancelledByNobodyHereMakesNoSuspects) {
  for (const absl::Status& end : {Full(), absl::CancelledError("its connection closed")}) {
    BulkLedger ledger = LedgerOf(3);
    TakeAll(ledger, At(0));
    EXPECT_THAT(End(ledger, end, At(1), 0.5), IsEmpty());
    EXPECT_GE(ledger.stream_ready_at(0), At(1.045));
    EXPECT_THAT(TakeAll(ledger, At(2)), ElementsAre(0, 1, 2));
  }
}

TEST(BulkLedgerTest, ARetryThatWouldPassTheDeadlineIsNotMade) {
  BulkLedger ledger = LedgerOf(1);
  TakeAll(ledger, At(0));
  const auto answer = Reply(ledger, 0, Full(), At(9.96), 0.5);
  ASSERT_TRUE(answer.has_value());
  EXPECT_THAT(answer->outcome, StatusIs(absl::StatusCode::kResourceExhausted, "full"));
}

TEST(BulkLedgerTest, AReplyWithARetryableResultStandsWhenTimeIsOver) {
  BulkLedger ledger = LedgerOf(2);
  TakeAll(ledger, At(0));
  ScoreReply reply;
  reply.results.push_back(Score{.score = 3});
  reply.results.push_back(Full());
  EXPECT_FALSE(Reply(ledger, 0, reply, At(9), 0.9).has_value());
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
  Reply(ledger, 1, ScoreReply(), At(1), 0);
  EXPECT_THAT(End(ledger, absl::UnavailableError("reset"), At(2), 0.5), IsEmpty());
  EXPECT_EQ(ledger.stream_ready_at(0), At(2.05));
  EXPECT_EQ(ledger.on_stream(), 0);
  EXPECT_THAT(TakeAll(ledger, At(2.05)), ElementsAre(0, 2));
  End(ledger, absl::UnavailableError("reset"), At(3), 0.5);
  EXPECT_EQ(ledger.stream_ready_at(0), At(3.1));  // No reply in between: the wait grows.
  TakeAll(ledger, At(3.1));
  Reply(ledger, 0, ScoreReply(), At(4), 0);
  End(ledger, absl::UnavailableError("reset"), At(5), 0.5);
  EXPECT_EQ(ledger.stream_ready_at(0), At(5.05));  // A reply came: from the start again.
}

TEST(BulkLedgerTest, AStreamThatEndsWithoutAnErrorIsABreakToo) {
  BulkLedger ledger = LedgerOf(1);
  TakeAll(ledger, At(0));
  EXPECT_THAT(End(ledger, absl::OkStatus(), At(1), 0), IsEmpty());
  EXPECT_THAT(TakeAll(ledger, At(1)), ElementsAre(0));
}

TEST(BulkLedgerTest, TheItemThatBreaksStreamsIsFoundAndTheOthersAreSpared) {
  BulkLedger ledger = LedgerOf(4);
  const absl::Status too_large = absl::ResourceExhaustedError("message larger than max");
  EXPECT_THAT(TakeAll(ledger, At(0)), SizeIs(4));
  EXPECT_THAT(End(ledger, too_large, At(0), 0), IsEmpty());
  for (const int innocent : {0, 1}) {
    EXPECT_THAT(TakeAll(ledger, At(1)), ElementsAre(innocent));  // One at a time.
    EXPECT_EQ(ledger.NextSend(0), absl::InfiniteFuture());
    EXPECT_TRUE(Reply(ledger, innocent, ScoreReply(), At(1), 0).has_value());
  }
  EXPECT_THAT(TakeAll(ledger, At(1)), ElementsAre(2));
  const auto answers = End(ledger, too_large, At(1), 0);
  ASSERT_THAT(answers, ElementsAre(Field(&BulkLedger::Answer::index, 2)));
  EXPECT_THAT(answers[0].outcome, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(TakeAll(ledger, At(1)), ElementsAre(3));
  EXPECT_TRUE(Reply(ledger, 3, ScoreReply(), At(1), 0).has_value());
  ledger.Add(4, At(2));
  ledger.Add(5, At(2));
  EXPECT_THAT(TakeAll(ledger, At(2)), ElementsAre(4, 5));  // No suspicion is left.
}

TEST(BulkLedgerTest, NewItemsWaitWhileSuspectsAreTried) {
  BulkLedger ledger = LedgerOf(1);
  TakeAll(ledger, At(0));
  End(ledger, absl::InternalError("reset"), At(0), 0);
  ledger.Add(1, At(0));
  EXPECT_THAT(TakeAll(ledger, At(0)), ElementsAre(0));
  Reply(ledger, 0, ScoreReply(), At(1), 0);
  EXPECT_THAT(TakeAll(ledger, At(1)), ElementsAre(1));
}

TEST(BulkLedgerTest, ACodeThatNoRetryChangesGivesEverythingUp) {
  for (const auto code : {absl::StatusCode::kUnimplemented, absl::StatusCode::kUnauthenticated,
                          absl::StatusCode::kPermissionDenied}) {
    BulkLedger ledger = LedgerOf(3);
    TakeAll(ledger, At(0));
    EXPECT_THAT(End(ledger, absl::Status(code, "no"), At(1), 0), SizeIs(3));
    EXPECT_THAT(ledger.verdict(), StatusIs(code));
  }
}

TEST(BulkLedgerTest, SilenceForTheWholeTimeoutGivesEverythingUpWithTheLastBreak) {
  BulkLedger ledger = LedgerOf(2);
  TakeAll(ledger, At(0));
  ledger.Add(2, At(9));
  End(ledger, absl::UnavailableError("refused"), At(9), 0);
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
  Reply(ledger, 1, ScoreReply(), At(9), 0);
  const auto answers = ledger.Expire(At(10));
  ASSERT_THAT(answers, ElementsAre(Field(&BulkLedger::Answer::index, 0)));
  EXPECT_THAT(answers[0].outcome, StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_OK(ledger.verdict());
  EXPECT_FALSE(Reply(ledger, 0, ScoreReply(), At(11), 0).has_value());  // Too late.
}

TEST(BulkLedgerTest, AnIdleTimeIsNotSilence) {
  BulkLedger ledger = LedgerOf(1);
  TakeAll(ledger, At(0));
  Reply(ledger, 0, ScoreReply(), At(1), 0);
  ledger.Add(1, At(1000));
  EXPECT_THAT(ledger.Expire(At(1000)), IsEmpty());
  EXPECT_EQ(ledger.NextDeadline(), At(1010));
}

}  // namespace
}  // namespace assay::client
