// model/score_error.h
// How far scores lie from float32's: pure sums over pairs of numbers. What was scored, and how, is the caller's business.
#ifndef ASSAY_MODEL_SCORE_ERROR_H_
#define ASSAY_MODEL_SCORE_ERROR_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "model/types.h"

namespace assay {

// Figures over |found[i] - reference[i]|; both have the same length, and every number is finite. Differences are taken in
// double, so that they are exact.
// percentile_99 is by nearest rank: the smallest difference that at least 99 of 100 do not exceed. It is the largest where
// there are fewer than 100, so that few numbers never promise more than they show.
ErrorFigures MeasureErrors(absl::Span<const double> found, absl::Span<const double> reference);

// score(first) - score(each other) for every group of responses to one prompt; a group of one has no margin.
// `group_sizes` sums up to the number of scores.
std::vector<double> MarginsOf(absl::Span<const float> scores,
                              absl::Span<const int64_t> group_sizes);

// Both figures of `found` against `reference`: scores of the same conversations in the same order, in groups.
// `data` and `measured_on` are left empty.
ScoreError CompareScores(absl::Span<const float> found, absl::Span<const float> reference,
                         absl::Span<const int64_t> group_sizes);

}  // namespace assay

#endif  // ASSAY_MODEL_SCORE_ERROR_H_
