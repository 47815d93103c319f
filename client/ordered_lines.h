// client/ordered_lines.h
// Writes lines in the order in which their places were taken, however their texts arrive, and holds
// only a window of them.
#ifndef ASSAY_CLIENT_ORDERED_LINES_H_
#define ASSAY_CLIENT_ORDERED_LINES_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "client/row_sink.h"

namespace assay::client {

// Thread-safe. Borrows the sink, whose counts are thus always those of a prefix of the rows.
class OrderedLines {
 public:
  // `window` > 0: places taken and not yet written, at most.
  OrderedLines(RowSink* sink, int64_t window) : sink_(sink), window_(window) {}

  // From now on; where more places are taken already, none is until there are fewer.
  void SetWindow(int64_t window) ABSL_LOCKS_EXCLUDED(mu_);

  // The next place; waits while the window is full. Each place taken must be filled, or nothing
  // after it is written.
  //   DATA_LOSS  the sink no longer takes what is written; no place is taken.
  absl::StatusOr<int64_t> TakePlace() ABSL_LOCKS_EXCLUDED(mu_);

  // The text for `place`, without a line end, and what the row amounts to; once. Writes and flushes
  // all lines whose turn has come.
  void Fill(int64_t place, std::string line, const RowCounts& counts) ABSL_LOCKS_EXCLUDED(mu_);

  // DATA_LOSS once the sink no longer takes what is written.
  absl::Status status() const { return sink_->status(); }

 private:
  struct Line {
    std::string text;
    RowCounts counts;
  };

  RowSink* const sink_;  // Borrowed; appended to under mu_.

  Mutex mu_;
  CondVar room_;
  int64_t window_ ABSL_GUARDED_BY(mu_);
  int64_t next_ ABSL_GUARDED_BY(mu_) = 0;  // The place to write next.
  // Of the places taken and not yet written: next_ the first.
  std::deque<std::optional<Line>> lines_ ABSL_GUARDED_BY(mu_);
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_ORDERED_LINES_H_
