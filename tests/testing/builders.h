// tests/testing/builders.h
// Short ways to say what a test needs.
#ifndef ASSAY_TESTS_TESTING_BUILDERS_H_
#define ASSAY_TESTS_TESTING_BUILDERS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "model/types.h"
#include "server/scored_request.h"
#include "server/scoring_pipeline.h"
#include "tests/testing/fake_encoder.h"
#include "tests/testing/fake_scorer.h"

namespace assay::testing {

// A group of `prefix` tokens and responses of these many tokens, numbered on from `first_token`.
PromptGroup GroupOf(int prefix, const std::vector<int>& responses, TokenId first_token = 0);

// One user turn and these responses.
PipelineRequest RequestOf(const std::string& prompt, std::vector<std::string> responses);

// What FakeScorer answers for one user turn and a response, encoded by FakeEncoder.
float ExpectedScore(const std::string& prompt, const std::string& response);

// Where a callback leaves its one value, and a test waits for it. Thread-safe.
template <typename T>
class Mailbox {
 public:
  void Put(T value) ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    values_.push_back(std::move(value));
    changed_.notify_all();
  }
  // Blocks until `count` values are there; returns all.
  std::vector<T> Await(size_t count) ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    while (values_.size() < count) changed_.wait(mu_);
    return values_;
  }
  size_t size() const ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    return values_.size();
  }

 private:
  mutable Mutex mu_;
  CondVar changed_;
  std::vector<T> values_ ABSL_GUARDED_BY(mu_);
};

}  // namespace assay::testing

#endif  // ASSAY_TESTS_TESTING_BUILDERS_H_
