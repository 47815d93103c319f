#include "client/eval/eval_tables.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
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
  const Interval interval = WilsonInterval(tally.credit, tally.n());
  return absl::StrCat(Percent(interval.low), " to ", Percent(interval.high));
}

std::string MainTable(const EvalSummary& summary) {
  const std::vector<std::string>& objectives = summary.run.objectives;
  const bool beside = objectives.size() <= kMostObjectivesBeside;
  std::vector<TextTable::Column> columns = {
      {"subset", Align::kLeft}, {"rows"}, {"score"}, {"95 % interval"}};
  if (beside) {
    for (const std::string& objective : objectives) columns.push_back({objective});
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
  for (size_t k = 0; k < summary.run.objectives.size(); ++k) {
    const Tally& total = summary.total.objectives[k];
    std::vector<std::string> cells = {summary.run.objectives[k], AccuracyCell(total),
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

std::string StylesTable(const EvalSummary& summary) {
  TextTable table({{"subset", Align::kLeft}, {"hard"}, {"normal"}, {"easy"}, {"mean"}});
  for (const SubsetAccuracy& sums : summary.subsets) {
    if (!sums.styles.has_value()) continue;
    const StyleAccuracy& styles = *sums.styles;
    table.AddRow({sums.subset, Percent(styles.hard), Percent(styles.normal), Percent(styles.easy),
                  Percent((styles.hard + styles.normal + styles.easy) / 3)});
  }
  return table.Render();
}

std::string TiesLine(const TiesScore& ties) {
  return absl::StrCat("Ties ", Percent(ties.score), ": tied prompts right ",
                      Percent(ties.tied_accuracy), ", their twins ", Percent(ties.ref_accuracy),
                      ", gap above spread ", Percent(ties.preferred), ", in both ",
                      Percent(ties.preferred_hard), ", margin ", Rounded(ties.margin), "\n");
}

std::string OptionalPercent(const std::optional<double>& score) {
  return score.has_value() ? Percent(*score) : "-";
}

// What of the benchmark is not there, section by section; empty where nothing is missing.
std::string MissingLine(const BenchmarkScore& benchmark) {
  std::vector<std::string> parts;
  for (const SectionScore& section : benchmark.sections) {
    if (!section.is_partial) continue;
    if (!section.score.has_value()) {
      parts.push_back(absl::StrCat(section.section, " is missing"));
      continue;
    }
    std::string part = absl::StrCat(section.section, " has ", Count(section.rows), " of ",
                                    CountOf(section.published_rows, "row"));
    if (!section.missing.empty())
      absl::StrAppend(&part, " (without ", absl::StrJoin(section.missing, ", "), ")");
    parts.push_back(std::move(part));
  }
  return absl::StrJoin(parts, "; ");
}

std::string BenchmarkTable(const BenchmarkScore& benchmark, const std::string& model) {
  std::vector<TextTable::Column> columns = {{benchmark.benchmark, Align::kLeft}, {"score"}};
  for (const SectionScore& section : benchmark.sections) columns.push_back({section.section});
  TextTable table(std::move(columns));
  // Published scores have two decimals, their sections one.
  std::vector<std::string> ours = {
      model, absl::StrFormat("%.2f%s", 100 * benchmark.score, benchmark.is_partial ? " *" : "")};
  for (const SectionScore& section : benchmark.sections) {
    const bool is_part = section.is_partial && section.score.has_value();
    ours.push_back(absl::StrCat(OptionalPercent(section.score), is_part ? " *" : ""));
  }
  table.AddRow(std::move(ours));
  const bool is_first = benchmark.benchmark == kRewardBenchName;
  if (is_first) {
    table.AddRule();
    for (const PublishedRow& row : PublishedRows()) {
      std::vector<std::string> cells = {row.model, absl::StrFormat("%.2f", row.score)};
      for (const double section : row.sections) cells.push_back(Percent(section / 100));
      table.AddRow(std::move(cells));
    }
  }
  std::string text = table.Render();
  if (const std::string missing = MissingLine(benchmark);
      !missing.empty() && benchmark.is_partial) {
    absl::StrAppend(&text, "* partial, and no ", benchmark.benchmark, " score: ", missing, "\n");
  }
  if (is_first && !benchmark.has_prior_sets) {
    absl::StrAppend(
        &text, "without Prior Sets, which the published scores hold at half a section's weight\n");
  }
  if (is_first) {
    absl::StrAppend(
        &text, "below the line: published in May 2024, with --weights 2024-05; this run has the ",
        benchmark.weighting == Weighting::kCurrent ? "current" : "same", " weights\n");
  }
  return text;
}

}  // namespace

std::string RenderTables(const EvalSummary& summary) {
  const ModelInfo& model = summary.run.model;
  std::string text = absl::StrCat(
      "Accuracy in percent: how often every chosen response scores strictly higher; ties count as ",
      TieRuleName(summary.options.ties), ".\n\n", MainTable(summary));
  if (summary.run.objectives.size() > kMostObjectivesBeside)
    absl::StrAppend(&text, "\n", ObjectiveTable(summary));
  const bool has_styles =
      std::any_of(summary.subsets.begin(), summary.subsets.end(),
                  [](const SubsetAccuracy& sums) { return sums.styles.has_value(); });
  if (has_styles) absl::StrAppend(&text, "\n", StylesTable(summary));
  for (const SubsetAccuracy& sums : summary.subsets) {
    if (sums.ties.has_value()) absl::StrAppend(&text, "\n", TiesLine(*sums.ties));
  }
  if (summary.benchmark.has_value())
    absl::StrAppend(&text, "\n", BenchmarkTable(*summary.benchmark, model.name));
  absl::StrAppend(
      &text, "\nmodel ", model.name, ", revision ", model.revision.substr(0, kShortRevision), ", ",
      model.dtype, ", ", model.heads, " heads; ", CountOf(summary.total.score.n(), "row"), ", ",
      CountOf(summary.tokens, "token"), "\n", DescribeCloseCall(summary.close_call, model), "\n");
  return text;
}

}  // namespace assay::client
