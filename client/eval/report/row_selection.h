// client/eval/report/row_selection.h
// Which rows and subsets the page shows, and in which order. Pure functions.
#ifndef ASSAY_CLIENT_EVAL_REPORT_ROW_SELECTION_H_
#define ASSAY_CLIENT_EVAL_REPORT_ROW_SELECTION_H_

#include <cstddef>
#include <string>
#include <vector>

#include "client/eval/eval_row.h"
#include "client/eval/eval_summary.h"

namespace assay::client {

// Positions in `rows` of the scored rows with a margin below 0, the lowest first; of equal ones the
// first in order.
std::vector<size_t> LostRows(const std::vector<EvalRow>& rows);

// Of all scored rows, the one whose margin is nearest to 0 first.
std::vector<size_t> ByNearness(const std::vector<EvalRow>& rows);

// Of rows with an error.
std::vector<size_t> FailedRows(const std::vector<EvalRow>& rows);

// Whether all rows are one response against one, scored or not.
bool AreAllPairs(const std::vector<EvalRow>& rows);

struct SubsetGroup {
  std::string name = {};             // The benchmark's section; empty: there is no benchmark.
  std::vector<size_t> subsets = {};  // Positions in summary.subsets, in order.
};

// Sections in the benchmark's order, those without a subset left out; subsets that are no part of
// the benchmark last, as "other". Without a benchmark, or for RewardBench 2, whose subsets are its
// sections, one group without a name.
std::vector<SubsetGroup> GroupSubsets(const EvalSummary& summary);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_REPORT_ROW_SELECTION_H_
