// client/progress_bar.h
// How far a long job is: one line that renews itself on a terminal, a line every ten seconds in a
// log file. Counts nothing itself.
#ifndef ASSAY_CLIENT_PROGRESS_BAR_H_
#define ASSAY_CLIENT_PROGRESS_BAR_H_

#include <cstdint>
#include <ostream>
#include <string>

#include "absl/time/time.h"
#include "base/clock.h"

namespace assay::client {

struct Progress {
  int64_t done = 0;
  int64_t total = 0;  // 0: not known.
  int64_t kept = 0;   // Of `done`, an earlier run's: no rate is made of them.
  int64_t errors = 0;
  int64_t tokens = 0;  // Of this run.
  absl::Duration elapsed = {};
};

// "120/840 pairs, 12.3 pairs/s, 4,567 tokens/s, 58 s left, 2 errors". `noun` in the singular.
std::string ProgressLine(const Progress& progress, const std::string& noun);

// Not thread-safe. Borrows the stream and the clock.
class ProgressBar {
 public:
  struct Options {
    std::string noun = {};  // What is counted, in the singular.
    int64_t total = 0;      // 0: not known.
    int64_t kept = 0;       // As Progress::kept.
    bool on_terminal = false;
  };

  ProgressBar(std::ostream* out, Clock* clock, Options options);
  // Leaves the terminal's line empty.
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // So much is done now. Shows it when it is time: ten times a second on a terminal, every ten
  // seconds elsewhere.
  void Update(int64_t done, int64_t errors, int64_t tokens);

  // A line of its own in between.
  void Say(const std::string& line);

  absl::Duration elapsed() const { return clock_->Now() - started_; }

 private:
  void Clear();

  std::ostream* const out_;
  Clock* const clock_;
  const Options options_;
  const absl::Time started_;
  absl::Time next_;      // No line before this.
  int shown_width_ = 0;  // Of what stands on the terminal's line.
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_PROGRESS_BAR_H_
