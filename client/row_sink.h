// client/row_sink.h
// Where a command's rows go, one after another: a stream (stream_output.h) or a file that a later
// run can continue (resumable_output.h).
#ifndef ASSAY_CLIENT_ROW_SINK_H_
#define ASSAY_CLIENT_ROW_SINK_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace assay::client {

// What a row, or many of them, amount to. All >= 0.
struct RowCounts {
  int64_t rows = 0;
  int64_t errors = 0;     // Rows with an error.
  int64_t responses = 0;  // With a score.
  int64_t tokens = 0;     // Of those responses.
  int64_t replaced = 0;   // Rows that lost fields of the output's names.

  RowCounts& operator+=(const RowCounts& other) {
    rows += other.rows;
    errors += other.errors;
    responses += other.responses;
    tokens += other.tokens;
    replaced += other.replaced;
    return *this;
  }
  bool operator==(const RowCounts&) const = default;
};

// Thread-safe.
class RowSink {
 public:
  virtual ~RowSink() = default;

  // Writes `line`, which has no line end, and one; `counts` are its own. Does nothing once status()
  // is an error.
  virtual void Append(absl::string_view line, const RowCounts& counts) = 0;

  // Hands the system what was appended, so that a reader of the output can have it.
  virtual void Flush() = 0;

  // DATA_LOSS once the output no longer takes what is written.
  virtual absl::Status status() const = 0;
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_ROW_SINK_H_
