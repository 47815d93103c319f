#include "client/commands/score.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/status_macros.h"
#include "client/commands/row_scoring.h"
#include "client/figures.h"
#include "client/resumable_output.h"
#include "client/row_input.h"
#include "client/shard.h"
#include "client/stream_output.h"
#include "client/truncation_name.h"

namespace assay::client {
namespace {

constexpr const char* kRows = R"(Input, one of these a line (plain or gzip):
  {"messages": [{"role": ..., "content": ...}, ...]}      ends with the assistant turn to score
  {"prompt": TEXT or [messages], "responses": [TEXT, ...]}
  {"prompt": TEXT or [messages], "chosen": TEXT, "rejected": TEXT}
Output, in the input's order and with its fields: `results`, one a response, of score and
input_tokens, or error {code, message}; for one response these also flat in the row; for several
`scores`; for a pair `chosen_score` and `rejected_score`. A row that is wrong gets an `error` and
the others are scored. All rows are scored by one revision of the model.)";

constexpr const char* kLongRuns =
    R"(A run that ended early, killed or stopped, is continued by the same command: beside an output file
lies FILE.checkpoint, renewed every few seconds and removed at the end, and the rows that it counts
are not scored again. A row that the server failed, by silence or a defect, keeps its error, and the
run goes on; but the checkpoint stays before it, so that the same command scores it, and what follows,
once more. With standard input the same rows must come again; those counted are passed
over. Output to standard output is not continued.
Rows are scored by several processes at once with --shard; with --output 'out-{shard}.jsonl',
`cat out-*.jsonl` is then the output of one run.)";

constexpr const char* kExample = R"(Example:
  echo '{"prompt": "Name a prime number.", "responses": ["Seven.", "No."]}' |
    assay score --input - --output - --detail objectives

Exit code: 0 all rows scored; 1 stopped early; 2 bad usage; 3 some rows have errors.)";

// Everything that the output depends on.
Json IdentityOf(const ScoreFlags& flags, const std::optional<Shard>& shard, const RowInput& input,
                const ModelInfo& model) {
  Json identity = {{"command", "score"}, {"input", flags.input}};
  if (input.bytes().has_value()) identity["input_bytes"] = *input.bytes();
  identity["model_revision"] = model.revision;
  identity["detail"] = flags.scoring.detail == Detail::kScore ? "score" : "objectives";
  identity["truncation"] = TruncationName(flags.scoring.truncation);
  identity["max_tokens"] = flags.scoring.max_tokens;
  identity["top_k"] = flags.top_k;
  identity["limit"] = flags.limit;
  if (shard.has_value()) identity["shard"] = ShardText(*shard);
  return identity;
}

// A count of a large file takes a while: it is told every ten seconds.
std::function<void(int64_t rows)> TellOfCounting(const std::string& name, const Streams& streams) {
  constexpr absl::Duration kPeriod = absl::Seconds(10);
  return [=, next = Clock::Real()->Now() + kPeriod](int64_t rows) mutable {
    const absl::Time now = Clock::Real()->Now();
    if (now < next) return;
    next = now + kPeriod;
    *streams.err << "assay: counts the rows of " << name << ", " << Count(rows) << " so far"
                 << std::endl;
  };
}

// Reaches the server, opens the output at `path`, or standard output, and runs.
absl::StatusOr<int> ScoreInput(const ScoreFlags& flags, const Streams& streams,
                               const std::optional<Shard>& shard, const std::string& path) {
  ASSAY_ASSIGN_OR_RETURN(
      const std::unique_ptr<RowInput> input,
      RowInput::Open({.path = flags.input, .limit = flags.limit, .shard = shard}));
  ASSAY_ASSIGN_OR_RETURN(Contact contact,
                         ReachServer(flags.scoring.address, flags.scoring.connection, streams));
  ASSAY_RETURN_IF_ERROR(input->Count(TellOfCounting(input->name(), streams)));
  StreamOutput standard_output(streams.out);
  std::unique_ptr<ResumableOutput> file;
  if (path != "-") {
    ASSAY_ASSIGN_OR_RETURN(
        file, ResumableOutput::Open(
                  {.path = path, .identity = IdentityOf(flags, shard, *input, contact.model)}));
    ASSAY_RETURN_IF_ERROR(input->Skip(file->kept().rows));
  }
  RowSink* const output = file == nullptr ? static_cast<RowSink*>(&standard_output) : file.get();
  return ScoreRows({.scoring = flags.scoring,
                    .top_k = static_cast<size_t>(flags.top_k),
                    .explain = flags.explain},
                   {input.get(), output, file.get()}, &contact, streams);
}

}  // namespace

CLI::App* AddScoreCommand(CLI::App* app, ScoreFlags* flags) {
  CLI::App* command = app->add_subcommand("score", "Score the rows of a file of JSON lines");
  command->footer(absl::StrCat(kRows, "\n\n", kLongRuns, "\n\n", kExample));
  AddAddressFlag(command, &flags->scoring.address);
  command->add_option("--input", flags->input, "Rows to score; - is standard input")
      ->required()
      ->option_text("FILE|-");
  command
      ->add_option("--output", flags->output,
                   "Where the rows go; - is standard output; {shard} becomes the\nshard's number")
      ->required()
      ->option_text("FILE|-");
  AddScoringFlags(command, &flags->scoring);
  command->add_option("--top-k", flags->top_k, "Coefficients to name, the largest by magnitude")
      ->check(CLI::Range(0, 1000))
      ->option_text("N [3]");
  command->add_flag(
      "--explain", flags->explain,
      "With --detail objectives: a line a row on standard error\n(on a terminal always)");
  command->add_option("--limit", flags->limit, "Only the first N rows; 0: all")
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 60))
      ->option_text("N [0]");
  command
      ->add_option("--shard", flags->shard,
                   "Only part I, 0 to N-1, of N parts of a file's rows; auto/N in the pods\nof a "
                   "Kubernetes Indexed Job\n(environment: ASSAY_SHARD)")
      ->envname("ASSAY_SHARD")
      ->option_text("I/N");
  return command;
}

int RunScore(const ScoreFlags& flags, const Streams& streams) {
  const auto refuse = [&streams](absl::string_view why) {
    *streams.err << "assay: " << why << std::endl;
    return kExitBadUsage;
  };
  std::optional<Shard> shard;
  if (!flags.shard.empty()) {
    const absl::StatusOr<Shard> parsed = ParseShard(flags.shard, std::getenv(kJobCompletionIndex));
    if (!parsed.ok()) return refuse(parsed.status().message());
    shard = *parsed;
  }
  if (!shard.has_value() && NamesShard(flags.output)) {
    return refuse("--output has {shard} in it, and --shard does not say which");
  }
  const std::string path = PathOfShard(flags.output, shard.value_or(Shard()));
  std::error_code ignored;
  if (path != "-" && std::filesystem::equivalent(flags.input, path, ignored)) {
    return refuse("--input and --output are the same file");
  }
  const absl::StatusOr<int> exit_code = ScoreInput(flags, streams, shard, path);
  return exit_code.ok() ? *exit_code : Fail(streams, exit_code.status());
}

}  // namespace assay::client
