// client/eval/eval_run.h
// What an evaluation leaves behind: run.json, which says what was scored and by what, and
// rows.jsonl beside it. From the two of them alone everything else is computed again; runs over
// parts of the same data are joined.
#ifndef ASSAY_CLIENT_EVAL_EVAL_RUN_H_
#define ASSAY_CLIENT_EVAL_EVAL_RUN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/eval/eval_row.h"
#include "client/json_row.h"
#include "client/types.h"

namespace assay::client {

// What all rows of a run have in common.
struct EvalRun {
  // As the server described itself; limits, counters, state and settings are not kept.
  ModelInfo model = {};
  // Measured ones, in the model's order; empty: only the score.
  std::vector<std::string> objectives = {};
  std::vector<std::string> data = {};  // Files, without their folders.
  Truncation truncation = Truncation::kRefuse;
  int32_t max_tokens = 0;  // 0: the server's limit.
  std::string shard = {};  // "I/N": the run has only that part of the rows; empty: all.
};

// The content of run.json.
Json EvalRunJson(const EvalRun& run);
// What of it makes two runs the same, so that the one may go on where the other stopped: all, but of
// the devices only their kinds ("cpu", "cuda"), for how many there are changes no score.
Json EvalRunIdentity(const EvalRun& run);
// INVALID_ARGUMENT naming the field that is missing or of another type.
absl::StatusOr<EvalRun> ParseEvalRun(const Json& json);

// The content of rows.jsonl.
std::string EvalRowsText(const std::vector<EvalRow>& rows,
                         const std::vector<std::string>& objectives,
                         const std::optional<CloseCall>& close_call);

struct FinishedRun {
  EvalRun run = {};
  std::vector<EvalRow> rows = {};  // In the data's order.
};

// Reads the run that `path` names: its folder, or the rows in it.
//   NOT_FOUND         no such file, or no run.json beside it.
//   INVALID_ARGUMENT  run.json or a row is not as it should be; names the file, line and field.
//   others            as JsonlReader.
absl::StatusOr<FinishedRun> ReadRun(const std::string& path);

// The runs of `paths` as one: shards in their order, runs over different data in the given one.
// INVALID_ARGUMENT naming the field of EvalRunIdentity() in which two differ, the shard that is missing or there twice, or
// the data that two runs have.
absl::StatusOr<FinishedRun> ReadRuns(const std::vector<std::string>& paths);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_EVAL_RUN_H_
