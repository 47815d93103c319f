#include "client/commands/row_scoring.h"

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/status_macros.h"
#include "client/figures.h"
#include "client/ordered_lines.h"
#include "client/progress_bar.h"
#include "client/row_error.h"
#include "client/score_rows.h"

namespace assay::client {
namespace {

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

// One run: rows from the reader's thread, outcomes on the caller's.
class ScoreRun {
 public:
  ScoreRun(const RowScoring& options, const Streams& streams, const ModelInfo& model,
           const RowRoute& rows)
      : options_(options),
        streams_(streams),
        model_(model),
        rows_(rows),
        lines_(rows.output, options.scoring.in_flight),
        progress_(streams.err, Clock::Real(),
                  {.noun = "row",
                   .total = rows.input->total().value_or(0),
                   .kept = rows.kept().rows,
                   .on_terminal = streams.err_is_terminal}) {
    if (options.scoring.detail == Detail::kObjectives) detail_ = {model.objectives, options.top_k};
    explain_ = !detail_.objectives.empty() && (options.explain || streams.err_is_terminal);
  }

  int Run(RewardClient* client) {
    if (rows_.kept().rows > 0) {
      progress_.Say(absl::StrCat("continues after ", CountOf(rows_.kept().rows, "row")));
    }
    const BulkOptions bulk = {
        .max_in_flight = options_.scoring.in_flight,
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
        bulk, options_.scoring.timeout);
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
    ScoreRequest request = options_.scoring.Request(model_.revision);
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

  const RowScoring& options_;
  const Streams streams_;
  const ModelInfo& model_;
  // Borrowed. The input is the source's thread's until ScoreAll() has returned.
  const RowRoute rows_;
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

}  // namespace

int ScoreRows(const RowScoring& options, const RowRoute& rows, Contact* contact,
              const Streams& streams) {
  return ScoreRun(options, streams, contact->model, rows).Run(contact->client.get());
}

}  // namespace assay::client
