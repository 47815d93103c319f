// client/accuracy.h
// How often a model prefers the chosen response, by subset and by measure: pure sums. A pair is won
// when the chosen response scores strictly higher; a tie is counted and is not a win; a pair that
// could not be scored is an error and no part of n. A pair is too close to call when its scores lie
// nearer to each other than the scorer's own error; it is counted apart and stays what it is, a win,
// tie or loss, so that accuracies compare with others' that know no such count. What these sums are
// over is the caller's data: they are accuracies on those pairs and no benchmark's score.
#ifndef ASSAY_CLIENT_ACCURACY_H_
#define ASSAY_CLIENT_ACCURACY_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "client/types.h"

namespace assay::client {

struct Interval {
  double low = 0;   // 0..1
  double high = 1;  // 0..1
};

// Wilson's score interval at 95 %: the accuracies that would not be surprised by `wins` of `n`.
// 0..1 for n = 0. Source: E. B. Wilson, JASA 22 (1927); z = 1.959964, the normal's 97.5 % quantile.
Interval WilsonInterval(int64_t wins, int64_t n);

// One measure over some pairs.
struct Tally {
  int64_t wins = 0;
  int64_t ties = 0;
  int64_t losses = 0;

  int64_t n() const { return wins + ties + losses; }
  double accuracy() const;  // wins / n; 0 for n = 0.
  void Add(float chosen, float rejected);
  void Add(const Tally& other);
};

struct SubsetAccuracy {
  std::string subset = {};
  Tally score = {};
  std::vector<Tally> objectives = {};  // In the model's order.
  int64_t errors = 0;
  int64_t too_close = 0;  // By the score alone; see close_call.h.
};

// Not thread-safe.
class AccuracySums {
 public:
  // `too_close` is TooClose()'s margin; absent: no pair is too close.
  explicit AccuracySums(size_t objectives, std::optional<double> too_close = std::nullopt)
      : objectives_(objectives), too_close_(too_close) {}

  // Subsets are reported in the order in which they are first named, here or below.
  void AddSubset(const std::string& subset) { SubsetNamed(subset); }
  // Both scores carry as many rewards as there are objectives.
  void AddPair(const std::string& subset, const Score& chosen, const Score& rejected);
  void AddError(const std::string& subset) { ++SubsetNamed(subset).errors; }

  const std::vector<SubsetAccuracy>& subsets() const { return subsets_; }
  // Over all pairs, each counting once whatever its subset.
  SubsetAccuracy Total() const;

 private:
  SubsetAccuracy& SubsetNamed(const std::string& subset);

  const size_t objectives_;
  const std::optional<double> too_close_;
  std::vector<SubsetAccuracy> subsets_;
  std::map<std::string, size_t> index_;  // Into subsets_.
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_ACCURACY_H_
