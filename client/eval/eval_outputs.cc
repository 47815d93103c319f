#include "client/eval/eval_outputs.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/eval/harness_results.h"
#include "client/eval/report/report_page.h"
#include "client/text_file.h"

namespace assay::client {
namespace {

absl::Status WriteRows(const FinishedRun& finished, const EvalSummary& summary,
                       const std::string& folder) {
  ASSAY_RETURN_IF_ERROR(
      WriteTextFile(folder + "/rows.jsonl",
                    EvalRowsText(finished.rows, finished.run.objectives, summary.close_call)));
  return WriteTextFile(folder + "/run.json", EvalRunJson(finished.run).dump(2) + "\n");
}

// Writes the files for RewardBench's scripts, or says why there are none.
absl::StatusOr<std::vector<std::string>> WriteForHarness(FinishedRun finished,
                                                         const EvalOutputs& outputs) {
  if (!outputs.model_name.empty()) finished.run.model.name = outputs.model_name;
  const absl::StatusOr<std::vector<std::string>> written =
      WriteHarnessResults(finished, outputs.folder);
  if (written.ok()) return std::vector<std::string>();
  const bool has_none =
      absl::IsFailedPrecondition(written.status()) || absl::IsInvalidArgument(written.status());
  if (!has_none) return written.status();
  return std::vector<std::string>{
      absl::StrCat("no files for RewardBench's scripts: ", written.status().message())};
}

}  // namespace

absl::StatusOr<std::vector<std::string>> WriteEvalOutputs(const FinishedRun& finished,
                                                          const EvalSummary& summary,
                                                          const EvalOutputs& outputs) {
  std::vector<std::string> remarks;
  if (!outputs.folder.empty()) {
    std::error_code error;
    std::filesystem::create_directories(outputs.folder, error);
    if (outputs.writes_rows) ASSAY_RETURN_IF_ERROR(WriteRows(finished, summary, outputs.folder));
    const std::string json =
        SummaryJson(summary).dump(2, ' ', false, Json::error_handler_t::replace);
    ASSAY_RETURN_IF_ERROR(WriteTextFile(outputs.folder + "/summary.json", json + "\n"));
    if (summary.benchmark.has_value()) {
      ASSAY_ASSIGN_OR_RETURN(remarks, WriteForHarness(finished, outputs));
    }
  }
  if (!outputs.report.empty()) {
    ASSAY_RETURN_IF_ERROR(WriteTextFile(outputs.report, RenderReport(summary, finished.rows)));
  }
  return remarks;
}

}  // namespace assay::client
