#include "client/eval/report/row_selection.h"

#include <algorithm>
#include <cmath>

#include "client/eval/benchmark.h"

namespace assay::client {
namespace {

// The section of RewardBench that holds `subset` alone; empty where none does.
std::string SectionOf(const std::string& subset) {
  const auto alone = ScoreBenchmark({{.subset = subset, .rows = 1}}, Weighting::kCurrent);
  if (!alone.has_value() || alone->benchmark != kRewardBenchName) return "";
  for (const SectionScore& section : alone->sections) {
    if (section.score.has_value()) return section.section;
  }
  return "";
}

}  // namespace

std::vector<size_t> LostRows(const std::vector<EvalRow>& rows) {
  std::vector<size_t> lost;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].error.ok() && MarginOf(rows[i]) < 0) lost.push_back(i);
  }
  std::stable_sort(lost.begin(), lost.end(),
                   [&rows](size_t a, size_t b) { return MarginOf(rows[a]) < MarginOf(rows[b]); });
  return lost;
}

std::vector<size_t> ByNearness(const std::vector<EvalRow>& rows) {
  std::vector<size_t> scored;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].error.ok()) scored.push_back(i);
  }
  std::stable_sort(scored.begin(), scored.end(), [&rows](size_t a, size_t b) {
    return std::fabs(MarginOf(rows[a])) < std::fabs(MarginOf(rows[b]));
  });
  return scored;
}

std::vector<size_t> FailedRows(const std::vector<EvalRow>& rows) {
  std::vector<size_t> failed;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i].error.ok()) failed.push_back(i);
  }
  return failed;
}

bool AreAllPairs(const std::vector<EvalRow>& rows) {
  return std::all_of(rows.begin(), rows.end(), [](const EvalRow& row) {
    return row.comparison.chosen.size() == 1 && row.comparison.rejected.size() == 1;
  });
}

std::vector<SubsetGroup> GroupSubsets(const EvalSummary& summary) {
  if (!summary.benchmark.has_value() || summary.benchmark->benchmark != kRewardBenchName) {
    SubsetGroup all;
    for (size_t i = 0; i < summary.subsets.size(); ++i) all.subsets.push_back(i);
    return {all};
  }
  std::vector<SubsetGroup> groups;
  for (const SectionScore& section : summary.benchmark->sections)
    groups.push_back({.name = section.section});
  groups.push_back({.name = "other"});
  for (size_t i = 0; i < summary.subsets.size(); ++i) {
    const std::string section = SectionOf(summary.subsets[i].subset);
    const auto group =
        std::find_if(groups.begin(), groups.end() - 1,
                     [&section](const SubsetGroup& each) { return each.name == section; });
    group->subsets.push_back(i);
  }
  groups.erase(std::remove_if(groups.begin(), groups.end(),
                              [](const SubsetGroup& group) { return group.subsets.empty(); }),
               groups.end());
  return groups;
}

}  // namespace assay::client
