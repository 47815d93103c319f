#include "server/batch_chart.h"

#include <gmock/gmock.h>

#include "absl/strings/str_split.h"

namespace assay {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const absl::Time kNow = absl::FromUnixSeconds(1000);

RecentBatch BatchOf(int64_t tokens, absl::Duration forward, int64_t failed = 0) {
  RecentBatch batch = {.device = "cpu", .record = {}};
  batch.record.began = kNow - absl::Seconds(90);
  batch.record.forward = forward;
  batch.record.responses = 4;
  batch.record.computed_tokens = tokens;
  batch.record.failed = failed;
  return batch;
}

size_t Count(const std::string& text, const std::string& what) {
  return std::vector<std::string>(absl::StrSplit(text, what)).size() - 1;
}

TEST(BatchChartTest, WithoutBatchesItSaysSo) {
  EXPECT_THAT(BatchChart({}, kNow), HasSubstr("No batch has run yet"));
  EXPECT_EQ(BatchTable({}, kNow), "");
}

TEST(BatchChartTest, ABarIsItsShareOfTheLargest) {
  const std::string chart = BatchChart(
      {BatchOf(1000, absl::Milliseconds(10)), BatchOf(4000, absl::Milliseconds(40))}, kNow);
  EXPECT_EQ(Count(chart, "<rect"), 4);
  EXPECT_EQ(Count(chart, " height=\"60.00\""), 2);  // The largest of each row.
  EXPECT_EQ(Count(chart, " height=\"15.00\""), 2);
  EXPECT_THAT(chart, HasSubstr("largest 4,000"));
  EXPECT_THAT(chart, HasSubstr("largest 40.0 ms"));
  EXPECT_THAT(chart, HasSubstr("1 min 30 s ago"));
}

TEST(BatchChartTest, WhatBeganThisSecondIsJustNow) {
  RecentBatch batch = BatchOf(1, absl::Milliseconds(1));
  batch.record.began = kNow - absl::Milliseconds(999);
  EXPECT_THAT(BatchTable({batch}, kNow), HasSubstr("<td>just now</td>"));
  batch.record.began = kNow - absl::Milliseconds(1500);
  EXPECT_THAT(BatchTable({batch}, kNow), HasSubstr("<td>1 s ago</td>"));
}

TEST(BatchChartTest, TheNewestBarIsAtTheRightEnd) {
  EXPECT_THAT(BatchChart({BatchOf(1, absl::Milliseconds(1))}, kNow), HasSubstr(" x=\"490\""));
}

TEST(BatchChartTest, ABatchWithFailuresStandsOut) {
  EXPECT_THAT(BatchChart({BatchOf(1, absl::Milliseconds(1), 2)}, kNow), HasSubstr("class=\"bad\""));
  EXPECT_THAT(BatchChart({BatchOf(1, absl::Milliseconds(1))}, kNow),
              Not(HasSubstr("class=\"bad\"")));
}

TEST(BatchChartTest, TheTableBeginsWithTheNewest) {
  const std::string table = BatchTable(
      {BatchOf(1111, absl::Milliseconds(10)), BatchOf(2222, absl::ZeroDuration())}, kNow);
  EXPECT_LT(table.find("2,222"), table.find("1,111"));
  EXPECT_THAT(table, HasSubstr("111,100"));  // Tokens a second.
  EXPECT_EQ(Count(table, "<tr>"), 3);
}

TEST(BatchChartTest, ADevicesNameIsEscaped) {
  RecentBatch batch = BatchOf(1, absl::Milliseconds(1));
  batch.device = "<b>";
  EXPECT_THAT(BatchTable({batch}, kNow), Not(HasSubstr("<b>")));
  EXPECT_THAT(BatchChart({batch}, kNow), Not(HasSubstr("<b>")));
}

}  // namespace
}  // namespace assay
