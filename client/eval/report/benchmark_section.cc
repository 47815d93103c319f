#include "client/eval/report/benchmark_section.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/eval/report/head.h"
#include "client/eval/report/section_chart.h"
#include "client/figures.h"

namespace assay::client {
namespace {

std::string ScoreCell(const std::optional<double>& score) {
  return score.has_value() ? Percent(*score) : "absent";
}

SectionSeries OwnSeries(const EvalSummary& summary) {
  SectionSeries own = {.name = summary.run.model.name};
  for (const SectionScore& section : summary.benchmark->sections)
    own.values.push_back(section.score);
  return own;
}

std::string CoverageTable(const BenchmarkScore& benchmark) {
  // RewardBench 2's sections are its subsets: there or missing as a whole.
  const bool has_subsets = benchmark.benchmark == kRewardBenchName;
  std::vector<Column> columns = {{has_subsets ? "Section" : "Subset", Column::Kind::kText},
                                 {"Score"},
                                 {"Rows scored"},
                                 {"Rows published"}};
  if (has_subsets) columns.push_back({"Subsets missing", Column::Kind::kText});
  std::vector<std::vector<std::string>> cells;
  for (const SectionScore& section : benchmark.sections) {
    std::vector<std::string>& row = cells.emplace_back();
    row = {Html(section.section), ScoreCell(section.score), Count(section.rows),
           Count(section.published_rows)};
    if (has_subsets)
      row.push_back(section.missing.empty() ? "–" : Html(absl::StrJoin(section.missing, ", ")));
  }
  return Table(has_subsets ? "What of each section is there" : "What of each subset is there",
               columns, cells);
}

std::string RewardBench(const EvalSummary& summary) {
  const BenchmarkScore& benchmark = *summary.benchmark;
  std::vector<std::string> names;
  std::vector<Column> columns = {{"Model", Column::Kind::kText}};
  for (const SectionScore& section : benchmark.sections) names.push_back(section.section);
  names.emplace_back("Score");
  for (const std::string& name : names) columns.push_back({name});

  std::vector<SectionSeries> series = {OwnSeries(summary)};
  // A score over parts beside whole ones would be read as their equal.
  series[0].values.push_back(benchmark.is_partial ? std::nullopt
                                                  : std::optional<double>(benchmark.score));
  std::vector<std::vector<std::string>> cells = {{Html(summary.run.model.name)}};
  for (const SectionScore& section : benchmark.sections) {
    cells[0].push_back(absl::StrCat(ScoreCell(section.score),
                                    section.score.has_value() && section.is_partial ? " *" : ""));
  }
  // Published scores have two decimals, their sections one.
  cells[0].push_back(
      absl::StrFormat("%.2f%s", 100 * benchmark.score, benchmark.is_partial ? " *" : ""));
  for (const PublishedRow& row : PublishedRows()) {
    SectionSeries published = {.name = row.model};
    std::vector<std::string> line = {Html(row.model)};
    for (const double value : row.sections) {
      published.values.emplace_back(value / 100);
      line.push_back(absl::StrFormat("%.1f", value));
    }
    published.values.emplace_back(row.score / 100);
    line.push_back(absl::StrFormat("%.2f", row.score));
    series.push_back(published);
    cells.push_back(line);
  }

  std::string html;
  if (benchmark.is_partial) {
    html += Paragraph(
        "Sections marked * are there only in part: they do not compare with published ones, and "
        "neither does the score.",
        "warn");
  }
  if (benchmark.weighting != Weighting::kMay2024) {
    html += Paragraph(
        "The published rows were computed with the weights of May 2024, in which the two xstest "
        "subsets have each other’s; this run uses the current ones. Safety, and so the score, "
        "differ by that.");
  }
  html += Figure(BothLayouts([&](Layout layout) {
                   return SectionChart(names, series,
                                       "Section scores of this model and of five published "
                                       "ones; the figures are in the table below",
                                       layout);
                 }),
                 "Scores of 100 by section; the figures to the right are this model’s. Published "
                 "rows: those that ArmoRM was announced with, May 2024.");
  html += Table("Section scores, of 100", columns, cells);
  return html + CoverageTable(benchmark);
}

std::string TiesTable(const TiesScore& ties) {
  const auto line = [](const char* name, double value, const char* weight) {
    return std::vector<std::string>{name, PercentText(value), weight};
  };
  return Table(
      "What the Ties score is made of", {{"Part", Column::Kind::kText}, {"Value"}, {"Weight"}},
      {line("Prompts with many right answers: all above every wrong one", ties.tied_accuracy,
            "0.30"),
       line("Prompts with one right answer: above every wrong one", ties.ref_accuracy, "0.30"),
       line("Gap to the wrong ones wider than the spread of the right ones", ties.preferred,
            "0.20"),
       line("So even for the narrower gap of the two prompts", ties.preferred_hard, "0.20"),
       {"How much wider, −1 to 1", absl::StrFormat("%.3f", ties.margin), "0.01"},
       line("Score", ties.score, "")});
}

std::string RewardBench2(const EvalSummary& summary) {
  const BenchmarkScore& benchmark = *summary.benchmark;
  std::vector<std::string> names;
  for (const SectionScore& section : benchmark.sections) names.push_back(section.section);
  std::string html;
  if (benchmark.is_partial) {
    html += Paragraph(absl::StrCat("Partial: ", Html(WhatIsPartial(benchmark)), "."), "warn");
  }
  html += Figure(BothLayouts([&](Layout layout) {
                   return SectionChart(names, {OwnSeries(summary)},
                                       "Scores of the six subsets; the figures are in the table "
                                       "below",
                                       layout);
                 }),
                 "Scores of 100 by subset. A guess is right in one of four rows, not in two; Ties "
                 "has a score of its own.");
  html += CoverageTable(benchmark);
  for (const SubsetAccuracy& subset : summary.subsets) {
    if (subset.ties.has_value()) html += TiesTable(*subset.ties);
  }
  return html;
}

}  // namespace

PageSection BenchmarkSection(const EvalSummary& summary) {
  PageSection section = {.id = "benchmark"};
  if (!summary.benchmark.has_value()) return section;
  section.title = summary.benchmark->benchmark;
  // Rows that all failed leave subsets without a score.
  const bool has_score = summary.total.score.n() > 0;
  if (!has_score) return section;
  section.html = summary.benchmark->benchmark == kRewardBenchName ? RewardBench(summary)
                                                                  : RewardBench2(summary);
  return section;
}

}  // namespace assay::client
