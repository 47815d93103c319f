// client/eval/eval_outputs.h
// The files of an evaluation, written from what is computed: which of them there are, and where.
#ifndef ASSAY_CLIENT_EVAL_EVAL_OUTPUTS_H_
#define ASSAY_CLIENT_EVAL_EVAL_OUTPUTS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/eval/eval_run.h"
#include "client/eval/eval_summary.h"

namespace assay::client {

struct EvalOutputs {
  // For summary.json and, for a benchmark's rows, harness_results.h's files; made where it is
  // missing. Empty: none.
  std::string folder = {};
  bool writes_rows = false;  // rows.jsonl and run.json too: they are not there yet.
  std::string report = {};   // The page's file; empty: none.
  // In harness_results.h's files; empty: the run's.
  std::string model_name = {};
};

// Writes them. Returns remarks for the user, a sentence each: which files there are not, and why.
// Errors: a file that cannot be written, by name.
absl::StatusOr<std::vector<std::string>> WriteEvalOutputs(const FinishedRun& finished,
                                                          const EvalSummary& summary,
                                                          const EvalOutputs& outputs);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_EVAL_OUTPUTS_H_
