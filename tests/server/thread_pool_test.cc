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
  for (int i = 1; i <= 1000; ++i) EXPECT_TRUE(pool.TrySubmit(1, [&sum, i] { sum += i; }));
  pool.Drain();
  EXPECT_EQ(sum, 500500);
}

TEST(ThreadPoolTest, JobsRunOnAsManyThreadsAsAskedFor) {
  Gate gate;
  ThreadPool pool(3, 100);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(pool.TrySubmit(1, gate.Job()));
  gate.AwaitBegun(3);  // All at once: none can end before.
  gate.Open();
}

TEST(ThreadPoolTest, AJobThatWouldPassTheBoundIsRefusedAndNotRun) {
  Gate gate;
  std::atomic<int> ran = 0;
  ThreadPool pool(1, 10);
  ASSERT_TRUE(pool.TrySubmit(10, gate.Job()));
  gate.AwaitBegun(1);  // What runs no longer counts.
  EXPECT_TRUE(pool.TrySubmit(6, [&] { ran += 1; }));
  EXPECT_TRUE(pool.TrySubmit(4, [&] { ran += 10; }));
  EXPECT_FALSE(pool.TrySubmit(1, [&] { ran += 100; }));
  gate.Open();
  pool.Drain();
  EXPECT_EQ(ran, 11);
}

TEST(ThreadPoolTest, AnEmptyQueueTakesAJobOfAnyCost) {
  std::atomic<int> ran = 0;
  ThreadPool pool(1, 10);
  EXPECT_TRUE(pool.TrySubmit(1000, [&] { ++ran; }));
  pool.Drain();
  EXPECT_EQ(ran, 1);
}

TEST(ThreadPoolTest, DrainRunsWhatWasTakenAndTakesNoMore) {
  Gate gate;
  std::atomic<int> ran = 0;
  ThreadPool pool(1, 100);
  ASSERT_TRUE(pool.TrySubmit(1, gate.Job()));
  gate.AwaitBegun(1);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(pool.TrySubmit(1, [&] { ++ran; }));
  gate.Open();
  pool.Drain();
  EXPECT_EQ(ran, 5);
  EXPECT_FALSE(pool.TrySubmit(1, [&] { ++ran; }));
  pool.Drain();
  EXPECT_EQ(ran, 5);
}

}  // namespace
}  // namespace assay
