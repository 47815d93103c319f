#include "client/commands/eval.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "client/commands/eval_scoring.h"
#include "client/commands/summary_flags.h"
#include "client/eval/comparison_set.h"
#include "client/eval/eval_outputs.h"
#include "client/eval/eval_tables.h"
#include "client/figures.h"
#include "client/shard.h"

namespace assay::client {
namespace {

constexpr const char* kRows =
    R"(Rows of a file (JSON lines, plain or gzip; tools/to_jsonl.py makes them of Parquet):
  {"prompt": TEXT or [messages ending with a user turn], "chosen": R, "rejected": R,
   "subset": TEXT (else the file's name), "id": TEXT or integer (else the line)}
R is a text, or a list of texts: one chosen among several rejected is a best of N; as many chosen
as rejected are RM-Bench's styles; RewardBench 2's Ties is known by its ids.
A row is right when every chosen response scores strictly higher; see --ties and --metric. A row
that cannot be scored counts as an error, not as a loss. A row whose scores lie nearer to each
other than the error of the served dtype is counted as too close to call, besides being right or
wrong. Subsets named as RewardBench's or RewardBench 2's are also put together as those benchmarks
do, and what is missing is named: only a whole benchmark's number is a score of it.

--output leaves in DIR: rows.jsonl (texts, scores, margins; a line a row), run.json (what was
scored and by what), summary.json, and for a benchmark's rows the files that RewardBench's own
scripts write (eval-set/, eval-set-scores/). The same command, stopped or killed at any moment,
goes on where it was.)";

constexpr const char* kExample = R"(Examples:
  assay eval --data filtered.jsonl --pref-sets anthropic_helpful.jsonl shp.jsonl \
    --output results --report results/report.html
  assay eval --from results --ties half --report again.html     (no server, nothing scored)
  assay eval --data all.jsonl --shard 0/2 --output part-0       (and 1/2; then, joined:)
  assay eval --from part-0 part-1 --output whole
  assay eval compare results other-results

Exit code: 0 all rows scored; 1 failed; 2 bad usage; 3 some rows have errors.)";

// The bundled demonstration model. Its accuracies invite conclusions that it cannot carry.
constexpr const char* kDemonstrationModel = "armorm-mini";

std::string NameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

absl::Status ReadFiles(const std::vector<std::string>& paths, const ComparisonSetOptions& options,
                       std::vector<Comparison>* all) {
  for (const std::string& path : paths) {
    ASSAY_ASSIGN_OR_RETURN(std::vector<Comparison> rows, ReadComparisons(path, options));
    std::move(rows.begin(), rows.end(), std::back_inserter(*all));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Comparison>> ReadAll(const EvalFlags& flags, const Streams& streams) {
  ComparisonSetOptions options = {.limit = flags.limit, .subset_field = flags.subset_field};
  std::vector<Comparison> all;
  ASSAY_RETURN_IF_ERROR(ReadFiles(flags.data, options, &all));
  std::vector<Comparison> prior;
  options.is_prior_set = true;
  ASSAY_RETURN_IF_ERROR(ReadFiles(flags.pref_sets, options, &prior));
  const size_t dropped =
      std::erase_if(prior, [](const Comparison& row) { return IsDroppedPriorSet(row.subset); });
  if (dropped > 0) {
    *streams.err << "assay: " << CountOf(static_cast<int64_t>(dropped), "row")
                 << " of pku_better and pku_safer left out, as RewardBench leaves them out\n";
  }
  std::move(prior.begin(), prior.end(), std::back_inserter(all));
  if (all.empty()) return absl::InvalidArgumentError("there is no row to score");
  return all;
}

// Keeps the rows of flags.shard and says so in `*run`.
absl::Status TakeShard(const EvalFlags& flags, std::vector<Comparison>* rows, EvalRun* run) {
  if (flags.shard.empty()) return absl::OkStatus();
  ASSAY_ASSIGN_OR_RETURN(const Shard shard,
                         ParseShard(flags.shard, std::getenv(kJobCompletionIndex)));
  const RowRange range = RowsOf(shard, static_cast<int64_t>(rows->size()));
  rows->erase(rows->begin() + range.end, rows->end());
  rows->erase(rows->begin(), rows->begin() + range.begin);
  run->shard = ShardText(shard);
  if (!rows->empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("shard ", run->shard, " has no row: there are fewer rows than shards"));
}

absl::StatusOr<ScoredRun> ScoreFiles(const EvalFlags& flags, const Streams& streams) {
  ASSAY_ASSIGN_OR_RETURN(std::vector<Comparison> rows, ReadAll(flags, streams));
  EvalRun run = {.truncation = flags.scoring.truncation, .max_tokens = flags.scoring.max_tokens};
  for (const std::vector<std::string>* files : {&flags.data, &flags.pref_sets}) {
    for (const std::string& path : *files) run.data.push_back(NameOf(path));
  }
  ASSAY_RETURN_IF_ERROR(TakeShard(flags, &rows, &run));
  ASSAY_ASSIGN_OR_RETURN(Contact contact,
                         ReachServer(flags.scoring.address, flags.scoring.connection, streams));
  run.model = contact.model;
  if (flags.scoring.detail == Detail::kObjectives) run.objectives = contact.model.objectives;
  return ScoreComparisons(std::move(rows), std::move(run),
                          {.scoring = flags.scoring,
                           .folder = flags.output,
                           .close_call = FindCloseCall(flags.summary.too_close, contact.model)},
                          &contact, streams);
}

// What is told of a run on the spot and is no part of its results.
std::string SpeedLine(const ScoredRun& scored) {
  const auto rows = static_cast<int64_t>(scored.finished.rows.size()) - scored.kept;
  return absl::StrCat("scored ", CountOf(rows, "row"), ", ", CountOf(scored.tokens, "token"), ", ",
                      Rate(scored.tokens, scored.elapsed), " tokens/s, ", Span(scored.elapsed));
}

Json SpeedJson(const ScoredRun& scored) {
  const double seconds = absl::ToDoubleSeconds(scored.elapsed);
  return {{"rows", static_cast<int64_t>(scored.finished.rows.size()) - scored.kept},
          {"tokens", scored.tokens},
          {"elapsed_seconds", seconds},
          {"tokens_per_second", seconds > 0 ? static_cast<double>(scored.tokens) / seconds : 0}};
}

int CheckUsage(const EvalFlags& flags, const Streams& streams) {
  const bool has_data = !flags.data.empty() || !flags.pref_sets.empty();
  if (has_data && !flags.from.empty()) {
    *streams.err << "assay: --from takes finished runs in the place of --data and --pref-sets\n";
    return kExitBadUsage;
  }
  if (!flags.shard.empty()) {
    const absl::StatusOr<Shard> shard = ParseShard(flags.shard, std::getenv(kJobCompletionIndex));
    if (!shard.ok()) {
      Fail(streams, shard.status());
      return kExitBadUsage;
    }
  }
  if (has_data || !flags.from.empty()) return kExitFine;
  *streams.err << "assay: name the rows to score with --data FILE, or a finished run with --from "
                  "DIR (see `assay eval --help`)\n";
  return kExitBadUsage;
}

void AddDataFlags(CLI::App* command, EvalFlags* flags) {
  command->add_option("--data", flags->data, "Rows to score; may be given several times")
      ->option_text("FILE ...");
  command
      ->add_option("--pref-sets", flags->pref_sets,
                   "Rows of RewardBench's prior sets, a file a split, named as the split")
      ->option_text("FILE ...");
  command
      ->add_option("--from", flags->from,
                   "Finished runs to compute everything from again, joined where several;\n"
                   "nothing is scored")
      ->option_text("DIR ...");
  command->add_option("--subset-field", flags->subset_field, "The field that names a row's subset")
      ->option_text("NAME [subset]");
  command->add_option("--limit", flags->limit, "Only the first N rows of each file; 0: all")
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 60))
      ->option_text("N [0]");
  command
      ->add_option("--shard", flags->shard,
                   "Only part I of N of the rows, 0 the first; auto/N takes I from a Kubernetes\n"
                   "Indexed Job (environment: ASSAY_SHARD)")
      ->envname("ASSAY_SHARD")
      ->option_text("I/N");
}

void AddOutputFlags(CLI::App* command, EvalFlags* flags) {
  command
      ->add_option("--output", flags->output, "Folder for the rows and all that follows from them")
      ->option_text("DIR");
  command
      ->add_option("--report", flags->report,
                   "A page to look at, with charts and the worst errors, in one file")
      ->option_text("FILE.html");
  command
      ->add_option("--model-name", flags->model_name,
                   "The model's name in the files for RewardBench's scripts; else the server's")
      ->option_text("ORG/NAME");
  AddFormatFlag(command, "table", &flags->json);
}

}  // namespace

CLI::App* AddEvalCommand(CLI::App* app, EvalFlags* flags) {
  CLI::App* command =
      app->add_subcommand("eval", "Measure how often the better response scores higher");
  command->footer(absl::StrCat(kRows, "\n\n", kExample));
  AddAddressFlag(command, &flags->scoring.address);
  AddDataFlags(command, flags);
  AddOutputFlags(command, flags);
  AddSummaryFlags(command, &flags->summary);
  AddScoringFlags(command, &flags->scoring);
  AddEvalCompareCommand(command, &flags->compare);
  return command;
}

int RunEval(const EvalFlags& flags, const Streams& streams) {
  if (const int usage = CheckUsage(flags, streams); usage != kExitFine) return usage;
  ScoredRun scored;
  if (flags.from.empty()) {
    absl::StatusOr<ScoredRun> run = ScoreFiles(flags, streams);
    if (!run.ok()) return Fail(streams, run.status());
    scored = *std::move(run);
  } else {
    absl::StatusOr<FinishedRun> joined = ReadRuns(flags.from);
    if (!joined.ok()) return Fail(streams, joined.status());
    scored.finished = *std::move(joined);
  }
  const FinishedRun& finished = scored.finished;
  const EvalSummary summary = Summarize(finished, flags.summary);
  const absl::StatusOr<std::vector<std::string>> remarks =
      WriteEvalOutputs(finished, summary,
                       {.folder = flags.output,
                        .writes_rows = !flags.from.empty(),
                        .report = flags.report,
                        .model_name = flags.model_name});
  if (!remarks.ok()) return Fail(streams, remarks.status());

  if (flags.json) {
    Json json = SummaryJson(summary);
    if (flags.from.empty()) json["speed"] = SpeedJson(scored);
    *streams.out << json.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
  } else {
    *streams.out << RenderTables(summary);
    if (flags.from.empty()) *streams.out << SpeedLine(scored) << '\n';
  }
  if (finished.run.model.name == kDemonstrationModel) {
    *(flags.json ? streams.err : streams.out)
        << kDemonstrationModel << " is a small demonstration model; not a judge to rely on.\n";
  }
  *streams.out << std::flush;
  if (!streams.out->good())
    return Fail(streams, absl::DataLossError("standard output could not be written"));
  for (const std::string& remark : *remarks) *streams.err << "assay: " << remark << std::endl;
  if (summary.total.errors == 0) return kExitFine;
  const auto first = std::find_if(finished.rows.begin(), finished.rows.end(),
                                  [](const EvalRow& row) { return !row.error.ok(); });
  *streams.err << "assay: " << CountOf(summary.total.errors, "row")
               << " could not be scored; the first: " << first->error.ToString() << std::endl;
  if (scored.to_retry > 0 && !flags.output.empty()) {
    *streams.err << "assay: of " << CountOf(scored.to_retry, "row")
                 << " the server was the cause: the same command tries them again" << std::endl;
  }
  return kExitSomeErrors;
}

}  // namespace assay::client
