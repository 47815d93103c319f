#include "client/commands/eval_compare.h"

#include <CLI/CLI.hpp>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "client/commands/scoring_flags.h"
#include "client/commands/summary_flags.h"
#include "client/eval/eval_run.h"
#include "client/eval/run_difference_report.h"
#include "client/figures.h"

namespace assay::client {
namespace {

constexpr const char* kRuns =
    R"(A and B are folders that `assay eval --output` wrote, or the rows in them: the same data scored
by two models, two dtypes or two builds. Rows are matched by subset, id and how often both came
before; rows whose texts differ are refused. B - A is in points. p is the exact McNemar test's,
two-sided, also adjusted by Holm over the subsets; the interval is Newcombe's (1998, method 10), for
sections and benchmarks summed over their subsets with the published weights.
Under one model revision it is also said whether the scores are bit-equal, and how far apart.)";

constexpr const char* kExample = R"(Example, the gate of a canary:
  assay eval compare results/stable results/canary --fail-if-worse 0.01

Exit code: 0 compared; 1 failed; 2 bad usage; 3 rows with errors were left out; 4 B is worse.)";

absl::StatusOr<RunDifference> Compare(const EvalCompareFlags& flags) {
  ASSAY_ASSIGN_OR_RETURN(FinishedRun a, ReadRun(flags.a));
  ASSAY_ASSIGN_OR_RETURN(FinishedRun b, ReadRun(flags.b));
  return CompareRuns(std::move(a), std::move(b), flags.compare);
}

}  // namespace

CLI::App* AddEvalCompareCommand(CLI::App* eval, EvalCompareFlags* flags) {
  CLI::App* command =
      eval->add_subcommand("compare", "Compare two runs over the same rows, row by row");
  command->footer(absl::StrCat(kRuns, "\n\n", kExample));
  command->add_option("A", flags->a, "The run to compare with")->required()->option_text("RUN");
  command->add_option("B", flags->b, "The run that may be better or worse")
      ->required()
      ->option_text("RUN");
  AddFormatFlag(command, "table", &flags->json);
  command
      ->add_option("--flips", flags->flips,
                   "Rows shown that only one of the runs has right, the surest first")
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 40))
      ->option_text("N [20]");
  command
      ->add_option_function<std::string>(
          "--scores",
          [flags](const std::string& when) {
            flags->compare.scores = when == "always" ? CompareOptions::Scores::kAlways
                                                     : CompareOptions::Scores::kOfOneRevision;
          },
          "Compare the scores themselves only where the runs' model\nrevisions are the same, or "
          "always")
      ->check(CLI::IsMember({"same-revision", "always"}))
      ->option_text("{same-revision,always} [same-revision]");
  AddSummaryFlags(command, &flags->compare.summary);
  command
      ->add_option_function<double>(
          "--fail-if-worse",
          [flags](double p) {
            if (!(p > 0 && p < 1)) {
              throw CLI::ValidationError("--fail-if-worse", "not between 0 and 1");
            }
            flags->fail_if_worse = p;
          },
          "Exit code 4 where B is worse over all rows or in a section of\nthe benchmark, with a "
          "one-sided p below this; each is looked\nat alone, so choose it small")
      ->option_text("P");
  return command;
}

int RunEvalCompare(const EvalCompareFlags& flags, const Streams& streams) {
  const absl::StatusOr<RunDifference> difference = Compare(flags);
  if (!difference.ok()) return Fail(streams, difference.status());
  const auto flips = static_cast<size_t>(flags.flips);
  if (flags.json) {
    *streams.out
        << DifferenceJson(*difference, flips).dump(2, ' ', false, Json::error_handler_t::replace)
        << '\n';
  } else {
    *streams.out << RenderDifference(*difference, flips);
  }
  streams.out->flush();
  if (!streams.out->good()) {
    return Fail(streams, absl::DataLossError("standard output could not be written"));
  }
  if (flags.fail_if_worse.has_value()) {
    const std::vector<std::string> worse = WorseIn(*difference, *flags.fail_if_worse);
    if (!worse.empty()) {
      *streams.err << "assay: B is worse than A, with a one-sided p below " << *flags.fail_if_worse
                   << ", in: " << absl::StrJoin(worse, ", ") << std::endl;
      return kExitWorse;
    }
  }
  if (difference->with_errors == 0) return kExitFine;
  *streams.err << "assay: " << CountOf(difference->with_errors, "row")
               << " with errors left out; score them again to compare whole runs" << std::endl;
  return kExitSomeErrors;
}

}  // namespace assay::client
