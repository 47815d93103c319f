#include "client/stream_output.h"

namespace assay::client {

void StreamOutput::Append(absl::string_view line, const RowCounts& /*counts*/) {
  MutexLock lock(&mu_);
  out_->write(line.data(), static_cast<std::streamsize>(line.size()));
  out_->put('\n');
}

void StreamOutput::Flush() {
  MutexLock lock(&mu_);
  out_->flush();
}

absl::Status StreamOutput::status() const {
  MutexLock lock(&mu_);
  return out_->good() ? absl::OkStatus() : absl::DataLossError("the output could not be written");
}

}  // namespace assay::client
