#include "client/load_report.h"

#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/figures.h"
#include "client/text_table.h"

namespace assay::client {
namespace {

struct Point {
  const char* name;
  double percent;
};
constexpr std::array<Point, 5> kPoints = {
    {{"p50", 50}, {"p90", 90}, {"p99", 99}, {"p99.9", 99.9}, {"max", 100}}};

struct Stage {
  const char* name;
  absl::Duration StageTimes::*sum;
};
constexpr std::array<Stage, 4> kStages = {{{"wait_encode", &StageTimes::wait_encode},
                                           {"encode", &StageTimes::encode},
                                           {"queue", &StageTimes::queue},
                                           {"forward", &StageTimes::forward}}};

Json JsonPercentiles(const LatencySamples& samples) {
  if (samples.count() == 0) return nullptr;
  Json json;
  for (const Point& point : kPoints) {
    json[point.name] = absl::ToDoubleSeconds(samples.Percentile(point.percent));
  }
  return json;
}

void AddPercentiles(const char* name, const LatencySamples& samples, TextTable* table) {
  if (samples.count() == 0) return;
  std::vector<std::string> cells = {name};
  for (const Point& point : kPoints) cells.push_back(Latency(samples.Percentile(point.percent)));
  table->AddRow(std::move(cells));
}

}  // namespace

std::string Latency(absl::Duration latency) {
  const double seconds = absl::ToDoubleSeconds(latency);
  const auto with_unit = [](double value, const char* unit) {
    const int decimals = value < 10 ? 2 : value < 100 ? 1 : 0;
    return absl::StrFormat("%.*f %s", decimals, value, unit);
  };
  if (seconds < 1e-3) return with_unit(seconds * 1e6, "us");
  if (seconds < 1) return with_unit(seconds * 1e3, "ms");
  return with_unit(seconds, "s");
}

std::string RenderLoadText(const LoadTally& tally) {
  TextTable outcomes({{"outcome", TextTable::Align::kLeft}, {"requests"}, {"%"}});
  const auto add = [&](const std::string& name, int64_t count) {
    outcomes.AddRow({name, Count(count),
                     tally.counted > 0
                         ? Percent(static_cast<double>(count) / static_cast<double>(tally.counted))
                         : "-"});
  };
  add("ok", tally.ok);
  add("refused", tally.refused);
  add("  told how long to wait", tally.with_wait);
  add("missed its deadline", tally.missed);
  if (tally.wrong > 0) add("wrong score", tally.wrong);
  for (const auto& [code, count] : tally.others) add(absl::StatusCodeToString(code), count);
  outcomes.AddRule();
  add("sent", tally.counted);

  TextTable latencies(
      {{"latency", TextTable::Align::kLeft}, {"p50"}, {"p90"}, {"p99"}, {"p99.9"}, {"max"}});
  AddPercentiles("ok, from the intended send", tally.latency, &latencies);
  AddPercentiles("refused, from the send", tally.refusal, &latencies);
  AddPercentiles("sent late by", tally.lateness, &latencies);

  std::string text = absl::StrCat(outcomes.Render(), "\n", latencies.Render(), "\n");
  absl::StrAppend(&text, "goodput  ", Rate(tally.answered, tally.window()), " requests/s, ",
                  Rate(tally.answered_tokens, tally.window()), " input tokens/s, answered in ",
                  Span(tally.window()), "\n");
  if (tally.ok == 0) return text;
  absl::StrAppend(&text, "stages, mean on the server:");
  for (const Stage& stage : kStages) {
    absl::StrAppend(&text, " ", stage.name, " ", Latency(tally.stages.*stage.sum / tally.ok));
  }
  return text + "\n";
}

Json RenderLoadJson(const LoadTally& tally) {
  Json others = Json::object();
  for (const auto& [code, count] : tally.others) others[absl::StatusCodeToString(code)] = count;
  Json stages = nullptr;
  if (tally.ok > 0) {
    for (const Stage& stage : kStages) {
      stages[stage.name] = absl::ToDoubleSeconds(tally.stages.*stage.sum / tally.ok);
    }
  }
  return {{"sent", tally.counted},
          {"ok", tally.ok},
          {"wrong", tally.wrong},
          {"refused", tally.refused},
          {"refused_with_wait", tally.with_wait},
          {"missed", tally.missed},
          {"others", others},
          {"seconds", absl::ToDoubleSeconds(tally.window())},
          {"goodput", tally.goodput()},
          {"input_tokens_per_second", tally.tokens_per_second()},
          {"latency", JsonPercentiles(tally.latency)},
          {"refusal", JsonPercentiles(tally.refusal)},
          {"lateness", JsonPercentiles(tally.lateness)},
          {"stages", stages}};
}

}  // namespace assay::client
