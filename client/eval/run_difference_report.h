// client/eval/run_difference_report.h
// How two runs differ, as tables for people and as JSON for programs. Pure functions over finished
// figures.
#ifndef ASSAY_CLIENT_EVAL_RUN_DIFFERENCE_REPORT_H_
#define ASSAY_CLIENT_EVAL_RUN_DIFFERENCE_REPORT_H_

#include <cstddef>
#include <string>

#include "client/eval/run_difference.h"
#include "client/json_row.h"

namespace assay::client {

// A row a subset, a section, the benchmark and all rows: accuracies in percent, B - A in points with
// its interval, rows that only one has right, p and Holm's p; then what was compared, whether the
// scores are the same, and the first `flips` rows that flipped.
std::string RenderDifference(const RunDifference& difference, size_t flips);

// The same and more: both runs, every hash. Accuracies, differences and intervals are proportions.
// Equal for equal runs: holds no time and no path.
Json DifferenceJson(const RunDifference& difference, size_t flips);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_RUN_DIFFERENCE_REPORT_H_
