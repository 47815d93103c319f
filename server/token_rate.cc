#include "server/token_rate.h"

#include <cmath>

namespace assay {

TokenRate::TokenRate(double initial) : tokens_(initial), seconds_(initial > 0 ? 1 : 0) {}

int64_t TokenRate::PassBegan(absl::Time now) {
  ShareTime(now);
  running_.emplace(next_pass_, 0);
  return next_pass_++;
}

void TokenRate::PassEnded(int64_t pass, absl::Time now, int64_t tokens) {
  ShareTime(now);
  const auto ended = running_.find(pass);
  if (tokens > 0) {
    const double kept = std::exp(-ended->second / absl::ToDoubleSeconds(kMemory));
    tokens_ = tokens_ * kept + static_cast<double>(tokens);
    seconds_ = seconds_ * kept + ended->second;
  }
  running_.erase(ended);
}

void TokenRate::ShareTime(absl::Time now) {
  if (!running_.empty()) {
    const double share =
        absl::ToDoubleSeconds(now - shared_until_) / static_cast<double>(running_.size());
    for (auto& [pass, seconds] : running_) seconds += share;
  }
  shared_until_ = now;
}

}  // namespace assay
