// Several servers, and servers that come and go.
#include <algorithm>
#include <iterator>
#include <map>
#include <random>
#include <set>

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

BulkLedger LedgerOfTwo(int items) { return LedgerOf(items, /*streams=*/2); }

TEST(BulkLedgerStreamsTest, AnItemIsOnOneStreamAndOnlyItsReplyCounts) {
  BulkLedger ledger = LedgerOfTwo(3);
  EXPECT_THAT(TakeAllOn(ledger, At(0), 0, 2), ElementsAre(0, 1));
  EXPECT_THAT(TakeAllOn(ledger, At(0), 1, 2), ElementsAre(2));
  EXPECT_EQ(ledger.on_stream(0), 2);
  EXPECT_EQ(ledger.on_stream(1), 1);
  EXPECT_FALSE(Reply(ledger, 0, ScoreReply(), At(1), 0, 1).has_value());
  EXPECT_TRUE(Reply(ledger, 0, ScoreReply(), At(1), 0, 0).has_value());
}

TEST(BulkLedgerStreamsTest, WhatOneStreamLeftIsSentOnTheOtherAtOnce) {
  BulkLedger ledger = LedgerOfTwo(4);
  TakeAllOn(ledger, At(0), 0, 2);
  TakeAllOn(ledger, At(0), 1, 2);
  EXPECT_THAT(End(ledger, absl::UnavailableError("gone"), At(1), 0.5, 0), IsEmpty());
  EXPECT_GT(ledger.stream_ready_at(0), At(1));
  EXPECT_EQ(ledger.stream_ready_at(1), absl::InfinitePast());
  EXPECT_EQ(ledger.on_stream(1), 2);
  EXPECT_LE(ledger.NextSend(1), At(1));
  EXPECT_THAT(TakeAllOn(ledger, At(1), 1, 9), ElementsAre(0, 1));
}

TEST(BulkLedgerStreamsTest, EachStreamHasABackoffOfItsOwn) {
  BulkLedger ledger = LedgerOfTwo(4);
  for (int i = 0; i < 3; ++i) {
    TakeAllOn(ledger, At(i), 0, 1);
    End(ledger, absl::UnavailableError("gone"), At(i), 0.5, 0);
    TakeAllOn(ledger, At(i), 1, 1);
    Reply(ledger, i, ScoreReply(), At(i), 0, 1);  // The other's replies shorten no wait.
  }
  EXPECT_EQ(ledger.stream_ready_at(0), At(2.2));
  End(ledger, absl::UnavailableError("gone"), At(3), 0.5, 1);
  EXPECT_EQ(ledger.stream_ready_at(1), At(3.05));
}

TEST(BulkLedgerStreamsTest, OneStreamThatIsAwayForGoodGivesNothingUp) {
  BulkLedger ledger = LedgerOfTwo(1);
  for (int second = 0; second < 100; ++second) {
    TakeAllOn(ledger, At(second), 0, 1);
    EXPECT_THAT(End(ledger, absl::UnavailableError("gone"), At(second), 0.5, 0), IsEmpty());
    ASSERT_THAT(TakeAllOn(ledger, At(second), 1, 1), ElementsAre(second));
    EXPECT_TRUE(Reply(ledger, second, ScoreReply(), At(second), 0, 1).has_value());
    ledger.Add(second + 1, At(second));
    EXPECT_THAT(ledger.Expire(At(second)), IsEmpty());
  }
  EXPECT_OK(ledger.verdict());
}

TEST(BulkLedgerStreamsTest, SuspectsAreTriedAloneOnEachStreamAndTheCulpritIsFound) {
  const absl::Status too_large = absl::ResourceExhaustedError("message larger than max");
  BulkLedger ledger = LedgerOfTwo(6);
  TakeAllOn(ledger, At(0), 0, 3);  // 0, 1, 2: one of them is the culprit.
  TakeAllOn(ledger, At(0), 1, 1);  // 3
  EXPECT_THAT(End(ledger, too_large, At(1), 0, 0), IsEmpty());
  EXPECT_THAT(TakeAllOn(ledger, At(1), 1, 9), IsEmpty());  // Alone means without 3.
  EXPECT_EQ(ledger.NextSend(1), absl::InfiniteFuture());
  EXPECT_THAT(TakeAllOn(ledger, At(1), 0, 9), ElementsAre(0));
  Reply(ledger, 3, ScoreReply(), At(1), 0, 1);
  EXPECT_TRUE(Reply(ledger, 0, ScoreReply(), At(1), 0, 0).has_value());
  EXPECT_THAT(TakeAllOn(ledger, At(1), 1, 9), ElementsAre(1));
  EXPECT_THAT(End(ledger, too_large, At(1), 0, 1), IsEmpty());  // Was it the server, or the item?
  EXPECT_THAT(TakeAllOn(ledger, At(1), 1, 9), ElementsAre(2));  // Not 1 again.
  EXPECT_THAT(TakeAllOn(ledger, At(1), 0, 9), ElementsAre(1));
  const auto answers = End(ledger, too_large, At(1), 0, 0);
  ASSERT_THAT(answers, ElementsAre(Field(&BulkLedger::Answer::index, 1)));
  EXPECT_THAT(answers[0].outcome, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(TakeAllOn(ledger, At(1), 0, 9), ElementsAre(4, 5));  // Beside 2, on its own stream.
  EXPECT_TRUE(Reply(ledger, 2, ScoreReply(), At(1), 0, 1).has_value());
}

TEST(BulkLedgerStreamsTest, AServerThatBreaksOnEveryItemCostsNoneItsScoreWhereAnotherWorks) {
  BulkLedger ledger = LedgerOfTwo(20);
  const absl::Status defect = absl::InternalError("a defect");
  int scored = 0;
  for (int turn = 0; turn < 200 && ledger.open() > 0; ++turn) {
    TakeAllOn(ledger, At(turn), 0, 4);
    if (ledger.on_stream(0) > 0) EXPECT_THAT(End(ledger, defect, At(turn), 0, 0), IsEmpty());
    for (const int64_t index : TakeAllOn(ledger, At(turn), 1, 4)) {
      const auto answer = Reply(ledger, index, ScoreReply(), At(turn), 0, 1);
      ASSERT_TRUE(answer.has_value());
      EXPECT_THAT(answer->outcome, IsOk());
      ++scored;
    }
  }
  EXPECT_EQ(scored, 20);
}

TEST(BulkLedgerStreamsTest, WhereNoOtherServerWorksASuspectIsTriedTwiceOnTheSame) {
  BulkLedger ledger = LedgerOfTwo(1);
  TakeAllOn(ledger, At(0), 1, 1);
  End(ledger, absl::UnavailableError("gone"), At(0), 0, 1);  // Stream 1 is away for good.
  const absl::Status defect = absl::InternalError("a defect");
  TakeAllOn(ledger, At(0), 0, 1);
  EXPECT_THAT(End(ledger, defect, At(0), 0, 0), IsEmpty());
  ASSERT_THAT(TakeAllOn(ledger, At(0), 0, 1), ElementsAre(0));
  EXPECT_THAT(End(ledger, defect, At(0), 0, 0), SizeIs(1));
}

TEST(BulkLedgerStreamsTest, ASuspectThatWaitsForAnotherServerHoldsUpNoOtherItem) {
  BulkLedger ledger = LedgerOfTwo(3);
  TakeAllOn(ledger, At(0), 1, 1);  // 0, which is not answered.
  TakeAllOn(ledger, At(0), 0, 1);  // 1
  const absl::Status defect = absl::InternalError("a defect");
  End(ledger, defect, At(0), 0, 0);
  ASSERT_THAT(TakeAllOn(ledger, At(0), 0, 9), ElementsAre(1));
  End(ledger, defect, At(0), 0, 0);
  EXPECT_THAT(TakeAllOn(ledger, At(0), 1, 9), IsEmpty());
  EXPECT_THAT(TakeAllOn(ledger, At(0), 0, 9), ElementsAre(2));
  const auto answers = ledger.Expire(At(10));
  EXPECT_THAT(answers, SizeIs(3));
}

TEST(BulkLedgerStreamsTest, WithoutAStreamItemsWaitForOne) {
  BulkLedger ledger = LedgerOf(2, /*streams=*/0);
  EXPECT_EQ(ledger.NextDeadline(), At(10));
  EXPECT_EQ(ledger.NextSend(0), absl::InfiniteFuture());
  const size_t stream = ledger.AddStream();
  EXPECT_THAT(TakeAllOn(ledger, At(1), stream, 9), ElementsAre(0, 1));
}

TEST(BulkLedgerStreamsTest, WithoutAServerItemsExpireWithTheReason) {
  BulkLedger ledger = LedgerOf(2, /*streams=*/0);
  ledger.OnNoServer(absl::UnavailableError("dns:///assay:50051 has no address"));
  const auto answers = ledger.Expire(At(10));
  ASSERT_THAT(answers, SizeIs(2));
  EXPECT_THAT(answers[0].outcome,
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("assay:50051")));
}

TEST(BulkLedgerStreamsTest, ARetiredStreamTakesNothingNewAndMayStillAnswer) {
  BulkLedger ledger = LedgerOfTwo(4);
  TakeAllOn(ledger, At(0), 0, 2);
  ledger.RetireStream(0);
  EXPECT_EQ(ledger.NextSend(0), absl::InfiniteFuture());
  EXPECT_THAT(TakeAllOn(ledger, At(0), 0, 9), IsEmpty());
  EXPECT_TRUE(Reply(ledger, 0, ScoreReply(), At(1), 0, 0).has_value());
  EXPECT_EQ(ledger.on_stream(0), 1);
  EXPECT_THAT(End(ledger, absl::UnavailableError("stopped"), At(1), 0, 0), IsEmpty());
  EXPECT_THAT(TakeAllOn(ledger, At(1), 1, 9), ElementsAre(2, 3, 1));
}

TEST(BulkLedgerStreamsTest, AForgottenStreamsNewsChangeNothing) {
  BulkLedger ledger = LedgerOfTwo(1);
  ledger.RetireStream(0);  // With nothing on it.
  EXPECT_THAT(TakeAllOn(ledger, At(0), 1, 1), ElementsAre(0));
  EXPECT_FALSE(Reply(ledger, 0, ScoreReply(), At(1), 0, 0).has_value());
  EXPECT_THAT(End(ledger, absl::PermissionDeniedError("no"), At(1), 0, 0), IsEmpty());
  EXPECT_OK(ledger.verdict());
  EXPECT_EQ(ledger.AddStream(), 2);  // Its number is no other's.
}

TEST(BulkLedgerStreamsTest, OneServerThatRefusesTheRunIsDoneWithoutUntilItDoesNot) {
  BulkLedger ledger = LedgerOfTwo(5);
  TakeAllOn(ledger, At(0), 0, 2);
  EXPECT_THAT(End(ledger, absl::UnauthenticatedError("no token yet"), At(0), 0.5, 0), IsEmpty());
  EXPECT_OK(ledger.verdict());
  EXPECT_GT(ledger.NextSend(0), At(0));
  EXPECT_THAT(TakeAllOn(ledger, ledger.NextSend(0), 0, 9), SizeIs(1));  // Asked with one.
  EXPECT_TRUE(Reply(ledger, 0, ScoreReply(), At(1), 0, 0).has_value());
  EXPECT_THAT(TakeAllOn(ledger, At(1), 0, 9), ElementsAre(1, 2, 3, 4));
}

TEST(BulkLedgerStreamsTest, EverythingIsGivenUpWhenEveryServerRefusesTheRun) {
  BulkLedger ledger = LedgerOfTwo(5);
  TakeAllOn(ledger, At(0), 0, 2);
  TakeAllOn(ledger, At(0), 1, 2);
  EXPECT_THAT(End(ledger, absl::UnauthenticatedError("no"), At(0), 0, 0), IsEmpty());
  EXPECT_THAT(End(ledger, absl::PermissionDeniedError("no"), At(0), 0, 1), SizeIs(5));
  EXPECT_THAT(ledger.verdict(), StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST(BulkLedgerStreamsTest, AnItemThatAnotherRevisionRefusedIsScoredByOneThatServesIt) {
  BulkLedger ledger = LedgerOf(3, /*streams=*/2, /*one_revision=*/true);
  const absl::Status another = absl::FailedPreconditionError("model_revision");
  TakeAllOn(ledger, At(0), 0, 2);
  EXPECT_FALSE(Reply(ledger, 0, another, At(0), 0.5, 0).has_value());
  EXPECT_EQ(ledger.NextSend(0), absl::InfiniteFuture());  // 1 is still there.
  EXPECT_FALSE(Reply(ledger, 1, another, At(0), 0.5, 0).has_value());
  EXPECT_THAT(TakeAllOn(ledger, At(0), 1, 9), ElementsAre(0, 1, 2));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Reply(ledger, i, ScoreReply(), At(1), 0, 1).has_value());
  EXPECT_OK(ledger.verdict());
}

TEST(BulkLedgerStreamsTest, WhereOnlyOtherRevisionsAreServedTheRunIsGivenUp) {
  BulkLedger ledger = LedgerOf(3, /*streams=*/2, /*one_revision=*/true);
  const absl::Status another = absl::FailedPreconditionError("model_revision");
  TakeAllOn(ledger, At(0), 0, 1);
  TakeAllOn(ledger, At(0), 1, 1);
  EXPECT_FALSE(Reply(ledger, 0, another, At(0), 0, 0).has_value());
  EXPECT_THAT(ledger.OnReply(1, another, At(0), 0, 1), SizeIs(3));
  EXPECT_THAT(ledger.verdict(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("no server is left")));
}

TEST(BulkLedgerStreamsTest, ARevisionThatOneItemAloneNamesIsThatItemsError) {
  BulkLedger ledger = LedgerOf(2);
  TakeAll(ledger, At(0));
  const auto answer = Reply(ledger, 0, absl::FailedPreconditionError("model_revision"), At(0), 0);
  ASSERT_TRUE(answer.has_value());
  EXPECT_THAT(answer->outcome, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_OK(ledger.verdict());
}

// Whatever happens, in any order, an item gets exactly one answer, and the book ends empty.
TEST(BulkLedgerStreamsTest, EachItemIsAnsweredExactlyOnceUnderRandomFaultsAndStreamsThatComeAndGo) {
  int most_streams = 0;
  for (int seed = 0; seed < 500; ++seed) {
    std::mt19937 dice(seed);
    const auto roll = [&](int sides) { return static_cast<int>(dice() % sides); };
    const bool one_revision = seed % 2 == 0;
    BulkLedger ledger = LedgerOf(0, /*streams=*/seed % 4, one_revision);
    std::set<size_t> serving;  // Streams that were not retired.
    for (int i = 0; i < seed % 4; ++i) serving.insert(i);
    std::set<size_t> open = serving;  // And retired ones that have not ended.
    const auto any_of = [&](const std::set<size_t>& streams) {
      return *std::next(streams.begin(), roll(static_cast<int>(streams.size())));
    };
    std::map<int64_t, int> answered;
    const auto count = [&](const std::vector<BulkLedger::Answer>& answers) {
      for (const BulkLedger::Answer& answer : answers) ++answered[answer.index];
    };
    std::vector<std::pair<int64_t, size_t>> sent;  // Item and stream.
    double now = 0;
    int64_t added = 0;
    for (int step = 0; step < 400 && ledger.verdict().ok(); ++step) {
      now += roll(10) * 0.05;
      if (roll(3) == 0) ledger.Add(added++, At(now));
      if (roll(40) == 0) {
        const size_t stream = ledger.AddStream();
        EXPECT_TRUE(open.insert(stream).second);
        serving.insert(stream);
      }
      if (!serving.empty() && roll(40) == 0) {
        const size_t stream = any_of(serving);
        ledger.RetireStream(stream);
        serving.erase(stream);
      }
      most_streams = std::max(most_streams, static_cast<int>(serving.size()));
      if (!open.empty() && roll(2) == 0) {
        const size_t stream = any_of(open);
        const absl::Time promised = ledger.NextSend(stream);
        const std::vector<int64_t> taken = TakeAllOn(ledger, At(now), stream, 1 + roll(5));
        EXPECT_EQ(taken.empty(), promised > At(now)) << "seed " << seed;
        EXPECT_TRUE(taken.empty() || serving.contains(stream)) << "seed " << seed;
        for (const int64_t index : taken) sent.emplace_back(index, stream);
      }
      if (!sent.empty() && roll(2) == 0) {
        absl::StatusOr<ScoreReply> outcome = ScoreReply();
        if (roll(4) == 0) outcome = Full();
        if (roll(8) == 0) outcome = absl::InternalError("NaN");
        if (roll(30) == 0) outcome = absl::FailedPreconditionError("model_revision");
        const auto [index, stream] = sent[roll(static_cast<int>(sent.size()))];
        count(ledger.OnReply(index, std::move(outcome), At(now), 0.5, stream));
      }
      if (!open.empty() && roll(20) == 0) {
        const size_t stream = any_of(open);
        const absl::Status ends[] = {absl::UnavailableError("gone"), absl::InternalError("reset"),
                                     absl::OkStatus(), absl::UnauthenticatedError("no")};
        count(ledger.OnStreamEnd(ends[roll(20) == 0 ? 3 : roll(3)], At(now), 0.5, stream));
        if (!serving.contains(stream)) open.erase(stream);
        EXPECT_EQ(ledger.on_stream(stream), 0);
      }
      count(ledger.Expire(At(now)));
      ASSERT_LE(ledger.on_stream(), ledger.open());
      int64_t on_streams = 0;
      for (const size_t stream : open) {
        ASSERT_GE(ledger.on_stream(stream), 0);
        on_streams += ledger.on_stream(stream);
      }
      ASSERT_EQ(ledger.on_stream(), on_streams);
    }
    count(ledger.GiveUp(absl::CancelledError("over")));
    EXPECT_EQ(ledger.open(), 0);
    EXPECT_EQ(ledger.on_stream(), 0);
    EXPECT_THAT(answered, SizeIs(added)) << "seed " << seed;
    for (const auto& [index, times] : answered)
      EXPECT_EQ(times, 1) << "seed " << seed << ", item " << index;
  }
  EXPECT_GE(most_streams, 5);
}

// Streams fail and come back, and one is left at the end that works: nothing is lost.
TEST(BulkLedgerStreamsTest, AFleetThatIsReplacedOneByOneScoresEveryItem) {
  for (int seed = 0; seed < 50; ++seed) {
    std::mt19937 dice(seed);
    const auto roll = [&](int sides) { return static_cast<int>(dice() % sides); };
    BulkLedger ledger = LedgerOf(300, /*streams=*/4);
    std::vector<size_t> fleet = {0, 1, 2, 3};
    std::map<size_t, std::vector<int64_t>> on;
    int scored = 0;
    double now = 0;
    for (int step = 0; scored < 300; ++step) {
      ASSERT_LT(step, 10000) << "seed " << seed;
      now += 0.001;
      for (const size_t stream : fleet) {
        if (ledger.stream_ready_at(stream) > At(now)) continue;
        for (const int64_t index : TakeAllOn(ledger, At(now), stream, 1 + roll(3))) {
          on[stream].push_back(index);
        }
      }
      for (auto& [stream, items] : on) {
        if (items.empty() || roll(2) == 0) continue;
        const auto answer = Reply(ledger, items.back(), ScoreReply(), At(now), 0, stream);
        items.pop_back();
        ASSERT_TRUE(answer.has_value());
        EXPECT_THAT(answer->outcome, IsOk());
        ++scored;
      }
      if (step % 10 == 9) {  // The oldest is replaced; what it had, it answers in part.
        const size_t oldest = fleet.front();
        fleet.erase(fleet.begin());
        fleet.push_back(ledger.AddStream());
        ledger.RetireStream(oldest);
        if (roll(2) == 0) {
          EXPECT_THAT(End(ledger, absl::UnavailableError("stopped"), At(now), 0, oldest),
                      IsEmpty());
          on.erase(oldest);
        }
      }
    }
    EXPECT_EQ(ledger.open(), 0);
  }
}

}  // namespace
}  // namespace assay::client
