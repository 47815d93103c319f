// client/eval/report/share_chart.h
// What each objective adds to the margin, in rows that are right and in rows that are wrong: two
// bars to the left or right of 0 for each. A pure function of plain numbers.
#ifndef ASSAY_CLIENT_EVAL_REPORT_SHARE_CHART_H_
#define ASSAY_CLIENT_EVAL_REPORT_SHARE_CHART_H_

#include <string>
#include <vector>

#include "client/eval/report/svg.h"

namespace assay::client {

struct ShareBars {
  std::string label = {};
  double in_wins = 0;    // The upper bar, plain.
  double in_losses = 0;  // The lower one, hatched.
};

std::string ShareChart(const std::vector<ShareBars>& bars, const std::string& label, Layout layout);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_REPORT_SHARE_CHART_H_
