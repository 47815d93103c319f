#include "client/ordered_lines.h"

#include <utility>

namespace assay::client {

void OrderedLines::SetWindow(int64_t window) {
  MutexLock lock(&mu_);
  window_ = window;
  room_.notify_all();
}

absl::StatusOr<int64_t> OrderedLines::TakePlace() {
  MutexLock lock(&mu_);
  while (static_cast<int64_t>(lines_.size()) >= window_) room_.wait(mu_);
  if (absl::Status status = sink_->status(); !status.ok()) return status;
  lines_.emplace_back();
  return next_ + static_cast<int64_t>(lines_.size()) - 1;
}

void OrderedLines::Fill(int64_t place, std::string line, const RowCounts& counts) {
  MutexLock lock(&mu_);
  lines_[place - next_] = {std::move(line), counts};
  if (place != next_) return;
  for (; !lines_.empty() && lines_.front().has_value(); ++next_) {
    sink_->Append(lines_.front()->text, lines_.front()->counts);
    lines_.pop_front();
  }
  sink_->Flush();
  room_.notify_all();
}

}  // namespace assay::client
