#include "client/commands/score.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/jsonl_reader.h"
#include "base/mutex.h"
#include "client/figures.h"
#include "client/ordered_lines.h"
#include "client/progress_bar.h"
#include "client/score_rows.h"

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
};

// One run: rows from the reader's thread, outcomes on the caller's.
class ScoreRun {
 public:
  ScoreRun(const ScoreFlags& flags, const Streams& streams, const ModelInfo& model,
           JsonlReader* reader, std::ostream* output)
      : flags_(flags),
        streams_(streams),
        model_(model),
        reader_(reader),
        // As many rows may wait for an earlier one to be written as may be in flight.
        lines_(output, 2 * flags.scoring.in_flight),
        progress_(streams.err, Clock::Real(),
                  {.noun = "row", .total = 0, .on_terminal = streams.err_is_terminal}) {
    if (flags.scoring.detail == Detail::kObjectives)
      detail_ = {model.objectives, static_cast<size_t>(flags.top_k)};
    explain_ = !detail_.objectives.empty() && (flags.explain || streams.err_is_terminal);
  }

  int Run(RewardClient* client) {
    const BulkOptions bulk = {
        .max_in_flight = flags_.scoring.in_flight, .on_reconnect = [this](const absl::Status& why) {
          progress_.Say(
              absl::StrCat("assay: the stream broke and is opened again: ", why.ToString()));
        }};
    const absl::Status verdict = client->ScoreAll(
        [this] { return NextRequest(); },
        [this](int64_t index, absl::StatusOr<ScoreReply> outcome) { TakeOutcome(index, outcome); },
        bulk, flags_.scoring.timeout);
    return Report(verdict);
  }

 private:
  // On the source's thread: the next row that can be sent; bad ones are written as they come.
  std::optional<ScoreRequest> NextRequest() ABSL_LOCKS_EXCLUDED(mu_) {
    while (flags_.limit == 0 || read_ < flags_.limit) {
      absl::StatusOr<std::optional<std::string>> line = reader_->Next();
      if (!line.ok()) input_error_ = line.status();
      if (!line.ok() || !line->has_value()) return std::nullopt;
      ++read_;
      const absl::StatusOr<int64_t> place = lines_.TakePlace();
      if (!place.ok()) return std::nullopt;  // Report() asks `lines_`.
      if (std::optional<ScoreRequest> request = Open(*place, **line)) return request;
    }
    return std::nullopt;
  }

  // The request of the row, which is open from now on; or nullopt, and the row is written with its
  // error.
  std::optional<ScoreRequest> Open(int64_t place, const std::string& line)
      ABSL_LOCKS_EXCLUDED(mu_) {
    absl::StatusOr<Json> fields = ParseJsonObject(line);
    absl::StatusOr<ScoreRow> row = fields.ok() ? ScoreRowOf(*fields) : fields.status();
    if (!fields.ok()) fields = Json{{"line", reader_->line_number()}};
    const bool replaced = RemoveOutcomeFields(&*fields) > 0;
    if (!row.ok()) {
      AddOutcome(RowKind::kMessages, row.status(), detail_, &*fields);
      lines_.Fill(place, DumpLine(*fields));
    }
    MutexLock lock(&mu_);
    if (replaced) ++replaced_;
    if (!row.ok()) {
      ++bad_rows_;
      return std::nullopt;
    }
    open_.emplace(sent_++, OpenRow{place, reader_->line_number(), row->kind, *std::move(fields)});
    ScoreRequest request = flags_.scoring.Request(model_.revision);
    request.prompt = std::move(row->prompt);
    request.responses = std::move(row->responses);
    return request;
  }

  void TakeOutcome(int64_t index, const absl::StatusOr<ScoreReply>& outcome)
      ABSL_LOCKS_EXCLUDED(mu_) {
    std::optional<OpenRow> row;
    int64_t errors;
    {
      MutexLock lock(&mu_);
      row = std::move(open_.extract(index).mapped());
      if (HasError(outcome)) ++failed_rows_;
      errors = bad_rows_ + failed_rows_;
    }
    AddOutcome(row->kind, outcome, detail_, &row->fields);
    lines_.Fill(row->place, DumpLine(row->fields));
    ++answered_;
    if (outcome.ok()) {
      for (const absl::StatusOr<Score>& result : outcome->results) {
        if (!result.ok()) continue;
        ++responses_;
        tokens_ += result->input_tokens;
      }
    }
    if (explain_) {
      progress_.Say(absl::StrCat("line ", row->line, ": ", DescribeOutcome(outcome, detail_)));
    } else {
      progress_.Update(answered_, errors, tokens_);
    }
  }

  int Report(const absl::Status& verdict) ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    const int64_t errors = bad_rows_ + failed_rows_;
    progress_.Say(absl::StrCat("scored ", CountOf(responses_, "response"), " of ",
                               CountOf(read_, "row"), ", ", CountOf(tokens_, "token"), ", ",
                               Rate(tokens_, progress_.elapsed()), " tokens/s, ",
                               Span(progress_.elapsed()), "; model ", model_.name));
    if (replaced_ > 0) {
      progress_.Say(absl::StrCat("assay: ", CountOf(replaced_, "row"),
                                 " had fields of the output's names; they were replaced"));
    }
    if (absl::Status status = lines_.status(); !status.ok()) return Fail(streams_, status);
    if (!verdict.ok()) {
      return Fail(streams_,
                  absl::Status(verdict.code(), absl::StrCat("stopped: ", verdict.ToString(),
                                                            "; the rows of the "
                                                            "input that follow were not scored")));
    }
    if (!input_error_.ok()) return Fail(streams_, input_error_);
    if (errors == 0) return kExitFine;
    progress_.Say(absl::StrCat("assay: ", CountOf(errors, "row"), " with errors"));
    return kExitSomeErrors;
  }

  const ScoreFlags& flags_;
  const Streams streams_;
  const ModelInfo& model_;
  RowDetail detail_;
  bool explain_ = false;

  // The source's thread, until ScoreAll() has returned.
  JsonlReader* const reader_;  // Borrowed.
  int64_t read_ = 0;           // Rows.
  absl::Status input_error_;

  OrderedLines lines_;

  // The sink's thread.
  ProgressBar progress_;
  int64_t answered_ = 0;
  int64_t responses_ = 0;  // With a score.
  int64_t tokens_ = 0;

  Mutex mu_;
  std::map<int64_t, OpenRow> open_ ABSL_GUARDED_BY(mu_);  // By ScoreAll's index.
  int64_t sent_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t bad_rows_ ABSL_GUARDED_BY(mu_) = 0;     // Never sent.
  int64_t failed_rows_ ABSL_GUARDED_BY(mu_) = 0;  // Sent, and an error in them.
  int64_t replaced_ ABSL_GUARDED_BY(mu_) = 0;     // Rows that lost fields to the output's.
};

}  // namespace

CLI::App* AddScoreCommand(CLI::App* app, ScoreFlags* flags) {
  CLI::App* command = app->add_subcommand("score", "Score the rows of a file of JSON lines");
  command->footer(absl::StrCat(kRows, "\n\n", kExample));
  AddAddressFlag(command, &flags->scoring.address);
  command->add_option("--input", flags->input, "Rows to score; - is standard input")
      ->required()
      ->option_text("FILE|-");
  command->add_option("--output", flags->output, "Where the rows go; - is standard output")
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
  return command;
}

int RunScore(const ScoreFlags& flags, const Streams& streams) {
  std::error_code ignored;
  if (flags.output != "-" && std::filesystem::equivalent(flags.input, flags.output, ignored)) {
    *streams.err << "assay: --input and --output are the same file\n";
    return kExitBadUsage;
  }
  const absl::StatusOr<std::unique_ptr<JsonlReader>> reader = JsonlReader::Open(flags.input);
  if (!reader.ok()) return Fail(streams, reader.status());
  const absl::StatusOr<Contact> contact =
      ReachServer(flags.scoring.address, flags.scoring.connection);
  if (!contact.ok()) return Fail(streams, contact.status());

  std::ofstream file;
  if (flags.output != "-") {
    file.open(flags.output, std::ios::binary | std::ios::trunc);
    if (!file)
      return Fail(streams, absl::UnknownError(absl::StrCat(flags.output, " cannot be written")));
  }
  ScoreRun run(flags, streams, contact->model, reader->get(),
               flags.output == "-" ? streams.out : &file);
  return run.Run(contact->client.get());
}

}  // namespace assay::client
