#include "client/commands/summary_flags.h"

#include <gmock/gmock.h>

#include <CLI/CLI.hpp>

namespace assay::client {
namespace {

using ::testing::HasSubstr;

SummaryOptions Parsed(const std::string& arguments) {
  CLI::App app;
  SummaryOptions options;
  AddSummaryFlags(&app, &options);
  app.parse(arguments);
  return options;
}

TEST(SummaryFlagsTest, WithoutFlagsRowsAreCountedAsRewardBenchDoes) {
  const SummaryOptions options = Parsed("");
  EXPECT_EQ(options.ties.kind, TieRule::Kind::kLoss);
  EXPECT_EQ(options.metric, std::nullopt);
  EXPECT_EQ(options.weighting, Weighting::kCurrent);
  EXPECT_EQ(options.too_close, std::nullopt);
}

TEST(SummaryFlagsTest, EachFlagReachesItsOption) {
  const SummaryOptions options =
      Parsed("--ties coin:7 --metric best-of-n --weights 2024-05 --too-close 0.25");
  EXPECT_EQ(options.ties.kind, TieRule::Kind::kCoin);
  EXPECT_EQ(options.ties.seed, 7);
  EXPECT_EQ(options.metric, Metric::kBestOfN);
  EXPECT_EQ(options.weighting, Weighting::kMay2024);
  EXPECT_EQ(options.too_close, 0.25);
  for (const Metric metric : {Metric::kAllAbove, Metric::kBestOfN, Metric::kMatrix}) {
    EXPECT_EQ(Parsed("--metric " + MetricName(metric)).metric, metric);
  }
  EXPECT_EQ(Parsed("--ties half").ties.kind, TieRule::Kind::kHalf);
  EXPECT_EQ(Parsed("--too-close 0").too_close, 0);
}

TEST(SummaryFlagsTest, WhatIsNoChoiceIsRefused) {
  for (const char* arguments :
       {"--ties win", "--ties coin", "--metric pairs", "--weights 2023", "--too-close -0.1",
        "--too-close nan", "--too-close inf", "--too-close x"}) {
    EXPECT_THROW(Parsed(arguments), CLI::ParseError) << arguments;
  }
}

TEST(SummaryFlagsTest, HelpShowsTheChoicesAndTheDefaults) {
  CLI::App app;
  SummaryOptions options;
  AddSummaryFlags(&app, &options);
  for (const char* part : {"{loss,half,coin:SEED} [loss]", "{all-above,best-of-n,matrix}",
                           "{current,2024-05} [current]", "--too-close MARGIN"}) {
    EXPECT_THAT(app.help(), HasSubstr(part));
  }
}

}  // namespace
}  // namespace assay::client
