#include "server/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <set>

#include "tests/testing/builders.h"

namespace assay {
namespace {

using testing::Mailbox;

// A job that waits until it is let go, and says when it began.
class Gate {
 public:
  ThreadPool::Job Job() {
    return [this] {
      began_.Put(true);
      go_.Await(1);
    };
  }
  void AwaitBegun(size_t count) { began_.Await(count); }
  void Open() { go_.Put(true); }

 private:
  Mailbox<bool> began_;
  Mailbox<bool> go_;
};

TEST(ThreadPoolTest, EveryJobRunsExactlyOnce) {
  std::atomic<int> sum = 0;
  ThreadPool pool(4, 1 << 20);
  for (int i = 1; i <= 1000; ++i)
    EXPECT_TRUE(pool.TrySubmit(Flow(), 1, OnFull::kRefuse, [&sum, i] { sum += i; }));
  pool.Drain();
  EXPECT_EQ(sum, 500500);
}

TEST(ThreadPoolTest, JobsRunOnAsManyThreadsAsAskedFor) {
  Gate gate;
  ThreadPool pool(3, 100);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(pool.TrySubmit(Flow(), 1, OnFull::kRefuse, gate.Job()));
  gate.AwaitBegun(3);  // All at once: none can end before.
  gate.Open();
}

TEST(ThreadPoolTest, AJobThatWouldPassTheBoundIsRefusedAndNotRun) {
  Gate gate;
  std::atomic<int> ran = 0;
  ThreadPool pool(1, 10);
  ASSERT_TRUE(pool.TrySubmit(Flow(), 10, OnFull::kRefuse, gate.Job()));
  gate.AwaitBegun(1);  // What runs no longer counts.
  EXPECT_TRUE(pool.TrySubmit(Flow(), 6, OnFull::kRefuse, [&] { ran += 1; }));
  EXPECT_TRUE(pool.TrySubmit(Flow(), 4, OnFull::kRefuse, [&] { ran += 10; }));
  EXPECT_FALSE(pool.TrySubmit(Flow(), 1, OnFull::kRefuse, [&] { ran += 100; }));
  gate.Open();
  pool.Drain();
  EXPECT_EQ(ran, 11);
}

TEST(ThreadPoolTest, AnEmptyQueueTakesAJobOfAnyCost) {
  std::atomic<int> ran = 0;
  ThreadPool pool(1, 10);
  EXPECT_TRUE(pool.TrySubmit(Flow(), 1000, OnFull::kRefuse, [&] { ++ran; }));
  pool.Drain();
  EXPECT_EQ(ran, 1);
}

TEST(ThreadPoolTest, DrainRunsWhatWasTakenAndTakesNoMore) {
  Gate gate;
  std::atomic<int> ran = 0;
  ThreadPool pool(1, 100);
  ASSERT_TRUE(pool.TrySubmit(Flow(), 1, OnFull::kRefuse, gate.Job()));
  gate.AwaitBegun(1);
  for (int i = 0; i < 5; ++i)
    ASSERT_TRUE(pool.TrySubmit(Flow(), 1, OnFull::kRefuse, [&] { ++ran; }));
  gate.Open();
  pool.Drain();
  EXPECT_EQ(ran, 5);
  EXPECT_FALSE(pool.TrySubmit(Flow(), 1, OnFull::kRefuse, [&] { ++ran; }));
  pool.Drain();
  EXPECT_EQ(ran, 5);
}

TEST(ThreadPoolTest, ATenantsFirstJobGoesAheadOfAnothersMany) {
  Gate gate;
  Mailbox<char> order;
  ThreadPool pool(1, 100);
  ASSERT_TRUE(pool.TrySubmit(Flow(), 1, OnFull::kRefuse, gate.Job()));
  gate.AwaitBegun(1);
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(pool.TrySubmit({.tenant = "a"}, 1, OnFull::kRefuse, [&order] { order.Put('a'); }));
  }
  ASSERT_TRUE(pool.TrySubmit({.tenant = "b"}, 1, OnFull::kRefuse, [&order] { order.Put('b'); }));
  gate.Open();
  const std::vector<char> ran = order.Await(51);
  EXPECT_TRUE(ran[0] == 'b' || ran[1] == 'b');
}

TEST(ThreadPoolTest, WhoMustWaitForRoomIsToldOnceThereIsSome) {
  Gate gate;
  Mailbox<bool> told;
  ThreadPool pool(1, 10);
  ASSERT_TRUE(pool.TrySubmit(Flow(), 1, OnFull::kRefuse, gate.Job()));
  gate.AwaitBegun(1);
  EXPECT_TRUE(pool.HasRoomOrTell("default", [] { FAIL(); }));
  ASSERT_TRUE(pool.TrySubmit(Flow(), 1000, OnFull::kRefuse, [] {}));
  EXPECT_FALSE(pool.TrySubmit(Flow(), 1, OnFull::kRefuse, [] {}));
  EXPECT_TRUE(pool.TrySubmit(Flow(), 1, OnFull::kWait, [] {}));
  EXPECT_FALSE(pool.HasRoomOrTell("default", [&told] { told.Put(true); }));
  EXPECT_EQ(told.size(), 0);
  gate.Open();
  told.Await(1);
}

}  // namespace
}  // namespace assay
