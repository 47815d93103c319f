#include "client/eval/report/head.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/eval/report/sample_reports.h"

namespace assay::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::SampleReport;

EvalSummary Summary(const SampleReport& report) {
  return Summarize(report.finished, report.options);
}

TEST(HeadTest, WithoutABenchmarkTheFigureIsTheAccuracyWithItsInterval) {
  const EvalSummary summary = Summary(testing::ScalarReport());
  EXPECT_EQ(WhatIsPartial(BenchmarkScore()), "");
  EXPECT_THAT(PageHead(summary),
              AllOf(HasSubstr("%</p><p>accuracy over all rows; 95 % interval "),
                    HasSubstr("241 rows scored, <strong class=\"bad\">1 row with errors</strong>"),
                    Not(HasSubstr("RewardBench"))));
}

TEST(HeadTest, AWholeBenchmarksFigureIsItsScore) {
  const EvalSummary summary = Summary(testing::RewardBenchReport());
  ASSERT_FALSE(summary.benchmark->is_partial);
  EXPECT_THAT(PageHead(summary),
              AllOf(HasSubstr("of 100: RewardBench score, of four sections, without Prior Sets"),
                    HasSubstr("RewardBench’s of May 2024"), Not(HasSubstr("partial"))));
}

TEST(HeadTest, APartialBenchmarksFigureSaysSoAndWhy) {
  const EvalSummary summary = Summary(testing::PartialRewardBenchReport());
  EXPECT_EQ(WhatIsPartial(*summary.benchmark),
            "Chat is missing; Chat Hard has 100 of 456 rows (without mt-bench-hard, "
            "llmbar-adver-neighbor, llmbar-adver-GPTInst, llmbar-adver-GPTOut, "
            "llmbar-adver-manual); Safety is missing; Reasoning has 984 of 1,431 rows (without "
            "math-prm)");
  EXPECT_THAT(PageHead(summary),
              AllOf(HasSubstr("<span class=\"badge warn\">partial</span>"),
                    HasSubstr("not a RewardBench score to compare with others’. Partial: Chat is "
                              "missing; "),
                    HasSubstr("RewardBench’s current ones")));
  EXPECT_THAT(PageTitle(summary), ::testing::EndsWith(" (partial)"));
}

TEST(HeadTest, ASectionWithAsManyRowsButOthersIsPartialToo) {
  const BenchmarkScore score = {
      .benchmark = kRewardBenchName,
      .sections =
          {{.section = "Chat", .score = 1, .rows = 358, .published_rows = 358, .is_partial = true},
           {.section = "Prior Sets"}},
      .is_partial = true};
  EXPECT_EQ(WhatIsPartial(score), "Chat has 358 of 358 rows, but not the same in each subset");
}

TEST(HeadTest, WhereNoRowWasScoredThereIsNoFigure) {
  for (const SampleReport& report : {testing::ErrorsReport(), testing::EmptyReport()}) {
    const EvalSummary summary = Summary(report);
    EXPECT_THAT(PageHead(summary), AllOf(HasSubstr("No row was scored"), Not(HasSubstr("0.0"))));
    EXPECT_EQ(PageTitle(summary), "made-up-reward-model: no row scored");
  }
}

TEST(HeadTest, TheRevisionIsShortWithTheWholeBesideIt) {
  const std::string head = PageHead(Summary(testing::ScalarReport()));
  EXPECT_THAT(head, HasSubstr("<code title=\"" + std::string(64, 'a') + "\">aaaaaaaaaaaa…</code>"));
  for (const char hash : {'a', 'b', 'c', 'd', 'e'})
    EXPECT_THAT(head, HasSubstr("<code>" + std::string(64, hash) + "</code>"));
}

TEST(HeadTest, WhatDecidesTheFiguresIsSaid) {
  SampleReport report = testing::ScalarReport();
  report.options.ties = {.kind = TieRule::Kind::kCoin, .seed = 7};
  report.options.metric = Metric::kAllAbove;
  report.finished.run.truncation = Truncation::kKeepEnd;
  report.finished.run.max_tokens = 4096;
  report.finished.run.shard = "2/5";
  report.finished.run.model.devices = {"cuda:0", "cpu", "cpu"};
  EXPECT_THAT(PageHead(Summary(report)),
              AllOf(HasSubstr("right or wrong by a coin, seed 7"), HasSubstr("all-above"),
                    HasSubstr("beyond 4,096 tokens: the end is kept"), HasSubstr("2/5"),
                    HasSubstr("2 × cpu, cuda:0")));
  report.options.ties.kind = TieRule::Kind::kHalf;
  report.finished.run.truncation = Truncation::kKeepStart;
  EXPECT_THAT(PageHead(Summary(report)),
              AllOf(HasSubstr("half right"), HasSubstr("the start is kept")));
}

}  // namespace
}  // namespace assay::client
