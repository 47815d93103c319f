#include "server/fair_queue.h"

#include <gmock/gmock.h>

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace assay {
namespace {

using ::testing::ElementsAre;

using Queue = FairQueue<std::string>;
using Verdict = Queue::Verdict;

// Everything that a round takes while its cost stays within `budget`, in order.
std::vector<std::string> Take(Queue& queue, int64_t budget = 1 << 20) {
  std::vector<std::string> taken;
  int64_t used = 0;
  queue.TakeRound(
      [&](std::string&, int64_t cost) {
        if (used + cost > budget) return Verdict::kPass;
        used += cost;
        return Verdict::kTake;
      },
      [&](std::string item) { taken.push_back(std::move(item)); });
  return taken;
}

const Flow kA = {.tenant = "a"};
const Flow kB = {.tenant = "b"};
const Flow kBulkA = {.tenant = "a", .priority = Priority::kBulk};

TEST(FairQueueTest, OneTenantsItemsComeOutInOrder) {
  Queue queue;
  for (const char* item : {"1", "2", "3"}) queue.Push(kA, 5, item);
  EXPECT_EQ(queue.size(), 3);
  EXPECT_EQ(queue.cost(), 15);
  EXPECT_THAT(Take(queue), ElementsAre("1", "2", "3"));
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.cost(), 0);
}

TEST(FairQueueTest, ANewTenantsItemGoesAheadOfAnothersThousands) {
  Queue queue;
  for (int i = 0; i < 1000; ++i) queue.Push(kA, 10, "a");
  Take(queue, 500);
  queue.Push(kB, 10, "b");
  EXPECT_THAT(Take(queue, 20), ::testing::Contains("b"));
}

TEST(FairQueueTest, TenantsShareByCostAndNotByNumber) {
  Queue queue;
  for (int i = 0; i < 1000; ++i) queue.Push(kA, 1, "a");
  for (int i = 0; i < 100; ++i) queue.Push(kB, 10, "b");
  int64_t cost_a = 0;
  int64_t cost_b = 0;
  for (const std::string& item : Take(queue, 600)) (item == "a" ? cost_a += 1 : cost_b += 10);
  EXPECT_NEAR(cost_a, 300, 10);
  EXPECT_NEAR(cost_b, 300, 10);
}

TEST(FairQueueTest, ATenantThatComesBackOwesWhatItTookLately) {
  Queue queue;
  for (int i = 0; i < 10; ++i) queue.Push(kB, 100, "b");
  // One at a time, each as large as a batch: it may not have every batch.
  int taken_a = 0;
  int taken_b = 0;
  for (int round = 0; round < 10; ++round) {
    if (queue.CostOf("a") == 0) queue.Push(kA, 100, "a");
    for (const std::string& item : Take(queue, 100)) ++(item == "a" ? taken_a : taken_b);
  }
  EXPECT_NEAR(taken_a, 5, 1);
  EXPECT_NEAR(taken_b, 5, 1);
}

TEST(FairQueueTest, InteractiveWorkGoesFirstAndBulkStillMoves) {
  Queue queue;
  for (int i = 0; i < 100; ++i) queue.Push(kBulkA, 1, "bulk");
  for (int i = 0; i < 100; ++i) queue.Push(kA, 1, "now");
  std::map<std::string, int> taken;
  for (const std::string& item : Take(queue, 90)) ++taken[item];
  EXPECT_NEAR(taken["now"], 80, 2);
  EXPECT_NEAR(taken["bulk"], 10, 2);
}

TEST(FairQueueTest, AnItemThatPassesStaysFirstOfItsTenant) {
  Queue queue;
  queue.Push(kA, 100, "large");
  queue.Push(kA, 1, "after it");
  queue.Push(kB, 1, "small");
  EXPECT_THAT(Take(queue, 10), ElementsAre("small"));
  EXPECT_THAT(Take(queue, 100), ElementsAre("large"));
}

TEST(FairQueueTest, WhatIsPushedToTheFrontComesFirstOfItsClass) {
  Queue queue;
  queue.Push(kA, 1, "1");
  queue.Push(kA, 1, "2");
  queue.PushFront(kA, 1, "0");
  EXPECT_THAT(Take(queue), ElementsAre("0", "1", "2"));
}

TEST(FairQueueTest, DroppedItemsCostTheirTenantNothing) {
  Queue queue;
  for (int i = 0; i < 100; ++i) queue.Push(kA, 100, "dead");
  queue.Push(kA, 1, "a");
  queue.Push(kB, 1, "b");
  std::vector<std::string> taken;
  queue.TakeRound(
      [](std::string& item, int64_t) { return item == "dead" ? Verdict::kDrop : Verdict::kTake; },
      [&](std::string item) {
        if (item != "dead") taken.push_back(std::move(item));
      });
  EXPECT_THAT(taken, ElementsAre("a", "b"));
}

TEST(FairQueueTest, RemoveIfTakesWhatItIsToldAndKeepsTheOrderOfTheRest) {
  Queue queue;
  for (const char* item : {"1", "x", "2", "x", "3"}) queue.Push(kA, 2, item);
  int removed = 0;
  queue.RemoveIf([](std::string& item) { return item == "x"; }, [&](std::string) { ++removed; });
  EXPECT_EQ(removed, 2);
  EXPECT_EQ(queue.cost(), 6);
  EXPECT_THAT(Take(queue), ElementsAre("1", "2", "3"));
}

TEST(FairQueueTest, FullnessLeavesEveryTenantItsShare) {
  Queue queue;
  EXPECT_FALSE(queue.IsFullFor("a", 1000, 100));  // An empty queue takes any one item.
  for (int i = 0; i < 10; ++i) queue.Push(kA, 10, "a");
  EXPECT_TRUE(queue.IsFullFor("a", 1, 100));
  EXPECT_FALSE(queue.IsFullFor("b", 50, 100));
  EXPECT_TRUE(queue.IsFullFor("b", 51, 100));
  queue.Push(kB, 50, "b");
  EXPECT_FALSE(queue.IsFullFor("c", 33, 100));
  queue.Push({.tenant = "c"}, 33, "c");
  EXPECT_TRUE(queue.IsFullFor("d", 20, 100));  // Twice the limit is the end.
}

TEST(FairQueueTest, WhatIsAheadIsWhatIsServedBefore) {
  Queue queue;
  for (int i = 0; i < 100; ++i) queue.Push(kA, 10, "a");
  EXPECT_EQ(queue.CostAheadOf(kA, 10), 1000);
  EXPECT_EQ(queue.CostAheadOf(kB, 10), 10);
  EXPECT_EQ(queue.CostAheadOf(kB, 5000), 1000);
  for (int i = 0; i < 10; ++i) queue.Push(kBulkA, 10, "bulk");
  // Of the bulk work an eighth of the interactive share is served in the meantime.
  EXPECT_EQ(queue.CostAheadOf(kA, 0), 1000 + 100);
  EXPECT_EQ(queue.CostAheadOf(kBulkA, 10), 100 + 880);
}

TEST(FairQueueTest, WhateverHappensNothingIsLostAndTheSumsHold) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    FairQueue<int> queue;
    std::map<int, int64_t> queued;
    for (int step = 0; step < 100; ++step) {
      const Flow flow = {.tenant = std::string(1, 'a' + random() % 5),
                         .priority = random() % 2 == 0 ? Priority::kBulk : Priority::kInteractive};
      if (random() % 2 == 0) {
        const int64_t cost = random() % 50 + 1;
        queued[step] = cost;
        if (random() % 8 == 0) {
          queue.PushFront(flow, cost, step);
        } else {
          queue.Push(flow, cost, step);
        }
      } else {
        queue.TakeRound(
            [&](int&, int64_t) {
              const int pick = random() % 4;
              return pick == 0   ? FairQueue<int>::Verdict::kTake
                     : pick == 1 ? FairQueue<int>::Verdict::kDrop
                     : pick == 2 ? FairQueue<int>::Verdict::kPass
                                 : FairQueue<int>::Verdict::kStop;
            },
            [&](int item) { ASSERT_EQ(queued.erase(item), 1); });
      }
      int64_t cost = 0;
      for (const auto& [item, each] : queued) cost += each;
      ASSERT_EQ(queue.cost(), cost);
      ASSERT_EQ(queue.size(), queued.size());
    }
  }
}

}  // namespace
}  // namespace assay
