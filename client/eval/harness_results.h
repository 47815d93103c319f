// client/eval/harness_results.h
// A run as the files that RewardBench's own scripts write, so that its scripts read it as theirs.
// Source: allenai/reward-bench, scripts/run_rm.py, scripts/run_v2.py, rewardbench/utils.py
// (save_to_hub, map_conversations, reroll_and_score_dataset).
//
// For a model ORG/NAME (local/NAME where the name has no organisation), below one folder:
//   eval-set/ORG/NAME.json          subset -> accuracy 0..1, and model, model_type, chat_template
//   eval-set-scores/ORG/NAME.json   equally long columns, a place a row, and the same three
//   pref-sets/, pref-sets-scores/   the same for RewardBench's prior sets
// Columns of RewardBench: id, results (1 or 0), scores_chosen, scores_rejected, subset, text_chosen,
// text_rejected. Columns of RewardBench 2: id, num_correct, results, scores and text (a list a row,
// the correct responses first), subset. Keys are sorted, four spaces indent, other than ASCII is
// escaped, as there; scores read back as exactly the floats that they are.
//
// A text is the list of messages, {"content", "role"}, that was scored: the form that those scripts
// have for models which apply their own chat template. As there, a tie is a loss, whatever rule the
// run is shown with; results of RewardBench 2 are the share of the first response in the highest
// score, also for the rows of Ties, whose subset has its own score.
#ifndef ASSAY_CLIENT_EVAL_HARNESS_RESULTS_H_
#define ASSAY_CLIENT_EVAL_HARNESS_RESULTS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/eval/eval_run.h"

namespace assay::client {

struct HarnessFile {
  std::string path = {};  // Below the folder: "eval-set/ORG/NAME.json".
  std::string content = {};
};

// Those of the run: two, or four where it has both RewardBench's own and prior sets.
//   FAILED_PRECONDITION  a row has an error, which those files cannot say; there is no row; a subset
//                        is none of the benchmarks'; or subsets of both benchmarks, whose files have
//                        the same names.
//   INVALID_ARGUMENT     the model's name cannot name a file; a row of RewardBench has not one chosen
//                        and one rejected response; the ids of Ties are not as ScoreTies() has them.
absl::StatusOr<std::vector<HarnessFile>> HarnessFiles(const FinishedRun& finished);

// Writes them below `folder`, which is made where it is missing; each takes the place of its older
// self whole or not at all. Their paths. Errors: as above, and as WriteTextFile().
absl::StatusOr<std::vector<std::string>> WriteHarnessResults(const FinishedRun& finished,
                                                             const std::string& folder);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_HARNESS_RESULTS_H_
