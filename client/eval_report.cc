#include "client/eval_report.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "client/explanation.h"
#include "client/figures.h"
#include "client/text_table.h"

namespace assay::client {
namespace {

using Align = TextTable::Align;

// More objectives than this make the first table too wide.
constexpr size_t kMostObjectivesBeside = 5;
constexpr size_t kMostSubsetsAcross = 6;
constexpr size_t kShortRevision = 12;

std::string AccuracyCell(const Tally& tally) {
  return tally.n() == 0 ? "-" : Percent(tally.accuracy());
}

std::string IntervalCell(const Tally& tally) {
  if (tally.n() == 0) return "-";
  const Interval interval = WilsonInterval(tally.wins, tally.n());
  return absl::StrCat(Percent(interval.low), " to ", Percent(interval.high));
}

std::string MainTable(const EvalSummary& summary) {
  const bool beside = summary.objectives.size() <= kMostObjectivesBeside;
  std::vector<TextTable::Column> columns = {
      {"subset", Align::kLeft}, {"pairs"}, {"score"}, {"95 % interval"}};
  if (beside) {
    for (const std::string& objective : summary.objectives) columns.push_back({objective});
  }
  columns.push_back({"ties"});
  columns.push_back({"too close"});
  columns.push_back({"errors"});
  TextTable table(std::move(columns));
  const auto add = [&](const SubsetAccuracy& sums) {
    std::vector<std::string> cells = {sums.subset, Count(sums.score.n()), AccuracyCell(sums.score),
                                      IntervalCell(sums.score)};
    if (beside) {
      for (const Tally& objective : sums.objectives) cells.push_back(AccuracyCell(objective));
    }
    cells.push_back(Count(sums.score.ties));
    cells.push_back(summary.close_call.has_value() ? Count(sums.too_close) : "-");
    cells.push_back(Count(sums.errors));
    table.AddRow(std::move(cells));
  };
  for (const SubsetAccuracy& sums : summary.subsets) add(sums);
  table.AddRule();
  add(summary.total);
  return table.Render();
}

// One row an objective: many objectives are read downwards.
std::string ObjectiveTable(const EvalSummary& summary) {
  std::vector<TextTable::Column> columns = {
      {"objective", Align::kLeft}, {summary.total.subset}, {"95 % interval"}};
  const bool across = summary.subsets.size() <= kMostSubsetsAcross;
  if (across) {
    for (const SubsetAccuracy& sums : summary.subsets) columns.push_back({sums.subset});
  }
  columns.push_back({"ties"});
  TextTable table(std::move(columns));
  for (size_t k = 0; k < summary.objectives.size(); ++k) {
    const Tally& total = summary.total.objectives[k];
    std::vector<std::string> cells = {summary.objectives[k], AccuracyCell(total),
                                      IntervalCell(total)};
    if (across) {
      for (const SubsetAccuracy& sums : summary.subsets)
        cells.push_back(AccuracyCell(sums.objectives[k]));
    }
    cells.push_back(Count(total.ties));
    table.AddRow(std::move(cells));
  }
  return table.Render();
}

Json TallyJson(const Tally& tally) {
  Json json = {{"wins", tally.wins}, {"ties", tally.ties}, {"losses", tally.losses}};
  if (tally.n() == 0) return json;
  const Interval interval = WilsonInterval(tally.wins, tally.n());
  json["accuracy"] = tally.accuracy();
  json["interval_95"] = {interval.low, interval.high};
  return json;
}

Json SubsetJson(const SubsetAccuracy& sums, const EvalSummary& summary) {
  Json json = {{"subset", sums.subset}, {"pairs", sums.score.n()}, {"errors", sums.errors}};
  if (summary.close_call.has_value()) json["too_close"] = sums.too_close;
  json["score"] = TallyJson(sums.score);
  for (size_t k = 0; k < summary.objectives.size(); ++k)
    json["objectives"][summary.objectives[k]] = TallyJson(sums.objectives[k]);
  return json;
}

Json SideJson(const Score& score) {
  Json json = {{"score", JsonNumber(score.score)}, {"input_tokens", score.input_tokens}};
  if (score.truncated_tokens != 0) json["truncated_tokens"] = score.truncated_tokens;
  if (score.rewards.empty()) return json;
  json["rewards"] = JsonNumbers(score.rewards);
  json["gating"] = JsonNumbers(score.gating);
  json["coefficients"] = JsonNumbers(score.coefficients);
  return json;
}

}  // namespace

std::string RenderTables(const EvalSummary& summary) {
  std::string text =
      "Accuracy in percent: how often the chosen response scores strictly higher; a tie is no "
      "win.\n\n";
  text += MainTable(summary);
  if (summary.objectives.size() > kMostObjectivesBeside)
    absl::StrAppend(&text, "\n", ObjectiveTable(summary));
  const ModelInfo& model = summary.model;
  absl::StrAppend(
      &text, "\nmodel ", model.name, ", revision ", model.revision.substr(0, kShortRevision), ", ",
      model.dtype, ", ", model.heads, " heads; ", CountOf(summary.total.score.n(), "pair"), ", ",
      CountOf(summary.tokens, "token"), ", ", Rate(summary.tokens, summary.elapsed), " tokens/s, ",
      Span(summary.elapsed), "\n", DescribeCloseCall(summary.close_call, model), "\n");
  return text;
}

Json RenderJson(const EvalSummary& summary) {
  const ModelInfo& model = summary.model;
  const double seconds = absl::ToDoubleSeconds(summary.elapsed);
  Json json = {
      {"model",
       {{"name", model.name},
        {"revision", model.revision},
        {"weights_hash", model.weights_hash},
        {"config_hash", model.config_hash},
        {"tokenizer_hash", model.tokenizer_hash},
        {"template_hash", model.template_hash},
        {"architecture", model.architecture},
        {"dtype", model.dtype},
        {"heads", model.heads},
        {"devices", model.devices}}},
      {"data", summary.data},
      {"too_close", CloseCallJson(summary.close_call)},
      {"tokens", summary.tokens},
      {"elapsed_seconds", seconds},
      {"tokens_per_second", seconds > 0 ? static_cast<double>(summary.tokens) / seconds : 0}};
  Json& subsets = json["subsets"] = Json::array();
  for (const SubsetAccuracy& sums : summary.subsets) subsets.push_back(SubsetJson(sums, summary));
  json["all_pairs"] = SubsetJson(summary.total, summary);
  json["all_pairs"].erase("subset");
  return json;
}

Json PairRow(const PreferencePair& pair, const absl::StatusOr<ScoreReply>& outcome,
             const std::vector<std::string>& objectives,
             const std::optional<CloseCall>& close_call) {
  Json row = {{"id", pair.id}, {"subset", pair.subset}};
  if (const absl::Status status = PairStatus(outcome, objectives.size()); !status.ok()) {
    row["error"] = JsonError(status);
    return row;
  }
  const Score& chosen = *outcome->results[0];
  const Score& rejected = *outcome->results[1];
  row["chosen"] = SideJson(chosen);
  row["rejected"] = SideJson(rejected);
  row["margin"] = JsonNumber(chosen.score - rejected.score);
  if (close_call.has_value())
    row["too_close"] = TooClose(chosen.score, rejected.score, close_call->margin);
  const std::vector<float> margins = MarginByObjective(chosen, rejected);
  for (size_t k = 0; k < margins.size() && k < objectives.size(); ++k) {
    row["margin_by_objective"][objectives[k]] = JsonNumber(margins[k]);
  }
  return row;
}

absl::Status PairStatus(const absl::StatusOr<ScoreReply>& outcome, size_t objectives) {
  if (!outcome.ok()) return outcome.status();
  for (size_t i = 0; i < 2; ++i) {
    const absl::StatusOr<Score>& result = outcome->results[i];
    const char* side = i == 0 ? "chosen" : "rejected";
    if (!result.ok()) {
      return absl::Status(result.status().code(),
                          absl::StrCat(side, ": ", result.status().message()));
    }
    if (result->rewards.size() != objectives && objectives != 0) {
      return absl::InternalError(absl::StrCat(side, ": the server sent ", result->rewards.size(),
                                              " rewards for ", objectives, " objectives"));
    }
  }
  return absl::OkStatus();
}

}  // namespace assay::client
