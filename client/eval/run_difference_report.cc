#include "client/eval/run_difference_report.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/eval/close_call.h"
#include "client/eval/credit.h"
#include "client/figures.h"
#include "client/text_table.h"

namespace assay::client {
namespace {

// A difference in points, with its sign; "0.0" has none.
std::string Points(double difference) {
  const std::string text = absl::StrFormat("%+.1f", difference * 100);
  return text == "+0.0" || text == "-0.0" ? "0.0" : text;
}

std::string PText(double p) { return p < 0.00005 ? "<0.0001" : absl::StrFormat("%.4f", p); }

// Three decimals: margins of a flip straddle 0.
std::string MarginText(float margin) { return absl::StrFormat("%+.3f", margin); }

std::string CreditText(double credit) {
  if (credit == 1) return "right";
  if (credit == 0) return "wrong";
  return absl::StrFormat("%.2f", credit);
}

std::string TooCloseText(const Flip& flip) {
  if (!flip.too_close_a.has_value() && !flip.too_close_b.has_value()) return "-";
  return absl::StrCat(flip.too_close_a.value_or(false) ? "A" : "",
                      flip.too_close_b.value_or(false) ? "B" : "");
}

void AddRow(const AccuracyDifference& row, const std::string& name, TextTable* table) {
  table->AddRow({name, Count(row.rows), Percent(row.a), Percent(row.b), Points(row.difference()),
                 row.interval.has_value()
                     ? absl::StrCat(Points(row.interval->low), " to ", Points(row.interval->high))
                     : "-",
                 Count(row.only_a), Count(row.only_b), PText(row.p),
                 row.p_holm.has_value() ? PText(*row.p_holm) : ""});
}

std::string AccuracyTable(const RunDifference& difference) {
  TextTable table({{"subset", TextTable::Align::kLeft},
                   {"rows"},
                   {"A %"},
                   {"B %"},
                   {"B - A"},
                   {"95 % interval"},
                   {"only A"},
                   {"only B"},
                   {"p"},
                   {"p, Holm"}});
  for (const AccuracyDifference& subset : difference.subsets) AddRow(subset, subset.name, &table);
  table.AddRule();
  if (difference.benchmark.has_value()) {
    for (const AccuracyDifference& section : difference.sections) {
      AddRow(section, section.name, &table);
    }
    const bool is_partial = difference.a.benchmark->is_partial;
    AddRow(*difference.benchmark,
           absl::StrCat(difference.benchmark->name, is_partial ? " (partial)" : ""), &table);
    table.AddRule();
  }
  AddRow(difference.total, difference.total.name, &table);
  return table.Render();
}

std::string ModelLine(const char* letter, const EvalRun& run) {
  return absl::StrCat(letter, ": model ", run.model.name, ", revision ",
                      run.model.revision.substr(0, 12), ", ", run.model.dtype, "\n");
}

// Another cut is another text, and so another score.
std::string CutLine(const EvalRun& a, const EvalRun& b) {
  if (a.truncation == b.truncation && a.max_tokens == b.max_tokens) return "";
  return "the runs treat long conversations differently: their truncation or max_tokens differ\n";
}

std::string LeftOutLines(const RunDifference& difference) {
  std::string text;
  if (difference.with_errors > 0) {
    absl::StrAppend(&text, "left out: ", CountOf(difference.with_errors, "row"), " with errors (",
                    Count(difference.errors_a), " in A, ", Count(difference.errors_b), " in B)\n");
  }
  const auto add = [&text](const char* letter, const UnmatchedRows& rows) {
    if (rows.count == 0) return;
    const bool is_all = static_cast<size_t>(rows.count) == rows.first.size();
    absl::StrAppend(&text, "left out: ", CountOf(rows.count, "row"), " in ", letter,
                    " alone: ", absl::StrJoin(rows.first, "; "), is_all ? "" : "; ...", "\n");
  };
  add("A", difference.only_a);
  add("B", difference.only_b);
  return text;
}

std::string ScoresLine(const std::optional<ScoreDifferences>& scores) {
  if (!scores.has_value()) {
    return "scores: not compared, as the runs are of two model revisions\n";
  }
  if (scores->not_bit_equal == 0) {
    return absl::StrCat("scores: bit-equal for all ", CountOf(scores->n, "response"), "\n");
  }
  return absl::StrCat("scores: not bit-equal for ", Count(scores->not_bit_equal), " of ",
                      CountOf(scores->n, "response"), "; largest difference ",
                      Rounded(scores->largest), ", 99th percentile ",
                      Rounded(scores->percentile_99), "\n");
}

std::string FlipTable(const RunDifference& difference, size_t flips) {
  const size_t shown = std::min(flips, difference.flips.size());
  std::string text = absl::StrCat(
      CountOf(static_cast<int64_t>(difference.flips.size()), "row"), " flipped",
      shown == 0 ? "" : absl::StrCat("; the ", Count(static_cast<int64_t>(shown)), " surest:"),
      "\n");
  if (shown == 0) return text;
  TextTable table({{"subset", TextTable::Align::kLeft},
                   {"id", TextTable::Align::kLeft},
                   {"A", TextTable::Align::kLeft},
                   {"B", TextTable::Align::kLeft},
                   {"margin A"},
                   {"margin B"},
                   {"too close", TextTable::Align::kLeft}});
  for (size_t i = 0; i < shown; ++i) {
    const Flip& flip = difference.flips[i];
    table.AddRow({flip.subset, flip.id.is_string() ? flip.id.get<std::string>() : DumpLine(flip.id),
                  CreditText(flip.credit_a), CreditText(flip.credit_b), MarginText(flip.margin_a),
                  MarginText(flip.margin_b), TooCloseText(flip)});
  }
  return text + table.Render();
}

Json AccuracyJson(const AccuracyDifference& row) {
  Json json = {{"name", row.name},
               {"rows", row.rows},
               {"a", row.a},
               {"b", row.b},
               {"difference", row.difference()},
               {"interval_95", nullptr},
               {"only_a", row.only_a},
               {"only_b", row.only_b},
               {"p", row.p},
               {"p_worse", row.p_worse}};
  if (row.interval.has_value()) json["interval_95"] = {row.interval->low, row.interval->high};
  if (row.p_holm.has_value()) json["p_holm"] = *row.p_holm;
  return json;
}

Json AccuraciesJson(const std::vector<AccuracyDifference>& rows) {
  Json list = Json::array();
  for (const AccuracyDifference& row : rows) list.push_back(AccuracyJson(row));
  return list;
}

Json BenchmarkJson(const RunDifference& difference) {
  if (!difference.benchmark.has_value()) return nullptr;
  const BenchmarkScore& a = *difference.a.benchmark;
  return {{"name", a.benchmark},
          {"weights", a.weighting == Weighting::kCurrent ? "current" : "2024-05"},
          {"partial", a.is_partial},
          {"sections", AccuraciesJson(difference.sections)},
          {"score", AccuracyJson(*difference.benchmark)}};
}

Json UnmatchedJson(const UnmatchedRows& rows) {
  return {{"count", rows.count}, {"first", rows.first}};
}

Json BoolJson(const std::optional<bool>& value) {
  return value.has_value() ? Json(*value) : Json(nullptr);
}

Json FlipsJson(const RunDifference& difference, size_t flips) {
  Json list = Json::array();
  for (size_t i = 0; i < std::min(flips, difference.flips.size()); ++i) {
    const Flip& flip = difference.flips[i];
    list.push_back({{"subset", flip.subset},
                    {"id", flip.id},
                    {"credit_a", flip.credit_a},
                    {"credit_b", flip.credit_b},
                    {"margin_a", JsonNumber(flip.margin_a)},
                    {"margin_b", JsonNumber(flip.margin_b)},
                    {"too_close_a", BoolJson(flip.too_close_a)},
                    {"too_close_b", BoolJson(flip.too_close_b)}});
  }
  return {{"count", difference.flips.size()}, {"first", list}};
}

Json ScoresJson(const std::optional<ScoreDifferences>& scores) {
  if (!scores.has_value()) return nullptr;
  return {{"responses", scores->n},
          {"bit_equal", scores->not_bit_equal == 0},
          {"not_bit_equal", scores->not_bit_equal},
          {"largest", scores->largest},
          {"percentile_99", scores->percentile_99}};
}

}  // namespace

std::string RenderDifference(const RunDifference& difference, size_t flips) {
  return absl::StrCat(
      AccuracyTable(difference), "\n", ModelLine("A", difference.a.run),
      ModelLine("B", difference.b.run), CutLine(difference.a.run, difference.b.run),
      LeftOutLines(difference), ScoresLine(difference.scores),
      "p: exact McNemar test, two-sided; over the subsets also adjusted by Holm. Interval: "
      "Newcombe's for paired proportions.\n\n",
      FlipTable(difference, flips));
}

Json DifferenceJson(const RunDifference& difference, size_t flips) {
  const SummaryOptions& options = difference.a.options;
  return {{"a", EvalRunJson(difference.a.run)},
          {"b", EvalRunJson(difference.b.run)},
          {"ties", TieRuleName(options.ties)},
          {"metric", options.metric.has_value() ? Json(MetricName(*options.metric)) : nullptr},
          {"too_close",
           {{"a", CloseCallJson(difference.a.close_call)},
            {"b", CloseCallJson(difference.b.close_call)}}},
          {"left_out",
           {{"with_errors", difference.with_errors},
            {"errors_a", difference.errors_a},
            {"errors_b", difference.errors_b},
            {"only_a", UnmatchedJson(difference.only_a)},
            {"only_b", UnmatchedJson(difference.only_b)}}},
          {"all_rows", AccuracyJson(difference.total)},
          {"benchmark", BenchmarkJson(difference)},
          {"subsets", AccuraciesJson(difference.subsets)},
          {"scores", ScoresJson(difference.scores)},
          {"flips", FlipsJson(difference, flips)}};
}

}  // namespace assay::client
