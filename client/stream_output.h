// client/stream_output.h
// Rows to a stream, such as standard output. Nothing is kept for a later run.
#ifndef ASSAY_CLIENT_STREAM_OUTPUT_H_
#define ASSAY_CLIENT_STREAM_OUTPUT_H_

#include <ostream>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "client/row_sink.h"

namespace assay::client {

// Thread-safe. Borrows the stream.
class StreamOutput final : public RowSink {
 public:
  explicit StreamOutput(std::ostream* out) : out_(out) {}

  void Append(absl::string_view line, const RowCounts& counts) override ABSL_LOCKS_EXCLUDED(mu_);
  void Flush() override ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status status() const override ABSL_LOCKS_EXCLUDED(mu_);

 private:
  mutable Mutex mu_;
  std::ostream* const out_ ABSL_PT_GUARDED_BY(mu_);
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_STREAM_OUTPUT_H_
