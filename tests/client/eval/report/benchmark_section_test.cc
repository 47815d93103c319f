#include "client/eval/report/benchmark_section.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/eval/report/sample_reports.h"

namespace assay::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::SampleReport;

PageSection Section(const SampleReport& report) {
  return BenchmarkSection(Summarize(report.finished, report.options));
}

TEST(BenchmarkSectionTest, WithoutABenchmarkOrAScoredRowThereIsNone) {
  EXPECT_EQ(Section(testing::ScalarReport()).html, "");
  EXPECT_EQ(Section(testing::ErrorsReport()).html, "");
}

TEST(BenchmarkSectionTest, AWholeRunStandsBesideThePublishedRows) {
  const PageSection section = Section(testing::RewardBenchReport());
  EXPECT_EQ(section.title, "RewardBench");
  for (const PublishedRow& row : PublishedRows()) EXPECT_THAT(section.html, HasSubstr(row.model));
  EXPECT_THAT(
      section.html,
      HasSubstr("<th scope=\"row\">ArmoRM-Llama3-8B-v0.1</th><td class=\"n\">96.9</td><td "
                "class=\"n\">76.8</td><td class=\"n\">92.2</td><td class=\"n\">97.3</td><td "
                "class=\"n\">74.3</td><td class=\"n\">88.97</td>"));
  EXPECT_THAT(section.html, AllOf(HasSubstr("<td class=\"n\">absent</td>"),
                                  Not(HasSubstr("only in part")), Not(HasSubstr(" *<"))));
}

TEST(BenchmarkSectionTest, OtherWeightsThanThePublishedRowsAreSaid) {
  SampleReport report = testing::RewardBenchReport();
  EXPECT_THAT(Section(report).html, Not(HasSubstr("weights of May 2024")));
  report.options.weighting = Weighting::kCurrent;
  EXPECT_THAT(Section(report).html, HasSubstr("weights of May 2024"));
}

TEST(BenchmarkSectionTest, APartialRunIsMarkedAndItsScoreIsNotDrawnBesideWholeOnes) {
  const PageSection section = Section(testing::PartialRewardBenchReport());
  EXPECT_THAT(section.html,
              AllOf(HasSubstr("<p class=\"warn\">Sections marked * are there only in part"),
                    HasSubstr(" *</td>"), HasSubstr("math-prm")));
  // Chat, Safety, Prior Sets and the score: in each of two layouts.
  size_t absent = 0;
  for (size_t at = 0; (at = section.html.find(">absent</text>", at)) != std::string::npos; ++at)
    ++absent;
  EXPECT_EQ(absent, 8U);
}

TEST(BenchmarkSectionTest, RewardBench2HasItsSixSubsetsAndWhatTiesIsMadeOf) {
  const SampleReport report = testing::RewardBench2Report();
  const PageSection section = Section(report);
  EXPECT_EQ(section.title, "RewardBench 2");
  for (const char* subset : {"Factuality", "Precise IF", "Math", "Safety", "Focus", "Ties"})
    EXPECT_THAT(section.html, HasSubstr(subset));
  EXPECT_THAT(section.html, AllOf(HasSubstr("What the Ties score is made of"), HasSubstr("0.30"),
                                  Not(HasSubstr("ArmoRM-Llama3-8B-v0.1"))));
}

}  // namespace
}  // namespace assay::client
