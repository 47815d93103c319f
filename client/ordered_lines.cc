#include "client/ordered_lines.h"

#include <utility>

namespace assay::client {

absl::StatusOr<int64_t> OrderedLines::TakePlace() {
  MutexLock lock(&mu_);
  while (taken_ - next_ >= static_cast<int64_t>(lines_.size())) written_.wait(mu_);
  if (absl::Status status = sink_->status(); !status.ok()) return status;
  return taken_++;
}

void OrderedLines::Fill(int64_t place, std::string line, const RowCounts& counts) {
  MutexLock lock(&mu_);
  const auto size = static_cast<int64_t>(lines_.size());
  lines_[place % size] = {std::move(line), counts};
  if (place != next_) return;
  for (; next_ < taken_ && lines_[next_ % size].has_value(); ++next_) {
    std::optional<Line>& next = lines_[next_ % size];
    sink_->Append(next->text, next->counts);
    next.reset();
  }
  sink_->Flush();
  written_.notify_all();
}

}  // namespace assay::client
