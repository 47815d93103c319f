#include "tools/fleet_simulator/event_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace assay::fleet {
namespace {

using ::testing::ElementsAre;

TEST(EventQueueTest, ActionsRunInTheOrderOfTheirTimesAndThenOfTheirMaking) {
  EventQueue events;
  std::vector<int> order;
  events.After(absl::Seconds(2), [&] { order.push_back(3); });
  events.After(absl::Seconds(1), [&] { order.push_back(1); });
  events.After(absl::Seconds(1), [&] {
    order.push_back(2);
    EXPECT_EQ(events.elapsed(), absl::Seconds(1));
  });
  while (events.RunNext()) {
  }
  EXPECT_THAT(order, ElementsAre(1, 2, 3));
}

TEST(EventQueueTest, TimeIsWhatItWasRunUntil) {
  EventQueue events;
  int run = 0;
  events.After(absl::Seconds(5), [&] { ++run; });
  events.RunUntil(EventQueue::Start() + absl::Seconds(4));
  EXPECT_EQ(run, 0);
  EXPECT_EQ(events.elapsed(), absl::Seconds(4));
  // An action for the past runs now.
  events.At(EventQueue::Start(), [&] { ++run; });
  events.RunUntil(events.now());
  EXPECT_EQ(run, 1);
  EXPECT_EQ(events.elapsed(), absl::Seconds(4));
}

}  // namespace
}  // namespace assay::fleet
