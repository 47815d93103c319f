#include "client/commands/score.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/status_macros.h"
#include "client/figures.h"
#include "client/ordered_lines.h"
#include "client/progress_bar.h"
#include "client/resumable_output.h"
#include "client/row_error.h"
#include "client/row_input.h"
#include "client/row_sink.h"
#include "client/score_rows.h"
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

// A row between its reading and its writing.
struct OpenRow {
  int64_t place;  // In the output.
  int64_t line;   // In the input.
  RowKind kind;
  Json fields;
  int64_t replaced;  // 1 where it lost fields to the output's.
};

RowCounts CountsOf(const absl::StatusOr<ScoreReply>& outcome, int64_t replaced) {
  RowCounts counts = {.rows = 1, .errors = HasError(outcome) ? 1 : 0, .replaced = replaced};
  if (!outcome.ok()) return counts;
  for (const absl::StatusOr<Score>& result : outcome->results) {
    if (!result.ok()) continue;
    ++counts.responses;
    counts.tokens += result->input_tokens;
  }
  return counts;
}

// Whether a result is missing for no fault of the row's.
bool IsTheServersFault(const absl::StatusOr<ScoreReply>& outcome) {
  if (!outcome.ok()) return !IsTheRowsOwn(outcome.status());
  return absl::c_any_of(outcome->results, [](const absl::StatusOr<Score>& result) {
    return !result.ok() && !IsTheRowsOwn(result.status());
  });
}

// Where the rows come from and go.
struct Rows {
  RowInput* input;
  RowSink* output;
  ResumableOutput* resumable;  // `output` too, or null.

  RowCounts kept() const { return resumable == nullptr ? RowCounts() : resumable->kept(); }
};

// One run: rows from the reader's thread, outcomes on the caller's.
class ScoreRun {
 public:
  ScoreRun(const ScoreFlags& flags, const Streams& streams, const ModelInfo& model,
           const Rows& rows)
      : flags_(flags),
        streams_(streams),
        model_(model),
        rows_(rows),
        lines_(rows.output, flags.scoring.in_flight),
        progress_(streams.err, Clock::Real(),
                  {.noun = "row",
                   .total = rows.input->total().value_or(0),
                   .kept = rows.kept().rows,
                   .on_terminal = streams.err_is_terminal}) {
    if (flags.scoring.detail == Detail::kObjectives)
      detail_ = {model.objectives, static_cast<size_t>(flags.top_k)};
    explain_ = !detail_.objectives.empty() && (flags.explain || streams.err_is_terminal);
  }

  int Run(RewardClient* client) {
    if (rows_.kept().rows > 0) {
      progress_.Say(absl::StrCat("continues after ", CountOf(rows_.kept().rows, "row")));
    }
    const BulkOptions bulk = {
        .max_in_flight = flags_.scoring.in_flight,
        .one_revision = true,
        // As many rows may wait for an earlier one to be written as may be open.
        .on_room = [this](int64_t requests) { lines_.SetWindow(2 * requests); },
        .on_reconnect =
            [this](const absl::Status& why) {
              progress_.Say(
                  absl::StrCat("assay: the stream broke and is opened again: ", why.ToString()));
            },
        // Rows answered from here on say only that; a run that continues has to score them.
        .on_give_up = [this](const absl::Status& /*why*/) { Suspend(); }};
    const absl::Status verdict = client->ScoreAll(
        [this] { return NextRequest(); },
        [this](int64_t index, absl::StatusOr<ScoreReply> outcome) { TakeOutcome(index, outcome); },
        bulk, flags_.scoring.timeout);
    return Report(verdict);
  }

 private:
  // On the source's thread: the next row that can be sent; bad ones are written as they come.
  std::optional<ScoreRequest> NextRequest() ABSL_LOCKS_EXCLUDED(mu_) {
    while (true) {
      const absl::StatusOr<std::optional<RowInput::Row>> row = rows_.input->Next();
      if (!row.ok()) input_error_ = row.status();
      if (!row.ok() || !row->has_value()) return std::nullopt;
      const absl::StatusOr<int64_t> place = lines_.TakePlace();
      if (!place.ok()) return std::nullopt;  // Report() asks `lines_`.
      if (std::optional<ScoreRequest> request = Open(*place, **row)) return request;
    }
  }

  // The request of the row, which is open from now on; or nullopt, and the row is written with its
  // error.
  std::optional<ScoreRequest> Open(int64_t place, const RowInput::Row& source)
      ABSL_LOCKS_EXCLUDED(mu_) {
    absl::StatusOr<Json> fields = ParseJsonObject(source.text);
    absl::StatusOr<ScoreRow> row = fields.ok() ? ScoreRowOf(*fields) : fields.status();
    if (!fields.ok()) fields = Json{{"line", source.line}};
    const int64_t replaced = RemoveOutcomeFields(&*fields) > 0 ? 1 : 0;
    if (!row.ok()) {
      AddOutcome(RowKind::kMessages, row.status(), detail_, &*fields);
      Write(place, *fields, CountsOf(row.status(), replaced));
      return std::nullopt;
    }
    ScoreRequest request = flags_.scoring.Request(model_.revision);
    request.prompt = std::move(row->prompt);
    request.responses = std::move(row->responses);
    MutexLock lock(&mu_);
    open_.emplace(sent_++, OpenRow{place, source.line, row->kind, *std::move(fields), replaced});
    return request;
  }

  void TakeOutcome(int64_t index, const absl::StatusOr<ScoreReply>& outcome)
      ABSL_LOCKS_EXCLUDED(mu_) {
    std::optional<OpenRow> row;
    {
      MutexLock lock(&mu_);
      row = std::move(open_.extract(index).mapped());
    }
    if (IsTheServersFault(outcome)) {
      ++to_retry_;
      Suspend();
    }
    AddOutcome(row->kind, outcome, detail_, &row->fields);
    Write(row->place, row->fields, CountsOf(outcome, row->replaced));
    if (explain_) {
      progress_.Say(absl::StrCat("line ", row->line, ": ", DescribeOutcome(outcome, detail_)));
      return;
    }
    const RowCounts all = AllCounts();
    progress_.Update(all.rows, all.errors, all.tokens - rows_.kept().tokens);
  }

  // Rows written from here on are a continued run's to score again.
  void Suspend() {
    if (rows_.resumable != nullptr) rows_.resumable->Suspend().IgnoreError();  // Finish() asks.
  }

  void Write(int64_t place, const Json& fields, const RowCounts& counts) ABSL_LOCKS_EXCLUDED(mu_) {
    lines_.Fill(place, DumpLine(fields), counts);
    MutexLock lock(&mu_);
    done_ += counts;
  }

  // Of the whole output, the rows of earlier runs included.
  RowCounts AllCounts() ABSL_LOCKS_EXCLUDED(mu_) {
    RowCounts all = rows_.kept();
    MutexLock lock(&mu_);
    all += done_;
    return all;
  }

  int Report(const absl::Status& verdict) {
    const RowCounts all = AllCounts();
    const absl::Duration elapsed = progress_.elapsed();
    progress_.Say(absl::StrCat("scored ", CountOf(all.responses, "response"), " of ",
                               CountOf(all.rows, "row"), ", ", CountOf(all.tokens, "token"), ", ",
                               Rate(all.tokens - rows_.kept().tokens, elapsed), " tokens/s, ",
                               Span(elapsed), "; model ", model_.name));
    if (all.replaced > 0) {
      progress_.Say(absl::StrCat("assay: ", CountOf(all.replaced, "row"),
                                 " had fields of the output's names; they were replaced"));
    }
    if (absl::Status status = Finish(verdict); !status.ok()) return Fail(streams_, status);
    if (all.errors == 0) return kExitFine;
    progress_.Say(absl::StrCat("assay: ", CountOf(all.errors, "row"), " with errors"));
    if (to_retry_ > 0) {
      progress_.Say(absl::StrCat(
          "assay: of ", CountOf(to_retry_, "row"), " the server was the cause",
          rows_.resumable == nullptr ? "" : "; the same command scores from the first of them on"));
    }
    return kExitSomeErrors;
  }

  // Ends the output; why the run stopped before its end.
  absl::Status Finish(const absl::Status& verdict) {
    ASSAY_RETURN_IF_ERROR(lines_.status());
    if (verdict.ok() && input_error_.ok()) {
      if (rows_.resumable == nullptr) return absl::OkStatus();
      return to_retry_ > 0 ? rows_.resumable->Suspend() : rows_.resumable->Complete();
    }
    std::string next;
    if (rows_.resumable != nullptr) {
      ASSAY_RETURN_IF_ERROR(rows_.resumable->Suspend());
      if (AllCounts().rows > 0) next = "; the same command continues where it stopped";
    }
    if (!verdict.ok()) {
      return absl::Status(
          verdict.code(),
          absl::StrCat("stopped: ", verdict.ToString(),
                       "; the rows of the input that follow were not scored", next));
    }
    return absl::Status(input_error_.code(), absl::StrCat(input_error_.message(), next));
  }

  const ScoreFlags& flags_;
  const Streams streams_;
  const ModelInfo& model_;
  const Rows rows_;  // Borrowed. The input is the source's thread's until ScoreAll() has returned.
  RowDetail detail_;
  bool explain_ = false;

  absl::Status input_error_;  // As rows_.input.

  OrderedLines lines_;

  // The sink's thread.
  ProgressBar progress_;
  int64_t to_retry_ = 0;  // Rows whose error is the server's.

  Mutex mu_;
  std::map<int64_t, OpenRow> open_ ABSL_GUARDED_BY(mu_);  // By ScoreAll's index.
  int64_t sent_ ABSL_GUARDED_BY(mu_) = 0;
  RowCounts done_ ABSL_GUARDED_BY(mu_);  // Of this run's rows, in the order of their answers.
};

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
  ASSAY_ASSIGN_OR_RETURN(const Contact contact,
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
  ScoreRun run(flags, streams, contact.model, {input.get(), output, file.get()});
  return run.Run(contact.client.get());
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
