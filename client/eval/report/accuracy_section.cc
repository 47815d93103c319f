#include "client/eval/report/accuracy_section.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/eval/report/interval_chart.h"
#include "client/eval/report/row_selection.h"
#include "client/figures.h"

namespace assay::client {
namespace {

constexpr char kNothing[] = "–";

Interval IntervalOf(const Tally& tally) { return WilsonInterval(tally.credit, tally.n()); }

struct Shown {
  const SubsetAccuracy* subset;
  std::string section;
};

bool HasOtherMetrics(const EvalSummary& summary) {
  return std::any_of(summary.subsets.begin(), summary.subsets.end(), [](const SubsetAccuracy& s) {
    return s.score.n() > 0 && s.metric != Metric::kAllAbove;
  });
}

std::string AccuracyTable(const EvalSummary& summary, const std::vector<Shown>& shown) {
  const bool has_sections = !shown.empty() && !shown.front().section.empty();
  const bool has_metrics = HasOtherMetrics(summary);
  std::vector<Column> columns = {{"Subset", Column::Kind::kText}};
  if (has_sections) columns.push_back({"Section", Column::Kind::kText});
  if (has_metrics) columns.push_back({"Measure", Column::Kind::kText});
  for (const char* name : {"Rows", "Accuracy", "95 % interval", "Ties", "Too close", "Errors"})
    columns.push_back({name});

  std::vector<std::vector<std::string>> cells;
  const auto add = [&](const SubsetAccuracy& subset, const std::string& section) {
    const Tally& score = subset.score;
    const bool is_empty = score.n() == 0;
    std::vector<std::string> row = {Html(subset.subset)};
    if (has_sections) row.push_back(Html(section));
    if (has_metrics)
      row.push_back(is_empty                    ? kNothing
                    : subset.metric.has_value() ? MetricName(*subset.metric)
                                                : "several");
    row.push_back(Count(score.n()));
    row.push_back(is_empty ? kNothing : PercentText(score.accuracy()));
    row.push_back(is_empty ? kNothing : IntervalText(IntervalOf(score)));
    row.push_back(Count(score.ties));
    row.push_back(summary.close_call.has_value() ? Count(subset.too_close) : kNothing);
    row.push_back(subset.errors == 0
                      ? "0"
                      : absl::StrCat("<strong class=\"bad\">", Count(subset.errors), "</strong>"));
    cells.push_back(row);
  };
  for (const Shown& each : shown) add(*each.subset, each.section);
  if (shown.size() > 1) add(summary.total, "");
  return Table("Accuracy by subset", columns, cells);
}

std::string StylesTable(const std::vector<Shown>& shown) {
  std::vector<std::vector<std::string>> cells;
  for (const Shown& each : shown) {
    if (!each.subset->styles.has_value()) continue;
    const StyleAccuracy& styles = *each.subset->styles;
    cells.push_back({Html(each.subset->subset), PercentText(styles.hard),
                     PercentText(styles.normal), PercentText(styles.easy)});
  }
  if (cells.empty()) return "";
  return absl::StrCat(
      Table("By style", {{"Subset", Column::Kind::kText}, {"Hard"}, {"Normal"}, {"Easy"}}, cells),
      Paragraph("Hard: the better response is in the plainer style. Easy: the worse one is.",
                "note"));
}

std::string MeasuresNote(const EvalSummary& summary) {
  if (!HasOtherMetrics(summary)) return "";
  return Paragraph(
      "Measures: all-above is right where every better response is above every worse one; "
      "best-of-n gives the share that better responses have in the highest score; matrix gives the "
      "share of all pairs that are right.",
      "note");
}

}  // namespace

PageSection AccuracySection(const EvalSummary& summary, const std::vector<EvalRow>& rows) {
  std::vector<Shown> shown;
  std::vector<IntervalMark> marks;
  for (const SubsetGroup& group : GroupSubsets(summary)) {
    for (const size_t i : group.subsets) {
      const SubsetAccuracy& subset = summary.subsets[i];
      shown.push_back({&subset, group.name});
      if (subset.score.n() == 0) continue;
      marks.push_back({.group = group.name,
                       .label = subset.subset,
                       .value = subset.score.accuracy(),
                       .interval = IntervalOf(subset.score)});
    }
  }
  PageSection section = {.id = "accuracy", .title = "Accuracy by subset"};
  if (shown.empty()) return section;
  const bool are_pairs = AreAllPairs(rows);
  if (!marks.empty()) {
    section.html = Figure(
        BothLayouts([&](Layout layout) {
          return IntervalChart(
              marks, are_pairs ? ChanceLine::kHalf : ChanceLine::kNone,
              absl::StrCat("Accuracy of ", CountOf(static_cast<int64_t>(marks.size()), "subset"),
                           " with intervals; the figures are in the table below"),
              layout);
        }),
        absl::StrCat("Share of rows that are right; whiskers are 95 % intervals (Wilson).",
                     are_pairs ? " The dashed line at 50 % is what a coin would reach." : ""));
  }
  absl::StrAppend(&section.html, AccuracyTable(summary, shown), MeasuresNote(summary),
                  StylesTable(shown));
  if (std::any_of(summary.subsets.begin(), summary.subsets.end(),
                  [](const SubsetAccuracy& s) { return s.ties.has_value(); })) {
    section.html += Paragraph(
        "The accuracy of Ties is how often every right answer is above every wrong one; its score "
        "in the benchmark is made of more.",
        "note");
  }
  return section;
}

}  // namespace assay::client
