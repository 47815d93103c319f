// tests/testing/paced_scorer.h
// A fake device with a known speed, for loads of any length: unlike FakeScorer it remembers nothing
// of what it scored. Scores are FakeRewardOf()'s.
#ifndef ASSAY_TESTS_TESTING_PACED_SCORER_H_
#define ASSAY_TESTS_TESTING_PACED_SCORER_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "model/scorer.h"
#include "tests/testing/fake_scorer.h"

namespace assay::testing {

struct PacedScorerOptions {
  // A pass takes its tokens, each group's prefix once, over this; 0: no time.
  double tokens_per_second = 0;
  // Bytes allocated, touched and forgotten for every group: a defect to be found. 0: none.
  int64_t leak_bytes = 0;
  // A pass of more groups answers RESOURCE_EXHAUSTED for all; 0: none does.
  int64_t memory_groups = 0;
  // Passes after which the device has failed for good, the warm-up among them; 0: it never does.
  int64_t break_after = 0;
  // A FIFO: the second pass, the first after the warm-up, waits until someone opens it for writing.
  // Empty: none.
  std::string gate = {};
};

// Groups whose prompt begins with this byte are counted: a load's, not the server's own tests.
inline constexpr TokenId kCountedMark = '#';

// As Scorer: one caller at a time; counted() from any thread.
class PacedScorer : public Scorer {
 public:
  // Borrows the clock.
  PacedScorer(PacedScorerOptions options, Clock* clock, ModelInfo info = FakeModelInfo());

  std::vector<absl::StatusOr<RewardScore>> ScoreBatch(
      absl::Span<const PromptGroup> groups) override;
  const ModelInfo& info() const override { return info_; }

  // Groups with kCountedMark that were scored.
  int64_t counted() const { return counted_; }

 private:
  void Leak(size_t groups) const;
  void WaitUntil(absl::Time time) ABSL_LOCKS_EXCLUDED(mu_);

  const PacedScorerOptions options_;
  Clock* const clock_;
  const ModelInfo info_;
  int64_t passes_ = 0;
  std::atomic<int64_t> counted_ = 0;

  Mutex mu_;  // Guards nothing: a wait on a clock wants one.
  CondVar never_;
};

}  // namespace assay::testing

#endif  // ASSAY_TESTS_TESTING_PACED_SCORER_H_
