// client/eval/accuracy.h
// How often a model is right, by subset and by measure: pure sums over rows. A row that could not be
// scored is an error and no part of n. A row is too close to call when its hardest pair lies nearer
// together than the scorer's own error; it is counted apart and stays what it is, a win, tie or
// loss, so that accuracies compare with others' that know no such count.
#ifndef ASSAY_CLIENT_EVAL_ACCURACY_H_
#define ASSAY_CLIENT_EVAL_ACCURACY_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "client/eval/credit.h"
#include "client/eval/eval_row.h"
#include "client/eval/rewardbench2.h"

namespace assay::client {

struct Interval {
  double low = 0;   // 0..1
  double high = 1;  // 0..1
};

// Wilson's score interval at 95 %: the accuracies that would not be surprised by `credit` of `n`,
// credit 0..n. 0..1 for n = 0. Source: E. B. Wilson, JASA 22 (1927); z = 1.959964, the normal's
// 97.5 % quantile. With shares of credit it is wider than need be.
Interval WilsonInterval(double credit, int64_t n);

// One measure over some rows.
struct Tally {
  double credit = 0;  // The sum of Credit().
  // Rows whose lowest chosen value is above, equal to or below the highest rejected one.
  int64_t wins = 0;
  int64_t ties = 0;
  int64_t losses = 0;

  int64_t n() const { return wins + ties + losses; }
  double accuracy() const;  // credit / n; 0 for n = 0.
  void Add(double credit, float lowest_chosen, float highest_rejected);
  void Add(const Tally& other);
};

// Accuracy of kMatrix rows by how the styles of a pair lie. Each is a mean over n rows and the
// pairs of that kind. Source: RM-Bench's compute_accuracy: the matrix above its diagonal, on it and
// below it.
struct StyleAccuracy {
  double hard = 0;    // The chosen response in the plainer style.
  double normal = 0;  // Both in the same.
  double easy = 0;    // The rejected one in the plainer.
};

struct SubsetAccuracy {
  std::string subset = {};
  std::optional<Metric> metric = {};  // Absent: rows of several, or none yet.
  Tally score = {};
  std::vector<Tally> objectives = {};  // In the model's order.
  int64_t errors = 0;
  int64_t too_close = 0;                     // By the score alone; see close_call.h.
  std::optional<StyleAccuracy> styles = {};  // Where all rows are kMatrix.
  std::optional<TiesScore> ties = {};        // Where all rows are of RewardBench 2's Ties.

  // What the subset counts as in a benchmark's score: ties->score, else score.accuracy().
  double value() const { return ties.has_value() ? ties->score : score.accuracy(); }
};

struct AccuracyOptions {
  size_t objectives = 0;
  TieRule ties = {};
  std::optional<Metric> metric = {};     // For all rows; absent: MetricOf() each.
  std::optional<double> too_close = {};  // TooClose()'s margin; absent: no row is too close.
};

// By subset, in the order in which they are first met. Each row without an error carries as many
// rewards as there are objectives. kMatrix asked for a row that has not as many chosen as rejected
// responses: it is counted as kAllAbove.
std::vector<SubsetAccuracy> SubsetAccuracies(const std::vector<EvalRow>& rows,
                                             const AccuracyOptions& options);

// Over all rows, each counting once whatever its subset; named "all rows".
SubsetAccuracy TotalAccuracy(const std::vector<SubsetAccuracy>& subsets);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_ACCURACY_H_
