#include "server/recent_batches.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace assay {
namespace {

BatchRecord BatchOf(absl::string_view device, int64_t tokens) {
  BatchRecord batch;
  batch.device = device;
  batch.computed_tokens = tokens;
  return batch;
}

TEST(RecentBatchesTest, TheLastFiftyAreKeptOldestFirst) {
  RecentBatches batches;
  EXPECT_TRUE(batches.Last().empty());
  for (int i = 0; i < 60; ++i) batches.OnBatch(BatchOf("cpu", i));
  const std::vector<RecentBatch> last = batches.Last();
  ASSERT_EQ(last.size(), RecentBatches::kKept);
  EXPECT_EQ(last.front().record.computed_tokens, 10);
  EXPECT_EQ(last.back().record.computed_tokens, 59);
}

TEST(RecentBatchesTest, TheDevicesNameOutlivesTheOneThatWasTold) {
  RecentBatches batches;
  auto name = std::make_unique<std::string>("a device with a long name");
  batches.OnBatch(BatchOf(*name, 1));
  name.reset();
  EXPECT_EQ(batches.Last()[0].device, "a device with a long name");
  EXPECT_TRUE(batches.Last()[0].record.device.empty());
}

TEST(RecentBatchesTest, SeveralWorkersMayTellWhileSomeoneReads) {
  RecentBatches batches;
  std::vector<std::thread> workers;
  for (int w = 0; w < 3; ++w) {
    workers.emplace_back([&] {
      for (int i = 0; i < 200; ++i) batches.OnBatch(BatchOf("cpu", 7));
    });
  }
  for (int i = 0; i < 50; ++i) {
    for (const RecentBatch& batch : batches.Last()) EXPECT_EQ(batch.record.computed_tokens, 7);
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(batches.Last().size(), RecentBatches::kKept);
}

}  // namespace
}  // namespace assay
