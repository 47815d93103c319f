#include "client/load_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/retry_after.h"

namespace assay::client {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

absl::Time At(int milliseconds) { return absl::UnixEpoch() + absl::Milliseconds(milliseconds); }

LoadTally SomeTally() {
  LoadTally tally{.from = At(0), .until = At(1000)};
  ScoreReply reply;
  reply.results = {Score{.input_tokens = 1000}};
  reply.times.forward = absl::Milliseconds(3);
  for (int i = 1; i <= 3; ++i) {
    tally.Count(reply, {.intended = At(0), .sent = At(0), .answered = At(10 * i)});
  }
  tally.Count(WithRetryAfter(absl::ResourceExhaustedError("full"), absl::Seconds(1)),
              {.intended = At(0), .sent = At(0), .answered = At(1000)});
  return tally;
}

TEST(LoadReportTest, ALatencyHasThreeDigitsAndAUnit) {
  EXPECT_EQ(Latency(absl::Microseconds(1)), "1.00 us");
  EXPECT_EQ(Latency(absl::Microseconds(123)), "123 us");
  EXPECT_EQ(Latency(absl::Microseconds(12340)), "12.3 ms");
  EXPECT_EQ(Latency(absl::Milliseconds(1234)), "1.23 s");
}

TEST(LoadReportTest, TheTextHasOutcomesRatesPercentilesAndStages) {
  const std::string text = RenderLoadText(SomeTally());
  for (const char* part :
       {"ok                              3   75.0", "refused                         1   25.0",
        "20.0 ms", "3.0 requests/s", "3,000 input tokens/s", "forward 3.00 ms"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  EXPECT_THAT(text, Not(HasSubstr("wrong")));
}

TEST(LoadReportTest, TheJsonHasTheSameFiguresInSeconds) {
  const Json json = RenderLoadJson(SomeTally());
  EXPECT_EQ(json["sent"], 4);
  EXPECT_EQ(json["ok"], 3);
  EXPECT_EQ(json["refused_with_wait"], 1);
  EXPECT_EQ(json["goodput"], 3.0);
  EXPECT_EQ(json["latency"]["p50"], 0.02);
  EXPECT_EQ(json["latency"]["max"], 0.03);
  EXPECT_EQ(json["refusal"]["p50"], 1.0);
  EXPECT_EQ(json["stages"]["forward"], 0.003);
}

TEST(LoadReportTest, WhereNothingWasAnsweredThereAreNoPercentiles) {
  LoadTally tally{.from = At(0), .until = At(1000)};
  tally.Count(absl::UnavailableError("gone"),
              {.intended = At(0), .sent = At(0), .answered = At(9)});
  EXPECT_THAT(RenderLoadText(tally), HasSubstr("UNAVAILABLE"));
  const Json json = RenderLoadJson(tally);
  EXPECT_TRUE(json["latency"].is_null());
  EXPECT_TRUE(json["stages"].is_null());
  EXPECT_EQ(json["others"]["UNAVAILABLE"], 1);
}

}  // namespace
}  // namespace assay::client
