// tests/testing/fake_scorer.h
// A Scorer without a model: the score of a conversation is a known function of its tokens, so that
// a test can tell whether a reply belongs to its request. It can be told to fail and to block.
#ifndef ASSAY_TESTS_TESTING_FAKE_SCORER_H_
#define ASSAY_TESTS_TESTING_FAKE_SCORER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <set>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/mutex.h"
#include "model/scorer.h"
#include "model/types.h"

namespace assay::testing {

// In [-1, 1); a hash of all tokens of a conversation.
float FakeScoreOf(const TokenIds& conversation);

// The whole answer for a conversation: FakeScoreOf(), and two objectives made of it.
RewardScore FakeRewardOf(const TokenIds& conversation);

// Two objectives, "length" and "noise"; hashes and names made up. max_tokens 4096, device "cpu".
ModelInfo FakeModelInfo();

// Thread-safe, unlike what it stands for: tests look at it while a worker uses it.
class FakeScorer : public Scorer {
 public:
  explicit FakeScorer(ModelInfo info = FakeModelInfo()) : info_(std::move(info)) {}

  std::vector<absl::StatusOr<RewardScore>> ScoreBatch(absl::Span<const PromptGroup> groups) override
      ABSL_LOCKS_EXCLUDED(mu_);
  const ModelInfo& info() const override { return info_; }

  // The response with exactly these tokens (prefix included) answers INTERNAL from now on.
  void FailOn(TokenIds conversation) ABSL_LOCKS_EXCLUDED(mu_);
  // Each batch of more than `groups` groups answers RESOURCE_EXHAUSTED for all from now on.
  void RunOutOfMemoryAbove(size_t groups) ABSL_LOCKS_EXCLUDED(mu_);
  // Each batch of more than `tokens` computed tokens answers RESOURCE_EXHAUSTED for all from now on.
  void RunOutOfMemoryAboveTokens(int64_t tokens) ABSL_LOCKS_EXCLUDED(mu_);
  // Each batch answers ABORTED for all from now on, as of a device that failed for good.
  void Break() ABSL_LOCKS_EXCLUDED(mu_);
  // The next batch returns one result too few.
  void LoseOneResult() ABSL_LOCKS_EXCLUDED(mu_);

  // Batches begun from now on wait until Release().
  void Block() ABSL_LOCKS_EXCLUDED(mu_);
  void Release() ABSL_LOCKS_EXCLUDED(mu_);

  // Block until `count` batches began or ended, since construction; return the numbers of groups of
  // those that did.
  std::vector<size_t> AwaitBegun(size_t count) ABSL_LOCKS_EXCLUDED(mu_);
  std::vector<size_t> AwaitBatches(size_t count) ABSL_LOCKS_EXCLUDED(mu_);

  // Every conversation that a batch held, in order.
  std::vector<TokenIds> Scored() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  const ModelInfo info_;

  mutable Mutex mu_;
  CondVar changed_;
  bool blocked_ ABSL_GUARDED_BY(mu_) = false;
  bool lose_one_ ABSL_GUARDED_BY(mu_) = false;
  size_t memory_groups_ ABSL_GUARDED_BY(mu_) = static_cast<size_t>(-1);
  int64_t memory_tokens_ ABSL_GUARDED_BY(mu_) = std::numeric_limits<int64_t>::max();
  bool broken_ ABSL_GUARDED_BY(mu_) = false;
  std::set<TokenIds> fail_on_ ABSL_GUARDED_BY(mu_);
  std::vector<size_t> begun_ ABSL_GUARDED_BY(mu_);
  std::vector<size_t> ended_ ABSL_GUARDED_BY(mu_);
  std::vector<TokenIds> scored_ ABSL_GUARDED_BY(mu_);
};

}  // namespace assay::testing

#endif  // ASSAY_TESTS_TESTING_FAKE_SCORER_H_
