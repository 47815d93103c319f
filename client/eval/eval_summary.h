// client/eval/eval_summary.h
// Everything an evaluation shows, computed from its run and rows alone: tables, JSON and page only
// write it down.
#ifndef ASSAY_CLIENT_EVAL_EVAL_SUMMARY_H_
#define ASSAY_CLIENT_EVAL_EVAL_SUMMARY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/eval/accuracy.h"
#include "client/eval/benchmark.h"
#include "client/eval/close_call.h"
#include "client/eval/credit.h"
#include "client/eval/eval_run.h"
#include "client/json_row.h"

namespace assay::client {

struct SummaryOptions {
  TieRule ties = {};
  std::optional<Metric> metric = {};
  Weighting weighting = Weighting::kCurrent;
  std::optional<double> too_close =
      {};  // The user's margin; absent: the server's knowledge decides.
};

struct EvalSummary {
  EvalRun run = {};
  SummaryOptions options = {};
  std::vector<SubsetAccuracy> subsets = {};  // In the data's order.
  SubsetAccuracy total = {};
  std::optional<BenchmarkScore> benchmark = {};
  std::optional<CloseCall> close_call = {};  // Absent: no row was looked at for it.
  int64_t tokens = 0;                        // Of scored conversations, as if nothing were shared.
};

EvalSummary Summarize(const FinishedRun& finished, const SummaryOptions& options);

// All of it but the objectives' order, for programs: counts, proportions 0..1, every hash. Equal for
// equal rows: holds no time and no path.
Json SummaryJson(const EvalSummary& summary);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_EVAL_SUMMARY_H_
