#include "client/eval/eval_summary.h"

#include "client/model_identity.h"

namespace assay::client {
namespace {

Json TallyJson(const Tally& tally) {
  Json json = {{"wins", tally.wins}, {"ties", tally.ties}, {"losses", tally.losses}};
  if (tally.n() == 0) return json;
  const Interval interval = WilsonInterval(tally.credit, tally.n());
  json["accuracy"] = tally.accuracy();
  json["interval_95"] = {interval.low, interval.high};
  return json;
}

Json SubsetJson(const SubsetAccuracy& sums, const EvalSummary& summary) {
  Json json = {{"subset", sums.subset}, {"rows", sums.score.n()}, {"errors", sums.errors}};
  json["metric"] = sums.metric.has_value() ? Json(MetricName(*sums.metric)) : Json();
  if (summary.close_call.has_value()) json["too_close"] = sums.too_close;
  json["score"] = TallyJson(sums.score);
  if (sums.styles.has_value()) {
    json["styles"] = {
        {"hard", sums.styles->hard}, {"normal", sums.styles->normal}, {"easy", sums.styles->easy}};
  }
  if (sums.ties.has_value()) {
    json["ties_score"] = {{"score", sums.ties->score},
                          {"tied_accuracy", sums.ties->tied_accuracy},
                          {"ref_accuracy", sums.ties->ref_accuracy},
                          {"preferred", sums.ties->preferred},
                          {"preferred_hard", sums.ties->preferred_hard},
                          {"margin", sums.ties->margin}};
  }
  const std::vector<std::string>& objectives = summary.run.objectives;
  for (size_t k = 0; k < objectives.size() && k < sums.objectives.size(); ++k)
    json["objectives"][objectives[k]] = TallyJson(sums.objectives[k]);
  return json;
}

Json BenchmarkJson(const std::optional<BenchmarkScore>& benchmark) {
  if (!benchmark.has_value()) return nullptr;
  Json sections = Json::array();
  for (const SectionScore& section : benchmark->sections) {
    sections.push_back({{"section", section.section},
                        {"score", section.score.has_value() ? Json(*section.score) : Json()},
                        {"partial", section.is_partial},
                        {"rows", section.rows},
                        {"published_rows", section.published_rows},
                        {"missing", section.missing}});
  }
  return {{"benchmark", benchmark->benchmark},
          {"weights", benchmark->weighting == Weighting::kCurrent ? "current" : "2024-05"},
          {"score", benchmark->score},
          {"partial", benchmark->is_partial},
          {"prior_sets", benchmark->has_prior_sets},
          {"sections", sections}};
}

}  // namespace

EvalSummary Summarize(const FinishedRun& finished, const SummaryOptions& options) {
  EvalSummary summary = {.run = finished.run, .options = options};
  summary.close_call = FindCloseCall(options.too_close, finished.run.model);
  AccuracyOptions accuracy = {
      .objectives = finished.run.objectives.size(), .ties = options.ties, .metric = options.metric};
  if (summary.close_call.has_value()) accuracy.too_close = summary.close_call->margin;
  summary.subsets = SubsetAccuracies(finished.rows, accuracy);
  summary.total = TotalAccuracy(summary.subsets);
  std::vector<SubsetScore> scores;
  for (const SubsetAccuracy& sums : summary.subsets)
    scores.push_back({.subset = sums.subset, .score = sums.value(), .rows = sums.score.n()});
  summary.benchmark = ScoreBenchmark(scores, options.weighting);
  // RewardBench 2's names are such as others have too; its rows are one against several, or Ties.
  for (const SubsetAccuracy& sums : summary.subsets) {
    const bool is_second = sums.metric == Metric::kBestOfN || sums.ties.has_value();
    if (summary.benchmark.has_value() && summary.benchmark->benchmark == kRewardBench2Name &&
        !is_second) {
      summary.benchmark.reset();
    }
  }
  for (const EvalRow& row : finished.rows) summary.tokens += TokensOf(row);
  return summary;
}

Json SummaryJson(const EvalSummary& summary) {
  Json json = {{"model", ModelIdentityJson(summary.run.model)},
               {"data", summary.run.data},
               {"shard", summary.run.shard},
               {"ties", TieRuleName(summary.options.ties)},
               {"too_close", CloseCallJson(summary.close_call)},
               {"tokens", summary.tokens},
               {"benchmark", BenchmarkJson(summary.benchmark)}};
  Json& subsets = json["subsets"] = Json::array();
  for (const SubsetAccuracy& sums : summary.subsets) subsets.push_back(SubsetJson(sums, summary));
  json["all_rows"] = SubsetJson(summary.total, summary);
  json["all_rows"].erase("subset");
  return json;
}

}  // namespace assay::client
