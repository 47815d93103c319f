#include "client/ordered_lines.h"

#include <utility>

namespace assay::client {

absl::StatusOr<int64_t> OrderedLines::TakePlace() {
  MutexLock lock(&mu_);
  while (taken_ - next_ >= static_cast<int64_t>(lines_.size())) written_.wait(mu_);
  if (absl::Status status = StatusLocked(); !status.ok()) return status;
  return taken_++;
}

void OrderedLines::Fill(int64_t place, std::string line) {
  MutexLock lock(&mu_);
  const auto size = static_cast<int64_t>(lines_.size());
  lines_[place % size] = std::move(line);
  if (place != next_) return;
  for (; next_ < taken_ && lines_[next_ % size].has_value(); ++next_) {
    *out_ << *lines_[next_ % size] << '\n';
    lines_[next_ % size].reset();
  }
  out_->flush();
  written_.notify_all();
}

absl::Status OrderedLines::status() const {
  MutexLock lock(&mu_);
  return StatusLocked();
}

absl::Status OrderedLines::StatusLocked() const {
  return out_->good() ? absl::OkStatus() : absl::DataLossError("the output could not be written");
}

}  // namespace assay::client
