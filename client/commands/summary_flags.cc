#include "client/commands/summary_flags.h"

#include <CLI/CLI.hpp>
#include <cmath>
#include <string>

#include "client/eval/benchmark.h"
#include "client/eval/credit.h"

namespace assay::client {

void AddSummaryFlags(CLI::App* command, SummaryOptions* options) {
  command
      ->add_option_function<std::string>(
          "--ties",
          [options](const std::string& text) {
            const absl::StatusOr<TieRule> rule = ParseTieRule(text);
            if (!rule.ok())
              throw CLI::ValidationError("--ties", std::string(rule.status().message()));
            options->ties = *rule;
          },
          "What a pair of equal scores is worth: nothing (RewardBench),\nhalf (RLHFlow), or what a "
          "coin says")
      ->option_text("{loss,half,coin:SEED} [" + TieRuleName(options->ties) + "]");
  command
      ->add_option_function<std::string>(
          "--metric",
          [options](const std::string& name) {
            for (const Metric metric : {Metric::kAllAbove, Metric::kBestOfN, Metric::kMatrix}) {
              if (name == MetricName(metric)) options->metric = metric;
            }
          },
          "When a row is right; else its number of responses decides")
      ->check(CLI::IsMember({MetricName(Metric::kAllAbove), MetricName(Metric::kBestOfN),
                             MetricName(Metric::kMatrix)}))
      ->option_text("{all-above,best-of-n,matrix}");
  command
      ->add_option_function<std::string>(
          "--weights",
          [options](const std::string& name) {
            options->weighting = name == "current" ? Weighting::kCurrent : Weighting::kMay2024;
          },
          "RewardBench's weights: today's, or those of the scores\npublished in May 2024")
      ->check(CLI::IsMember({"current", "2024-05"}))
      ->option_text("{current,2024-05} [current]");
  command
      ->add_option_function<double>(
          "--too-close",
          [options](double margin) {
            // A range check lets NaN pass.
            if (!(margin >= 0) || std::isinf(margin)) {
              throw CLI::ValidationError("--too-close", "not a number of 0 or more");
            }
            options->too_close = margin;
          },
          "Rows with a smaller margin are too close to call; else what\nthe server knew of its "
          "dtype's error decides")
      ->option_text("MARGIN");
}

}  // namespace assay::client
