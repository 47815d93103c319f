#include "client/eval/report/head.h"

#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "client/eval/report/html_text.h"
#include "client/figures.h"

namespace assay::client {
namespace {

constexpr size_t kShortHash = 12;  // Enough to tell revisions apart by eye.

// `value_html` is HTML.
std::string Fact(absl::string_view name, absl::string_view value_html) {
  return absl::StrCat("<div><dt>", name, "</dt><dd>", value_html, "</dd></div>");
}

std::string ShortHash(const std::string& hash) {
  if (hash.size() <= kShortHash) return absl::StrCat("<code>", Html(hash), "</code>");
  return absl::StrCat("<code title=\"", Html(hash), "\">", Html(hash.substr(0, kShortHash)),
                      "…</code>");
}

std::string Code(const std::string& text) { return absl::StrCat("<code>", Html(text), "</code>"); }

std::string TiesText(const TieRule& rule) {
  switch (rule.kind) {
    case TieRule::Kind::kLoss:
      return "wrong";
    case TieRule::Kind::kHalf:
      return "half right";
    case TieRule::Kind::kCoin:
      return absl::StrCat("right or wrong by a coin, seed ", rule.seed);
  }
  return "";
}

std::string TruncationText(const EvalRun& run) {
  const std::string limit =
      run.max_tokens > 0 ? absl::StrCat(Count(run.max_tokens), " tokens") : "the server’s limit";
  switch (run.truncation) {
    case Truncation::kRefuse:
      return absl::StrCat("beyond ", limit, ": an error");
    case Truncation::kKeepEnd:
      return absl::StrCat("beyond ", limit, ": the end is kept");
    case Truncation::kKeepStart:
      return absl::StrCat("beyond ", limit, ": the start is kept");
  }
  return "";
}

// "cpu", or "2 × cpu, cuda:0" where workers share a device.
std::string DevicesText(const std::vector<std::string>& devices) {
  std::map<std::string, int> counts;
  for (const std::string& device : devices) ++counts[device];
  return absl::StrJoin(counts, ", ", [](std::string* out, const auto& each) {
    if (each.second > 1) absl::StrAppend(out, each.second, " × ");
    absl::StrAppend(out, each.first);
  });
}

bool IsRewardBench(const EvalSummary& summary) {
  return summary.benchmark.has_value() && summary.benchmark->benchmark == kRewardBenchName;
}

std::string BigFigure(absl::string_view figure_html, absl::string_view meaning_html) {
  return absl::StrCat("<div class=\"score\"><p class=\"big\">", figure_html, "</p><p>",
                      meaning_html, "</p></div>\n");
}

std::string ScoreFigure(const EvalSummary& summary) {
  const Tally& total = summary.total.score;
  if (total.n() == 0) return BigFigure("–", "No row was scored: there is no accuracy to show.");
  if (!summary.benchmark.has_value()) {
    return BigFigure(PercentText(total.accuracy()),
                     absl::StrCat("accuracy over all rows; 95 % interval ",
                                  IntervalText(WilsonInterval(total.credit, total.n()))));
  }
  const BenchmarkScore& benchmark = *summary.benchmark;
  const std::string figure = Percent(benchmark.score);
  const std::string name = Html(benchmark.benchmark);
  if (benchmark.is_partial) {
    return BigFigure(absl::StrCat(figure, " <span class=\"badge warn\">partial</span>"),
                     absl::StrCat("of 100, over those parts of ", name, " that are present; not a ",
                                  name, " score to compare with others’. Partial: ",
                                  Html(WhatIsPartial(benchmark)), "."));
  }
  std::string meaning = absl::StrCat("of 100: ", name, " score");
  if (IsRewardBench(summary)) {
    absl::StrAppend(&meaning, benchmark.has_prior_sets ? ", with Prior Sets at half weight"
                                                       : ", of four sections, without Prior Sets");
  }
  return BigFigure(figure, meaning);
}

std::string Identity(const ModelInfo& model) {
  std::string facts = "<dl class=\"hashes\">";
  for (const auto& [name, value] :
       {std::pair<const char*, const std::string&>{"Revision", model.revision},
        {"Weights", model.weights_hash},
        {"Config", model.config_hash},
        {"Tokenizer", model.tokenizer_hash},
        {"Template", model.template_hash}}) {
    absl::StrAppend(&facts, Fact(name, Code(value)));
  }
  return Details("Every hash", facts + "</dl>");
}

std::string Facts(const EvalSummary& summary) {
  const EvalRun& run = summary.run;
  std::string facts = "<dl class=\"facts\">";
  const auto add = [&facts](absl::string_view name, const std::string& value) {
    if (!value.empty()) absl::StrAppend(&facts, Fact(name, value));
  };
  add("Revision", ShortHash(run.model.revision));
  add("Architecture", Html(run.model.architecture));
  add("Arithmetic", Html(absl::StrCat(run.model.dtype, ", ", run.model.heads, " heads")));
  add("Device", Html(DevicesText(run.model.devices)));
  add("Data", Html(absl::StrJoin(run.data, ", ")));
  if (!run.shard.empty()) add("Part of the data", Html(run.shard));
  add("Tokens scored", Count(summary.tokens));
  add("Long conversations", TruncationText(run));
  add("Equal scores count", TiesText(summary.options.ties));
  add("Measure", summary.options.metric.has_value() ? MetricName(*summary.options.metric)
                                                    : "by each row’s shape");
  if (IsRewardBench(summary)) {
    add("Weights", summary.benchmark->weighting == Weighting::kMay2024
                       ? "RewardBench’s of May 2024"
                       : "RewardBench’s current ones");
  }
  return facts + "</dl>\n";
}

}  // namespace

std::string WhatIsPartial(const BenchmarkScore& benchmark) {
  std::vector<std::string> parts;
  if (!benchmark.is_partial) return "";
  for (const SectionScore& section : benchmark.sections) {
    if (!section.score.has_value()) {
      // A score of four sections is whole; only the fifth may stay away.
      const bool is_optional =
          &section == &benchmark.sections.back() && benchmark.benchmark == kRewardBenchName;
      if (!is_optional) parts.push_back(absl::StrCat(section.section, " is missing"));
    } else if (section.is_partial) {
      std::string part = absl::StrCat(section.section, " has ", Count(section.rows), " of ",
                                      Count(section.published_rows), " rows");
      if (!section.missing.empty())
        absl::StrAppend(&part, " (without ", absl::StrJoin(section.missing, ", "), ")");
      else if (section.rows == section.published_rows)
        part += ", but not the same in each subset";
      parts.push_back(part);
    }
  }
  return absl::StrJoin(parts, "; ");
}

std::string PageTitle(const EvalSummary& summary) {
  std::string title = absl::StrCat(summary.run.model.name, ": ");
  if (summary.total.score.n() == 0) return title + "no row scored";
  if (!summary.benchmark.has_value())
    return absl::StrCat(title, PercentText(summary.total.score.accuracy()), " right");
  return absl::StrCat(title, summary.benchmark->benchmark, " ", Percent(summary.benchmark->score),
                      summary.benchmark->is_partial ? " (partial)" : "");
}

std::string PageHead(const EvalSummary& summary) {
  const int64_t errors = summary.total.errors;
  std::string rows = absl::StrCat(CountOf(summary.total.score.n(), "row"), " scored");
  if (errors > 0) {
    absl::StrAppend(&rows, ", <strong class=\"bad\">", CountOf(errors, "row"),
                    " with errors</strong>, left out of every figure");
  }
  return absl::StrCat("<header><p class=\"kicker\">Evaluation of a reward model</p><h1>",
                      Html(summary.run.model.name), "</h1>\n", ScoreFigure(summary),
                      Paragraph(absl::StrCat(rows, ".")), Facts(summary),
                      Identity(summary.run.model), "</header>\n");
}

}  // namespace assay::client
