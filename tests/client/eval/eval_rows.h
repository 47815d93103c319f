// tests/client/eval/eval_rows.h
// Rows of evaluations, made up for tests.
#ifndef ASSAY_TESTS_CLIENT_EVAL_EVAL_ROWS_H_
#define ASSAY_TESTS_CLIENT_EVAL_EVAL_ROWS_H_

#include <string>
#include <utility>
#include <vector>

#include "client/eval/eval_row.h"
#include "client/eval/eval_run.h"

namespace assay::testing {

inline client::Score ScoreOf(float score, std::vector<float> rewards = {}) {
  client::Score result = {.score = score, .rewards = rewards};
  result.gating.assign(rewards.size(), 0.5F);
  result.coefficients = result.gating;
  result.input_tokens = 10;
  return result;
}

// A row with these scores; its texts are "c0", "c1", ... and "r0", "r1", ....
inline client::EvalRow RowWith(const std::string& subset, client::Json id,
                               std::vector<client::Score> chosen,
                               std::vector<client::Score> rejected) {
  client::EvalRow row = {.comparison = {.id = std::move(id),
                                        .subset = subset,
                                        .prompt = {{.role = "user", .content = "p"}}},
                         .chosen = std::move(chosen),
                         .rejected = std::move(rejected)};
  for (size_t i = 0; i < row.chosen.size(); ++i)
    row.comparison.chosen.push_back("c" + std::to_string(i));
  for (size_t i = 0; i < row.rejected.size(); ++i)
    row.comparison.rejected.push_back("r" + std::to_string(i));
  return row;
}

inline client::EvalRow PairWith(const std::string& subset, client::Json id, float chosen,
                                float rejected) {
  return RowWith(subset, std::move(id), {ScoreOf(chosen)}, {ScoreOf(rejected)});
}

inline client::EvalRow ErrorRow(const std::string& subset, client::Json id,
                                absl::Status error = absl::InvalidArgumentError("too long")) {
  client::EvalRow row = PairWith(subset, std::move(id), 0, 0);
  row.chosen.clear();
  row.rejected.clear();
  row.error = std::move(error);
  return row;
}

// A run of model "m" with `objectives` objectives.
inline client::EvalRun RunOf(size_t objectives = 0) {
  client::EvalRun run;
  run.model.name = "m";
  run.model.revision = "0123456789abcdef";
  run.model.dtype = "bfloat16";
  run.model.heads = "precise";
  for (size_t k = 0; k < objectives; ++k)
    run.objectives.push_back("objective-" + std::to_string(k));
  run.model.objectives = run.objectives;
  run.data = {"a.jsonl"};
  return run;
}

}  // namespace assay::testing

#endif  // ASSAY_TESTS_CLIENT_EVAL_EVAL_ROWS_H_
