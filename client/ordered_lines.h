// client/ordered_lines.h
// Writes lines in the order in which their places were taken, however their texts arrive, and holds
// only a window of them.
#ifndef ASSAY_CLIENT_ORDERED_LINES_H_
#define ASSAY_CLIENT_ORDERED_LINES_H_

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"

namespace assay::client {

// Thread-safe. Borrows the stream.
class OrderedLines {
 public:
  // `window` > 0: places taken and not yet written, at most.
  OrderedLines(std::ostream* out, int64_t window) : out_(out), lines_(window) {}

  // The next place; waits while the window is full. Each place taken must be filled, or nothing
  // after it is written.
  //   DATA_LOSS  the stream no longer takes what is written; no place is taken.
  absl::StatusOr<int64_t> TakePlace() ABSL_LOCKS_EXCLUDED(mu_);

  // The text for `place`, without a line end; once. Writes and flushes all lines whose turn has
  // come.
  void Fill(int64_t place, std::string line) ABSL_LOCKS_EXCLUDED(mu_);

  // DATA_LOSS once the stream no longer takes what is written.
  absl::Status status() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  absl::Status StatusLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  std::ostream* const out_;  // Borrowed; written under mu_.

  mutable Mutex mu_;
  CondVar written_;
  // Ring: the line of place p is at p modulo its size.
  std::vector<std::optional<std::string>> lines_ ABSL_GUARDED_BY(mu_);
  int64_t taken_ ABSL_GUARDED_BY(mu_) = 0;  // Places taken so far.
  int64_t next_ ABSL_GUARDED_BY(mu_) =
      0;  // The place to write next. taken_ - size <= next_ <= taken_.
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_ORDERED_LINES_H_
