#include "client/commands/eval_scoring.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/status_macros.h"
#include "client/eval/comparison_set.h"
#include "client/eval/eval_row.h"
#include "client/figures.h"
#include "client/ordered_lines.h"
#include "client/progress_bar.h"
#include "client/resumable_output.h"
#include "client/row_error.h"
#include "client/text_file.h"

namespace assay::client {
namespace {

// The rows of one folder.
struct Folder {
  std::unique_ptr<ResumableOutput> output;
  std::vector<EvalRow> kept;  // By an earlier call.
};

absl::StatusOr<Folder> OpenFolder(const std::string& path, const EvalRun& run,
                                  const std::vector<Comparison>& comparisons) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  Json identity = EvalRunIdentity(run);
  identity["rows"] = comparisons.size();
  identity["texts"] = Fingerprint(comparisons);
  Folder folder;
  ASSAY_ASSIGN_OR_RETURN(
      folder.output,
      ResumableOutput::Open({.path = absl::StrCat(path, "/rows.jsonl"), .identity = identity}));
  ASSAY_RETURN_IF_ERROR(
      WriteTextFile(absl::StrCat(path, "/run.json"), EvalRunJson(run).dump(2) + "\n"));
  if (folder.output->kept().rows == 0) return folder;
  ASSAY_ASSIGN_OR_RETURN(FinishedRun earlier, ReadRun(path));
  if (static_cast<int64_t>(earlier.rows.size()) != folder.output->kept().rows) {
    return absl::DataLossError(absl::StrCat(
        path, "/rows.jsonl holds ", earlier.rows.size(), " rows where its checkpoint says ",
        folder.output->kept().rows, "; remove the checkpoint to start again"));
  }
  folder.kept = std::move(earlier.rows);
  return folder;
}

// One call of the server over the comparisons that are not kept.
class Scoring {
 public:
  // Without folder->output no row is written.
  Scoring(const EvalScoringOptions& options, const EvalRun& run,
          std::vector<Comparison> comparisons, Folder* folder, const Streams& streams)
      : options_(options),
        run_(run),
        comparisons_(std::move(comparisons)),
        output_(folder->output.get()),
        rows_(std::move(folder->kept)),
        first_(static_cast<int64_t>(rows_.size())),
        next_(rows_.size()),
        done_(first_),
        progress_(streams.err, Clock::Real(),
                  {.noun = "row",
                   .total = static_cast<int64_t>(comparisons_.size()),
                   .kept = first_,
                   .on_terminal = streams.err_is_terminal}) {
    if (output_ != nullptr) lines_.emplace(output_, options.scoring.in_flight);
    for (const EvalRow& row : rows_) errors_ += row.error.ok() ? 0 : 1;
    rows_.resize(comparisons_.size());
    if (first_ > 0) progress_.Say(absl::StrCat("assay: continues after ", CountOf(first_, "row")));
  }

  absl::StatusOr<ScoredRun> Run(RewardClient* client) {
    absl::Status verdict = ScoreAll(
        client, [this] { return NextRequest(); },
        [this](int64_t index, absl::StatusOr<ScoreReply> outcome) {
          TakeOutcome(first_ + index, outcome);
        });
    if (verdict.ok() && !to_retry_.empty()) verdict = TryAgain(client);
    if (output_ != nullptr) {
      if (verdict.ok() && tried_again_) ASSAY_RETURN_IF_ERROR(RewriteRows());
      if (verdict.ok() && to_retry_.empty()) ASSAY_RETURN_IF_ERROR(output_->Complete());
      ASSAY_RETURN_IF_ERROR(output_->status());
    }
    if (!verdict.ok()) {
      return absl::Status(
          verdict.code(),
          absl::StrCat("stopped after ", Count(done_ - RetryCount()), " of ",
                       CountOf(rows_.size(), "row"), ": ", verdict.ToString(), Advice()));
    }
    return ScoredRun{.finished = {.run = run_, .rows = std::move(rows_)},
                     .kept = first_,
                     .tokens = tokens_,
                     .elapsed = progress_.elapsed(),
                     .to_retry = RetryCount()};
  }

 private:
  int64_t RetryCount() const { return static_cast<int64_t>(to_retry_.size()); }

  absl::Status ScoreAll(RewardClient* client, RequestSource source, const ResultSink& sink) {
    const BulkOptions bulk = {
        .max_in_flight = options_.scoring.in_flight,
        .one_revision = true,
        .on_room =
            [this](int64_t requests) {
              if (lines_.has_value()) lines_->SetWindow(2 * requests);
            },
        .on_reconnect =
            [this](const absl::Status& why) {
              progress_.Say(
                  absl::StrCat("assay: the stream broke and is opened again: ", why.ToString()));
            }};
    return client->ScoreAll(std::move(source), sink, bulk, options_.scoring.timeout);
  }

  // Once more the rows of to_retry_, which keeps those that the server failed again.
  absl::Status TryAgain(RewardClient* client) {
    const std::vector<int64_t> again = std::exchange(to_retry_, {});
    tried_again_ = true;
    progress_.Say(absl::StrCat("assay: the server failed ",
                               CountOf(static_cast<int64_t>(again.size()), "row"),
                               ", which are tried once more"));
    size_t next = 0;  // The source's thread.
    return ScoreAll(
        client,
        [this, &again, &next]() -> std::optional<ScoreRequest> {
          if (next == again.size()) return std::nullopt;
          return RequestOf(rows_[again[next++]].comparison);
        },
        [this, &again](int64_t index, const absl::StatusOr<ScoreReply>& outcome) {
          EvalRow& row = rows_[again[index]];
          row = RowOf(std::move(row.comparison), outcome, run_.objectives.size());
          tokens_ += TokensOf(row);
          if (row.error.ok()) {
            --errors_;
          } else if (!IsTheRowsOwn(row.error)) {
            to_retry_.push_back(again[index]);
          }
        });
  }

  // In the place of the rows that were written with errors. The checkpoint stays right: what it
  // vouches for is the same.
  absl::Status RewriteRows() const {
    return WriteTextFile(absl::StrCat(options_.folder, "/rows.jsonl"),
                         EvalRowsText(rows_, run_.objectives, options_.close_call));
  }

  std::string Advice() const {
    return output_ == nullptr ? "" : "; the same command goes on from there";
  }

  // On the source's thread.
  std::optional<ScoreRequest> NextRequest() {
    if (next_ == comparisons_.size()) return std::nullopt;
    if (lines_.has_value() && !lines_->TakePlace().ok()) return std::nullopt;  // Run() asks.
    return RequestOf(comparisons_[next_++]);
  }

  ScoreRequest RequestOf(const Comparison& comparison) const {
    ScoreRequest request = options_.scoring.Request(run_.model.revision);
    request.prompt = comparison.prompt;
    request.responses = comparison.chosen;
    request.responses.insert(request.responses.end(), comparison.rejected.begin(),
                             comparison.rejected.end());
    return request;
  }

  void TakeOutcome(int64_t index, const absl::StatusOr<ScoreReply>& outcome) {
    EvalRow& row = rows_[index];
    row = RowOf(std::move(comparisons_[index]), outcome, run_.objectives.size());
    ++done_;
    const int64_t tokens = TokensOf(row);
    tokens_ += tokens;
    if (!row.error.ok()) {
      ++errors_;
      if (!IsTheRowsOwn(row.error)) {
        to_retry_.push_back(index);
        if (output_ != nullptr) output_->Suspend().IgnoreError();  // Run() asks for its status.
      }
    }
    if (lines_.has_value()) {
      lines_->Fill(index - first_, DumpLine(EvalRowJson(row, run_.objectives, options_.close_call)),
                   {.rows = 1,
                    .errors = row.error.ok() ? 0 : 1,
                    .responses = static_cast<int64_t>(row.chosen.size() + row.rejected.size()),
                    .tokens = tokens});
    }
    progress_.Update(done_, errors_, tokens_);
  }

  const EvalScoringOptions& options_;
  const EvalRun& run_;
  // The source's thread reads those from next_ on; the sink's takes what was answered.
  std::vector<Comparison> comparisons_;
  ResumableOutput* const output_;      // Borrowed, or null.
  std::optional<OrderedLines> lines_;  // Present with output_.
  std::vector<EvalRow> rows_;          // The sink's thread.
  const int64_t first_;                // Row that this call begins with.

  size_t next_;  // The source's thread.

  // The sink's thread.
  int64_t done_;
  int64_t errors_ = 0;
  std::vector<int64_t> to_retry_;  // Rows whose error is the server's.
  bool tried_again_ = false;
  int64_t tokens_ = 0;
  ProgressBar progress_;
};

}  // namespace

absl::StatusOr<ScoredRun> ScoreComparisons(std::vector<Comparison> comparisons, EvalRun run,
                                           const EvalScoringOptions& options, Contact* contact,
                                           const Streams& streams) {
  Folder folder;
  if (!options.folder.empty()) {
    ASSAY_ASSIGN_OR_RETURN(folder, OpenFolder(options.folder, run, comparisons));
  }
  Scoring scoring(options, run, std::move(comparisons), &folder, streams);
  return scoring.Run(contact->client.get());
}

}  // namespace assay::client
