#include "tests/load/random_load.h"

#include <gtest/gtest.h>

#include "tests/testing/running_server.h"

namespace assay::testing {
namespace {

TEST(RandomLoadTest, EveryRequestHasOneOutcomeAndEveryKindOfItIsSeen) {
  RunningServer running(TestOptions(), /*workers=*/2);
  int64_t last_step = 0;
  const RandomLoadCounts counts =
      RunRandomLoad({.address = running.server().address(),
                     .requests = 4000,
                     .clients = 8,
                     .step = 500,
                     .on_step = [&](int64_t answered) { last_step = answered; }});
  EXPECT_EQ(last_step, 4000);
  EXPECT_EQ(counts.without_outcome, 0);
  EXPECT_EQ(counts.with_several, 0);
  EXPECT_EQ(counts.right + counts.wrong + counts.cancelled + counts.unasked + counts.expired +
                counts.late + counts.refused + counts.unavailable + counts.others,
            4000);
  EXPECT_EQ(counts.wrong, 0);
  EXPECT_GT(counts.right, 0);
  EXPECT_GT(counts.cancelled, 0);
  EXPECT_GT(counts.drops, 0);
}

}  // namespace
}  // namespace assay::testing
