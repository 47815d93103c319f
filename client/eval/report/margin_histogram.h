// client/eval/report/margin_histogram.h
// How many margins lie where: wins outwards from 0 to the one side, losses to the other. Pure sums.
#ifndef ASSAY_CLIENT_EVAL_REPORT_MARGIN_HISTOGRAM_H_
#define ASSAY_CLIENT_EVAL_REPORT_MARGIN_HISTOGRAM_H_

#include <cstdint>
#include <string>
#include <vector>

#include "client/eval/eval_row.h"

namespace assay::client {

// Bins of one width on both sides of 0; the outermost of each side holds all that is beyond it, too.
struct MarginBins {
  double width = 1;  // > 0.
  size_t per_side = 1;
};

// Bins of a round width, 16 a side at most, that reach to where 99 of 100 margins lie.
MarginBins ChooseBins(const std::vector<double>& margins);

struct MarginHistogram {
  MarginBins bins = {};
  std::vector<int64_t> wins = {};    // wins[i]: margins in (i x width, (i + 1) x width].
  std::vector<int64_t> losses = {};  // losses[i]: -margin there.
  int64_t ties = 0;                  // Margins of exactly 0; in no bin.
  int64_t beyond = 0;                // Of the outermost bins, those that lie outside their width.

  int64_t largest_bin() const;
};

MarginHistogram CountMargins(const std::vector<double>& margins, const MarginBins& bins);

// MarginOf() each scored row of `subset`; of all rows for an empty one.
std::vector<double> MarginsOf(const std::vector<EvalRow>& rows, const std::string& subset);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_REPORT_MARGIN_HISTOGRAM_H_
