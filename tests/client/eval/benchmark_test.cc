#include "client/eval/benchmark.h"

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/jsonl_reader.h"
#include "tests/client/eval/rewardbench_rows.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::testing::ElementsAre;

const SectionScore& SectionOf(const BenchmarkScore& score, const std::string& name) {
  for (const SectionScore& section : score.sections) {
    if (section.section == name) return section;
  }
  static const SectionScore* const none = new SectionScore();
  return *none;
}

// RewardBench whole, every subset at `score`.
std::vector<SubsetScore> WholeRewardBench(double score) {
  std::vector<SubsetScore> subsets;
  for (const auto& [name, n] : ::assay::testing::kRewardBenchRows)
    subsets.push_back({.subset = name, .score = score, .rows = n});
  return subsets;
}

TEST(BenchmarkTest, ThePublishedScoresFollowFromTheirSectionsWithinRounding) {
  ASSERT_EQ(PublishedRows().size(), 5);
  for (const PublishedRow& row : PublishedRows()) {
    const auto score = [&row](double shift) {
      std::vector<std::optional<double>> sections;
      for (const double section : row.sections) sections.emplace_back(section + shift);
      return OverallScore(sections);
    };
    // Sections have one decimal, the score two.
    EXPECT_LE(score(-0.05), row.score + 0.005) << row.model;
    EXPECT_GE(score(0.05), row.score - 0.005) << row.model;
    EXPECT_NEAR(score(0), row.score, 0.05) << row.model;
  }
}

TEST(BenchmarkTest, SectionsAreThoseThatTheHarnessMakesOfRandomTables) {
  ASSERT_OK_AND_ASSIGN(
      const std::unique_ptr<JsonlReader> reader,
      JsonlReader::Open(ASSAY_SOURCE_DIR "/tests/golden/rewardbench_tables.jsonl.gz"));
  int tables = 0;
  while (true) {
    ASSERT_OK_AND_ASSIGN(const std::optional<std::string> line, reader->Next());
    if (!line.has_value()) break;
    ++tables;
    const nlohmann::json table = nlohmann::json::parse(*line);
    std::vector<SubsetScore> subsets;
    for (const auto& [name, accuracy] : table["accuracies"].items())
      subsets.push_back({.subset = name, .score = accuracy.get<double>(), .rows = 1});
    for (const Weighting weighting : {Weighting::kCurrent, Weighting::kMay2024}) {
      const std::optional<BenchmarkScore> ours = ScoreBenchmark(subsets, weighting);
      ASSERT_TRUE(ours.has_value());
      const nlohmann::json& expected =
          table[weighting == Weighting::kCurrent ? "current" : "2024-05"];
      ASSERT_EQ(expected.size(), 4);
      for (const auto& [section, score] : expected.items()) {
        // The harness writes 0 where a section has no subset at all.
        EXPECT_NEAR(SectionOf(*ours, section).score.value_or(0), score.get<double>(), 1e-12)
            << section;
      }
    }
  }
  EXPECT_EQ(tables, 1000);
}

TEST(BenchmarkTest, AWholeBenchmarkIsNotPartial) {
  const std::optional<BenchmarkScore> score =
      ScoreBenchmark(WholeRewardBench(0.75), Weighting::kCurrent);
  ASSERT_TRUE(score.has_value());
  EXPECT_EQ(score->benchmark, kRewardBenchName);
  EXPECT_FALSE(score->is_partial);
  EXPECT_FALSE(score->has_prior_sets);
  EXPECT_DOUBLE_EQ(score->score, 0.75);
  int64_t rows = 0;
  for (const SectionScore& section : score->sections) rows += section.rows;
  EXPECT_EQ(rows, 2985);
}

TEST(BenchmarkTest, PriorSetsAreAPlainMeanOfFourAndWeighHalf) {
  std::vector<SubsetScore> subsets = WholeRewardBench(1);
  subsets.push_back({.subset = "anthropic_helpful", .score = 0.1, .rows = 6192});
  subsets.push_back({.subset = "anthropic_hhh", .score = 0.2, .rows = 221});
  subsets.push_back({.subset = "summarize", .score = 0.3, .rows = 9000});
  subsets.push_back({.subset = "shp", .score = 0.4, .rows = 1741});
  subsets.push_back({.subset = "mtbench_human", .score = 0, .rows = 3355});  // Never in the score.
  const std::optional<BenchmarkScore> score = ScoreBenchmark(subsets, Weighting::kCurrent);
  ASSERT_TRUE(score.has_value());
  EXPECT_NEAR(SectionOf(*score, "Prior Sets").score.value_or(-1), 0.25, 1e-12);
  EXPECT_NEAR(score->score, (4 + 0.5 * 0.25) / 4.5, 1e-12);
  EXPECT_TRUE(score->has_prior_sets);
  EXPECT_FALSE(score->is_partial);
}

TEST(BenchmarkTest, WhatIsMissingIsNamedAndMakesTheScorePartial) {
  std::vector<SubsetScore> subsets = WholeRewardBench(0.5);
  std::erase_if(subsets, [](const SubsetScore& s) { return s.subset == "math-prm"; });
  const std::optional<BenchmarkScore> score = ScoreBenchmark(subsets, Weighting::kCurrent);
  ASSERT_TRUE(score.has_value());
  EXPECT_TRUE(score->is_partial);
  const SectionScore& reasoning = SectionOf(*score, "Reasoning");
  EXPECT_TRUE(reasoning.is_partial);
  EXPECT_THAT(reasoning.missing, ElementsAre("math-prm"));
  EXPECT_EQ(reasoning.rows, 984);
  EXPECT_EQ(reasoning.published_rows, 1431);
  EXPECT_FALSE(SectionOf(*score, "Safety").is_partial);
}

TEST(BenchmarkTest, AWholeSectionMissingDropsOutOfTheScore) {
  const std::optional<BenchmarkScore> score =
      ScoreBenchmark({{.subset = "donotanswer", .score = 0.4, .rows = 136}}, Weighting::kCurrent);
  ASSERT_TRUE(score.has_value());
  EXPECT_DOUBLE_EQ(score->score, 0.4);
  EXPECT_FALSE(SectionOf(*score, "Chat").score.has_value());
  EXPECT_TRUE(score->is_partial);
}

TEST(BenchmarkTest, ASubsetWithOtherRowsThanThePublishedOnesIsPartial) {
  for (const int64_t other : {27, 29}) {
    std::vector<SubsetScore> subsets = WholeRewardBench(0.5);
    for (SubsetScore& subset : subsets) {
      if (subset.subset == "mt-bench-easy") subset.rows = other;
    }
    const std::optional<BenchmarkScore> score = ScoreBenchmark(subsets, Weighting::kCurrent);
    EXPECT_TRUE(score->is_partial);
    EXPECT_TRUE(SectionOf(*score, "Chat").is_partial);
  }
}

TEST(BenchmarkTest, ASubsetOfErrorsAloneIsMissing) {
  const std::optional<BenchmarkScore> score = ScoreBenchmark(
      {{.subset = "hep-go", .score = 0, .rows = 0}, {.subset = "hep-js", .score = 1, .rows = 164}},
      Weighting::kCurrent);
  EXPECT_EQ(SectionOf(*score, "Reasoning").score, 1);
  EXPECT_EQ(SectionOf(*score, "Reasoning").missing.size(), 6);
}

TEST(BenchmarkTest, TheSecondIsThePlainMeanOfItsSix) {
  std::vector<SubsetScore> subsets = {{.subset = "Factuality", .score = 0.1, .rows = 475},
                                      {.subset = "Precise IF", .score = 0.2, .rows = 160},
                                      {.subset = "Math", .score = 0.3, .rows = 183},
                                      {.subset = "Safety", .score = 0.4, .rows = 450},
                                      {.subset = "Focus", .score = 0.5, .rows = 495},
                                      {.subset = "Ties", .score = 0.6, .rows = 102}};
  std::optional<BenchmarkScore> score = ScoreBenchmark(subsets, Weighting::kCurrent);
  ASSERT_TRUE(score.has_value());
  EXPECT_EQ(score->benchmark, kRewardBench2Name);
  EXPECT_NEAR(score->score, 0.35, 1e-12);
  EXPECT_FALSE(score->is_partial);
  subsets.pop_back();
  score = ScoreBenchmark(subsets, Weighting::kCurrent);
  EXPECT_NEAR(score->score, 0.3, 1e-12);
  EXPECT_TRUE(score->is_partial);
}

TEST(BenchmarkTest, OtherSubsetsAreNoBenchmark) {
  EXPECT_FALSE(ScoreBenchmark({}, Weighting::kCurrent).has_value());
  EXPECT_FALSE(
      ScoreBenchmark({{.subset = "mine", .score = 1, .rows = 5}}, Weighting::kCurrent).has_value());
  EXPECT_FALSE(ScoreBenchmark({{.subset = "Math", .score = 1, .rows = 5},
                               {.subset = "mine", .score = 1, .rows = 5}},
                              Weighting::kCurrent)
                   .has_value());
}

TEST(BenchmarkTest, PriorSetsAreKnownByName) {
  for (const char* name : {"anthropic_helpful", "anthropic_hhh", "shp", "summarize",
                           "anthropic_harmless", "mtbench_human", "mtbench_gpt4"}) {
    EXPECT_TRUE(IsPriorSet(name)) << name;
    EXPECT_FALSE(IsDroppedPriorSet(name)) << name;
  }
  EXPECT_TRUE(IsDroppedPriorSet("pku_better"));
  EXPECT_TRUE(IsDroppedPriorSet("pku_safer"));
  EXPECT_FALSE(IsPriorSet("hep-go"));
}

}  // namespace
}  // namespace assay::client
