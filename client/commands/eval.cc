#include "client/commands/eval.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/status_macros.h"
#include "client/accuracy.h"
#include "client/eval_report.h"
#include "client/figures.h"
#include "client/ordered_lines.h"
#include "client/pair_dataset.h"
#include "client/progress_bar.h"
#include "client/stream_output.h"

namespace assay::client {
namespace {

constexpr const char* kRows = R"(Rows of a file (JSON lines, plain or gzip):
  {"prompt": TEXT or [messages ending with a user turn], "chosen": TEXT, "rejected": TEXT,
   "subset": TEXT (else the file's name), "id": TEXT or integer (else the line)}
A pair is won when the chosen response scores strictly higher. A pair that cannot be scored counts
as an error, not as a loss. A pair whose scores lie nearer to each other than the error of the
served dtype is counted as too close to call, besides being won or lost. The result is an accuracy on these pairs; it is no benchmark's score.)";

constexpr const char* kExample = R"(Example:
  assay eval --data data/helpful_base.jsonl.gz --data data/llmbar.jsonl.gz --output results

Exit code: 0 all pairs scored; 1 failed; 2 bad usage; 3 some pairs have errors.)";

// The bundled demonstration model. Its accuracies invite conclusions that it cannot carry.
constexpr const char* kDemonstrationModel = "armorm-mini";

absl::StatusOr<std::vector<PreferencePair>> ReadAllPairs(const EvalFlags& flags) {
  std::vector<PreferencePair> all;
  for (const std::string& path : flags.data) {
    ASSAY_ASSIGN_OR_RETURN(std::vector<PreferencePair> pairs, ReadPairs(path, flags.limit));
    all.insert(all.end(), std::make_move_iterator(pairs.begin()),
               std::make_move_iterator(pairs.end()));
  }
  return all;
}

absl::Status WriteSummary(const std::string& folder, const Json& summary) {
  const std::string path = absl::StrCat(folder, "/summary.json");
  std::ofstream file(path, std::ios::binary);
  file << summary.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
  file.flush();
  return file.good() ? absl::OkStatus()
                     : absl::DataLossError(absl::StrCat(path, " could not be written"));
}

// One run over pairs that are all good.
class EvalRun {
 public:
  // `rows` null: no row is written.
  EvalRun(const EvalFlags& flags, const Streams& streams, const ModelInfo& model,
          const std::vector<PreferencePair>& pairs, OrderedLines* rows)
      : flags_(flags),
        model_(model),
        pairs_(pairs),
        rows_(rows),
        objectives_(flags.scoring.detail == Detail::kObjectives ? model.objectives
                                                                : std::vector<std::string>()),
        close_call_(FindCloseCall(flags.too_close, model)),
        sums_(objectives_.size(),
              close_call_.has_value() ? std::optional<double>(close_call_->margin) : std::nullopt),
        progress_(streams.err, Clock::Real(),
                  {.noun = "pair",
                   .total = static_cast<int64_t>(pairs.size()),
                   .on_terminal = streams.err_is_terminal}) {
    for (const PreferencePair& pair : pairs) sums_.AddSubset(pair.subset);
  }

  // The sums; or why the run stopped.
  absl::StatusOr<EvalSummary> Run(RewardClient* client) {
    const BulkOptions bulk = {
        .max_in_flight = flags_.scoring.in_flight, .on_reconnect = [this](const absl::Status& why) {
          progress_.Say(
              absl::StrCat("assay: the stream broke and is opened again: ", why.ToString()));
        }};
    const absl::Status verdict = client->ScoreAll(
        [this] { return NextRequest(); },
        [this](int64_t index, absl::StatusOr<ScoreReply> outcome) { TakeOutcome(index, outcome); },
        bulk, flags_.scoring.timeout);
    if (rows_ != nullptr) ASSAY_RETURN_IF_ERROR(rows_->status());
    if (!verdict.ok()) {
      return absl::Status(verdict.code(),
                          absl::StrCat("stopped after ", Count(done_ - errors_), " of ",
                                       CountOf(pairs_.size(), "pair"), ": ", verdict.ToString()));
    }
    return EvalSummary{.model = model_,
                       .data = flags_.data,
                       .objectives = objectives_,
                       .subsets = sums_.subsets(),
                       .total = sums_.Total(),
                       .close_call = close_call_,
                       .tokens = tokens_,
                       .elapsed = progress_.elapsed()};
  }

  // Of the first pair with an error; OK: none has.
  const absl::Status& first_error() const { return first_error_; }

 private:
  // On the source's thread.
  std::optional<ScoreRequest> NextRequest() {
    if (next_ == pairs_.size()) return std::nullopt;
    if (rows_ != nullptr && !rows_->TakePlace().ok()) return std::nullopt;  // Run() asks `rows_`.
    const PreferencePair& pair = pairs_[next_++];
    ScoreRequest request = flags_.scoring.Request(model_.revision);
    request.prompt = pair.prompt;
    request.responses = {pair.chosen, pair.rejected};
    return request;
  }

  void TakeOutcome(int64_t index, const absl::StatusOr<ScoreReply>& outcome) {
    const PreferencePair& pair = pairs_[index];
    const absl::Status status = PairStatus(outcome, objectives_.size());
    ++done_;
    if (status.ok()) {
      sums_.AddPair(pair.subset, *outcome->results[0], *outcome->results[1]);
      for (const absl::StatusOr<Score>& result : outcome->results) tokens_ += result->input_tokens;
    } else {
      sums_.AddError(pair.subset);
      ++errors_;
      if (first_error_.ok() || index < first_error_at_) {
        first_error_ = status;
        first_error_at_ = index;
      }
    }
    if (rows_ != nullptr)
      rows_->Fill(index, DumpLine(PairRow(pair, outcome, objectives_, close_call_)), {.rows = 1});
    progress_.Update(done_, errors_, tokens_);
  }

  const EvalFlags& flags_;
  const ModelInfo& model_;
  const std::vector<PreferencePair>& pairs_;
  OrderedLines* const rows_;  // Borrowed, or null.
  const std::vector<std::string> objectives_;
  const std::optional<CloseCall> close_call_;

  size_t next_ = 0;  // The source's thread.

  // The sink's thread.
  AccuracySums sums_;
  ProgressBar progress_;
  int64_t done_ = 0;
  int64_t errors_ = 0;
  int64_t tokens_ = 0;
  absl::Status first_error_;
  int64_t first_error_at_ = 0;
};

}  // namespace

CLI::App* AddEvalCommand(CLI::App* app, EvalFlags* flags) {
  CLI::App* command = app->add_subcommand("eval", "Measure accuracy on preference pairs");
  command->footer(absl::StrCat(kRows, "\n\n", kExample));
  AddAddressFlag(command, &flags->scoring.address);
  command->add_option("--data", flags->data, "Pairs; may be given several times")
      ->required()
      ->option_text("FILE ...");
  command
      ->add_option("--output", flags->output,
                   "Folder for rows.jsonl (a line a pair) and summary.json")
      ->option_text("DIR");
  command
      ->add_option_function<std::string>(
          "--format", [flags](const std::string& f) { flags->json = f == "json"; },
          "What goes to standard output")
      ->check(CLI::IsMember({"table", "json"}))
      ->option_text("{table,json} [table]");
  command
      ->add_option(
          "--too-close", flags->too_close,
          "Pairs nearer than this are too close to call; else what the server knows of its "
          "dtype's error decides")
      ->check(CLI::Range(0.0, std::numeric_limits<double>::max()))
      ->option_text("MARGIN");
  command->add_option("--limit", flags->limit, "Only the first N pairs of each file; 0: all")
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 60))
      ->option_text("N [0]");
  AddScoringFlags(command, &flags->scoring);
  return command;
}

int RunEval(const EvalFlags& flags, const Streams& streams) {
  const absl::StatusOr<std::vector<PreferencePair>> pairs = ReadAllPairs(flags);
  if (!pairs.ok()) return Fail(streams, pairs.status());
  const absl::StatusOr<Contact> contact =
      ReachServer(flags.scoring.address, flags.scoring.connection);
  if (!contact.ok()) return Fail(streams, contact.status());

  std::ofstream rows_file;
  StreamOutput rows_output(&rows_file);
  std::unique_ptr<OrderedLines> rows;
  if (!flags.output.empty()) {
    std::error_code error;
    std::filesystem::create_directories(flags.output, error);
    rows_file.open(absl::StrCat(flags.output, "/rows.jsonl"), std::ios::binary);
    if (!rows_file)
      return Fail(streams,
                  absl::UnknownError(absl::StrCat(flags.output, "/rows.jsonl cannot be written")));
    rows = std::make_unique<OrderedLines>(&rows_output,
                                          2 * contact->servers * flags.scoring.in_flight);
  }

  absl::Status first_error;
  absl::StatusOr<EvalSummary> summary;
  {
    EvalRun run(flags, streams, contact->model, *pairs, rows.get());
    summary = run.Run(contact->client.get());
    first_error = run.first_error();
  }
  if (!summary.ok()) return Fail(streams, summary.status());
  const Json json = RenderJson(*summary);
  if (!flags.output.empty()) {
    if (absl::Status written = WriteSummary(flags.output, json); !written.ok())
      return Fail(streams, written);
  }
  *streams.out << (flags.json ? json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"
                              : RenderTables(*summary))
               << std::flush;
  if (contact->model.name == kDemonstrationModel) {
    *(flags.json ? streams.err : streams.out)
        << kDemonstrationModel << " is a small demonstration model; not a judge to rely on.\n";
  }
  if (!streams.out->good())
    return Fail(streams, absl::DataLossError("standard output could not be written"));
  if (first_error.ok()) return kExitFine;
  *streams.err << "assay: " << CountOf(summary->total.errors, "pair")
               << " could not be scored; the first: " << first_error.ToString() << std::endl;
  return kExitSomeErrors;
}

}  // namespace assay::client
