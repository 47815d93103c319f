#include "tools/fleet_simulator/fleet_report.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/figures.h"
#include "client/load_report.h"
#include "client/text_table.h"

namespace assay::fleet {
namespace {

using client::Json;
using client::TextTable;

struct Name {
  Outcome outcome;
  const char* key;
  const char* text;
};
constexpr std::array<Name, kOutcomes> kNames = {
    {{Outcome::kOk, "ok", "ok"},
     {Outcome::kRefused, "refused", "refused"},
     {Outcome::kMissed, "missed", "missed its deadline"},
     {Outcome::kUnavailable, "unavailable", "no replica answered"}}};

struct Point {
  const char* name;
  double percent;
};
constexpr std::array<Point, 5> kPoints = {
    {{"p50", 50}, {"p90", 90}, {"p99", 99}, {"p99.9", 99.9}, {"max", 100}}};

Json JsonLatency(const client::LatencySamples& samples) {
  if (samples.count() == 0) return nullptr;
  Json json;
  for (const Point& point : kPoints) {
    json[point.name] = absl::ToDoubleSeconds(samples.Percentile(point.percent));
  }
  return json;
}

std::string LatencyAt(const CallTally& calls, double percent) {
  return calls.latency.count() > 0 ? client::Latency(calls.latency.Percentile(percent)) : "-";
}

double PerSecond(double amount, absl::Duration time) {
  return time > absl::ZeroDuration() ? amount / absl::ToDoubleSeconds(time) : 0;
}

double MeanReplicas(const SimulationOptions& options, const FleetTally& tally) {
  return PerSecond(tally.replica_seconds, options.duration);
}

std::string RenderTimeline(const FleetTally& tally) {
  TextTable table({{"until s"},
                   {"ready"},
                   {"starting"},
                   {"queued tokens"},
                   {"sent"},
                   {"ok"},
                   {"refused"},
                   {"missed"},
                   {"p50"},
                   {"p99"}});
  for (const TimelineRow& row : tally.timeline) {
    table.AddRow({absl::StrCat(absl::ToInt64Seconds(row.until)), client::Count(row.ready),
                  client::Count(row.starting), client::Count(row.queued_tokens),
                  client::Count(row.sent), client::Count(row.ended.of(Outcome::kOk)),
                  client::Count(row.ended.of(Outcome::kRefused)),
                  client::Count(row.ended.of(Outcome::kMissed)), LatencyAt(row.ended, 50),
                  LatencyAt(row.ended, 99)});
  }
  return table.Render();
}

}  // namespace

std::string RenderFleetText(const SimulationOptions& options, const FleetTally& tally) {
  const CallTally& calls = tally.counted;
  TextTable outcomes({{"outcome", TextTable::Align::kLeft}, {"calls"}, {"%"}});
  for (const Name& name : kNames) {
    const double share =
        calls.calls() > 0 ? static_cast<double>(calls.of(name.outcome)) / calls.calls() : 0;
    outcomes.AddRow({name.text, client::Count(calls.of(name.outcome)), client::Percent(share)});
  }
  outcomes.AddRule();
  outcomes.AddRow({"sent", client::Count(calls.calls())});
  std::string text = outcomes.Render();

  absl::StrAppend(&text, "\nlatency of ok ");
  for (const Point& point : kPoints) {
    absl::StrAppend(&text, "  ", point.name, " ", LatencyAt(calls, point.percent));
  }
  absl::StrAppend(
      &text, "\ngoodput        ", client::Rate(tally.answered, tally.window), " requests/s, ",
      client::Count(static_cast<int64_t>(tally.tokens_per_second())), " computed tokens/s",
      "\nreplicas       ", absl::StrFormat("%.1f", MeanReplicas(options, tally)), " on average, ",
      tally.most_replicas, " ready at most, ", tally.broken, " broke; devices busy ",
      client::Percent(tally.utilisation()), " %", "\nbatches        ", client::Count(tally.passes),
      ", of ",
      client::Count(tally.passes > 0 ? static_cast<int64_t>(tally.computed_tokens / tally.passes)
                                     : 0),
      " tokens on average\nrefusals       ", client::Count(tally.refusals),
      " by replicas; tries a call ",
      absl::StrFormat("%.2f",
                      calls.calls() > 0 ? static_cast<double>(calls.tries) / calls.calls() : 0),
      ", hedges ", client::Count(tally.hedges), "\n");
  if (!tally.timeline.empty()) absl::StrAppend(&text, "\n", RenderTimeline(tally));
  return text;
}

Json RenderFleetJson(const SimulationOptions& options, const FleetTally& tally) {
  const CallTally& calls = tally.counted;
  Json json = {{"sent", calls.calls()}};
  for (const Name& name : kNames) json[name.key] = calls.of(name.outcome);
  json["seconds"] = absl::ToDoubleSeconds(tally.window);
  json["goodput"] = tally.goodput();
  json["computed_tokens_per_second"] = tally.tokens_per_second();
  json["latency"] = JsonLatency(calls.latency);
  json["utilisation"] = tally.utilisation();
  json["mean_replicas"] = MeanReplicas(options, tally);
  json["most_replicas"] = tally.most_replicas;
  json["broken"] = tally.broken;
  json["mean_calls_under_way"] = PerSecond(tally.call_seconds, options.duration);
  json["batches"] = tally.passes;
  json["batch_tokens"] =
      tally.passes > 0 ? tally.computed_tokens / static_cast<double>(tally.passes) : 0;
  json["refusals"] = tally.refusals;
  json["tries"] = calls.tries;
  json["hedges"] = tally.hedges;
  for (const TimelineRow& row : tally.timeline) {
    Json entry = {{"until", absl::ToDoubleSeconds(row.until)},
                  {"ready", row.ready},
                  {"starting", row.starting},
                  {"queued_tokens", row.queued_tokens},
                  {"sent", row.sent}};
    for (const Name& name : kNames) entry[name.key] = row.ended.of(name.outcome);
    entry["latency"] = JsonLatency(row.ended.latency);
    json["timeline"].push_back(std::move(entry));
  }
  return json;
}

}  // namespace assay::fleet
