// server/token_rate.h
// How many tokens a second the devices compute together, from the passes they ran lately. Time in
// which no pass runs does not count, so an idle server keeps its rate. Decides nothing.
#ifndef ASSAY_SERVER_TOKEN_RATE_H_
#define ASSAY_SERVER_TOKEN_RATE_H_

#include <cstdint>
#include <map>

#include "absl/time/time.h"

namespace assay {

// Not thread-safe: its owner's lock guards it. Times do not go back.
class TokenRate {
 public:
  // A pass counts less the longer ago it was: by a factor e for each kMemory of passes since.
  static constexpr absl::Duration kMemory = absl::Seconds(10);

  // `initial` >= 0 is believed like one second's measurement; 0: nothing is known yet.
  explicit TokenRate(double initial);

  // The answer names the pass to PassEnded().
  int64_t PassBegan(absl::Time now);
  // `tokens` are those that the pass computed; 0 for one that failed, which then says nothing about
  // the rate.
  void PassEnded(int64_t pass, absl::Time now, int64_t tokens);

  // Tokens per second; 0 before anything was measured.
  double per_second() const { return seconds_ > 0 ? tokens_ / seconds_ : 0; }

 private:
  // Passes that run side by side share the time, so that each counts with what it took of it.
  void ShareTime(absl::Time now);

  double tokens_;
  double seconds_;
  std::map<int64_t, double> running_;  // Seconds of each pass's share.
  int64_t next_pass_ = 0;
  absl::Time shared_until_ = absl::InfinitePast();
};

}  // namespace assay

#endif  // ASSAY_SERVER_TOKEN_RATE_H_
