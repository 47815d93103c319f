// client/eval/report/interval_chart.h
// Proportions with their intervals: a dot on a whisker for each, one below the other. A pure
// function of plain numbers.
#ifndef ASSAY_CLIENT_EVAL_REPORT_INTERVAL_CHART_H_
#define ASSAY_CLIENT_EVAL_REPORT_INTERVAL_CHART_H_

#include <string>
#include <vector>

#include "client/eval/accuracy.h"
#include "client/eval/report/svg.h"

namespace assay::client {

struct IntervalMark {
  std::string group = {};  // Written above the first mark of each group; empty: not written.
  std::string label = {};
  double value = 0;  // 0..1; beyond it where a measure goes beyond it.
  Interval interval = {};
};

enum class ChanceLine { kNone, kHalf };

// At least one mark. The axis runs to 100 % from a round number below every whisker, from below
// 50 % where that line is drawn.
std::string IntervalChart(const std::vector<IntervalMark>& marks, ChanceLine chance,
                          const std::string& label, Layout layout);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_REPORT_INTERVAL_CHART_H_
