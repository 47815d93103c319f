#include "client/progress_bar.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "client/figures.h"
#include "client/text_table.h"

namespace assay::client {
namespace {

constexpr absl::Duration kTerminalPeriod = absl::Milliseconds(100);
constexpr absl::Duration kLogPeriod = absl::Seconds(10);

}  // namespace

std::string ProgressLine(const Progress& progress, const std::string& noun) {
  std::string line = progress.total > 0
                         ? absl::StrCat(Count(progress.done), "/", CountOf(progress.total, noun))
                         : CountOf(progress.done, noun);
  const int64_t done_now = progress.done - progress.kept;
  absl::StrAppend(&line, ", ", Rate(done_now, progress.elapsed), " ", noun, "s/s, ",
                  Rate(progress.tokens, progress.elapsed), " tokens/s");
  if (done_now > 0 && progress.total > progress.done) {
    const double share =
        static_cast<double>(progress.total - progress.done) / static_cast<double>(done_now);
    absl::StrAppend(&line, ", ", Span(progress.elapsed * share), " left");
  }
  if (progress.errors > 0) absl::StrAppend(&line, ", ", CountOf(progress.errors, "error"));
  return line;
}

ProgressBar::ProgressBar(std::ostream* out, Clock* clock, Options options)
    : out_(out),
      clock_(clock),
      options_(std::move(options)),
      started_(clock->Now()),
      next_(started_ + (options_.on_terminal ? kTerminalPeriod : kLogPeriod)) {}

ProgressBar::~ProgressBar() { Clear(); }

void ProgressBar::Update(int64_t done, int64_t errors, int64_t tokens) {
  const absl::Time now = clock_->Now();
  if (now < next_) return;
  next_ = now + (options_.on_terminal ? kTerminalPeriod : kLogPeriod);
  const std::string line = ProgressLine({.done = done,
                                         .total = options_.total,
                                         .kept = options_.kept,
                                         .errors = errors,
                                         .tokens = tokens,
                                         .elapsed = now - started_},
                                        options_.noun);
  if (!options_.on_terminal) {
    *out_ << line << std::endl;
    return;
  }
  Clear();
  *out_ << line << std::flush;
  shown_width_ = DisplayWidth(line);
}

void ProgressBar::Say(const std::string& line) {
  Clear();
  *out_ << line << std::endl;
}

void ProgressBar::Clear() {
  if (shown_width_ == 0) return;
  *out_ << '\r' << std::string(shown_width_, ' ') << '\r' << std::flush;
  shown_width_ = 0;
}

}  // namespace assay::client
