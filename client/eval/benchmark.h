// client/eval/benchmark.h
// A benchmark's score from its subsets' accuracies: RewardBench's five sections and RewardBench 2's
// six subsets. Pure functions over published constants; whatever of a benchmark is missing is named,
// and its score marked as partial.
//
// RewardBench: a section's score is the mean of its subsets weighted by their published prompt
// counts (math-prm counts 984 for its 447 rows, as much as the six code subsets), of those present;
// Prior Sets is the plain mean of its four; the score is the mean of the sections present, Prior
// Sets counting half. Source: allenai/reward-bench, rewardbench/constants.py (EXAMPLE_COUNTS,
// SUBSET_MAPPING), calculate_scores_per_section, analysis/get_benchmark_results.py.
// RewardBench 2: the plain mean of its six subsets. Source: its dataset card.
#ifndef ASSAY_CLIENT_EVAL_BENCHMARK_H_
#define ASSAY_CLIENT_EVAL_BENCHMARK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"

namespace assay::client {

// Until commit 6552e93 (2024-09-10) of RewardBench the two xstest subsets had each other's weight;
// the scores published in May 2024 are of that time.
enum class Weighting { kCurrent, kMay2024 };

inline constexpr char kRewardBenchName[] = "RewardBench";
inline constexpr char kRewardBench2Name[] = "RewardBench 2";

struct SubsetScore {
  std::string subset = {};
  double score = 0;  // 0..1, RewardBench 2's Ties a hair beyond.
  int64_t rows = 0;  // Scored ones.
};

struct SectionScore {
  std::string section = {};
  std::optional<double> score = {};       // 0..1; absent: none of its subsets is present.
  std::vector<std::string> missing = {};  // Its subsets that are not present.
  int64_t rows = 0;                       // Scored.
  int64_t published_rows = 0;             // Of the whole section.
  bool is_partial = false;                // A subset is missing, or has another number of rows.
};

struct BenchmarkScore {
  std::string benchmark = {};  // One of the names above.
  Weighting weighting = Weighting::kCurrent;
  std::vector<SectionScore> sections = {};  // All of the benchmark's, in its order.
  double score = 0;                         // Over the sections present.
  // A section but Prior Sets is partial, or Prior Sets is there in part: no number to compare.
  bool is_partial = false;
  bool has_prior_sets = false;  // RewardBench: its score holds Prior Sets, with weight 0.5.
};

// The benchmark that the subsets belong to; nullopt where none of them has a name of RewardBench's,
// and not all have one of RewardBench 2's. Subsets of other names are no part of it.
std::optional<BenchmarkScore> ScoreBenchmark(const std::vector<SubsetScore>& subsets,
                                             Weighting weighting);

// A row of RewardBench's leaderboard, in percent.
struct PublishedRow {
  const char* model;
  double score;
  double sections[5];  // Chat, Chat Hard, Safety, Reasoning, Prior Sets.
};

// The rows of May 2024 that ArmoRM was announced with, best first; computed with kMay2024.
// Source: README of RLHFlow/RLHF-Reward-Modeling and the model card of ArmoRM.
absl::Span<const PublishedRow> PublishedRows();

// The score of section scores, in their unit: Chat, Chat Hard, Safety, Reasoning weigh 1, Prior Sets
// 0.5; absent ones drop out. 0 of none.
double OverallScore(const std::vector<std::optional<double>>& sections);

// True for a subset of the prior sets, in the score or not.
bool IsPriorSet(const std::string& subset);

// True for the prior sets that are never part of a run: pku_better and pku_safer.
bool IsDroppedPriorSet(const std::string& subset);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_BENCHMARK_H_
