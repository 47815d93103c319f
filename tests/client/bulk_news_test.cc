#include "client/bulk_news.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/testing/fake_clock.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::FakeClock;
using ::assay::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

v1::ScoreStreamResponse ReplyTo(const char* id) {
  v1::ScoreStreamResponse reply;
  reply.set_request_id(id);
  return reply;
}

TEST(BulkNewsTest, WhatWasToldIsOneBatchInOrderAndIsToldOnce) {
  FakeClock clock;
  BulkNews news;
  news.TellReply(1, ReplyTo("7"));
  news.TellWritable(2);
  news.TellReply(0, ReplyTo("8"));
  news.TellEnd(1, absl::UnavailableError("gone"));
  news.TellReplicasChanged();
  news.TellCancelled();
  const BulkNews::Batch batch = news.Await(&clock, absl::InfiniteFuture());
  ASSERT_THAT(batch.replies, SizeIs(2));
  EXPECT_EQ(batch.replies[0].first, 1);
  EXPECT_EQ(batch.replies[0].second.request_id(), "7");
  EXPECT_EQ(batch.replies[1].first, 0);
  EXPECT_THAT(batch.writable, ElementsAre(2));
  EXPECT_THAT(batch.ends, ElementsAre(Pair(1, StatusIs(absl::StatusCode::kUnavailable))));
  EXPECT_TRUE(batch.replicas_changed);
  EXPECT_TRUE(batch.cancelled);

  const BulkNews::Batch next = news.Await(&clock, clock.Now());
  EXPECT_THAT(next.replies, IsEmpty());
  EXPECT_THAT(next.writable, IsEmpty());
  EXPECT_THAT(next.ends, IsEmpty());
  EXPECT_FALSE(next.replicas_changed);
  EXPECT_FALSE(next.cancelled);
}

TEST(BulkNewsTest, AWaitEndsWithTheFirstWordOfAnotherThread) {
  FakeClock clock;
  BulkNews news;
  std::thread teller([&] {
    clock.AwaitWaiters(1);
    news.TellWritable(3);
  });
  EXPECT_THAT(news.Await(&clock, absl::InfiniteFuture()).writable, ElementsAre(3));
  teller.join();
}

TEST(BulkNewsTest, WhatIsKeptElsewhereEndsAWaitToo) {
  FakeClock clock;
  BulkNews news;
  std::thread teller([&] {
    clock.AwaitWaiters(1);
    news.Wake();
  });
  EXPECT_THAT(news.Await(&clock, absl::InfiniteFuture()).replies, IsEmpty());
  teller.join();
}

TEST(BulkNewsTest, AWaitEndsAtItsDeadlineWithNothing) {
  FakeClock clock;
  BulkNews news;
  const absl::Time deadline = clock.Now() + absl::Seconds(5);
  std::thread mover([&] {
    clock.AwaitWaiters(1);
    clock.Advance(absl::Seconds(5));
  });
  EXPECT_THAT(news.Await(&clock, deadline).ends, IsEmpty());
  EXPECT_GE(clock.Now(), deadline);
  mover.join();
}

}  // namespace
}  // namespace assay::client
