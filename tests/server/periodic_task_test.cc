#include "server/periodic_task.h"

#include <gtest/gtest.h>

#include "tests/testing/builders.h"
#include "tests/testing/fake_clock.h"

namespace assay {
namespace {

using testing::FakeClock;
using testing::Mailbox;

TEST(PeriodicTaskTest, RunsOnceAnIntervalAndNotBefore) {
  FakeClock clock;
  const absl::Time start = clock.Now();
  Mailbox<absl::Time> runs;
  PeriodicTask task(&clock, absl::Seconds(10), [&] { runs.Put(clock.Now()); });
  clock.AwaitWaiters(1);
  clock.Advance(absl::Seconds(9));
  clock.AwaitWaiters(1);
  clock.Advance(absl::Seconds(1));
  runs.Await(1);
  clock.AwaitWaiters(1);
  clock.Advance(absl::Seconds(10));
  const std::vector<absl::Time> all = runs.Await(2);
  EXPECT_EQ(all[0], start + absl::Seconds(10));
  EXPECT_EQ(all[1], start + absl::Seconds(20));
}

TEST(PeriodicTaskTest, EndsWithoutWaitingForTheNextRun) {
  FakeClock clock;
  Mailbox<int> runs;
  {
    PeriodicTask task(&clock, absl::Hours(1), [&] { runs.Put(1); });
    clock.AwaitWaiters(1);
  }
  EXPECT_EQ(runs.size(), 0u);
}

}  // namespace
}  // namespace assay
