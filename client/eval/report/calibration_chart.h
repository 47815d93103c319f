// client/eval/report/calibration_chart.h
// How often margins are right by their size, each size a dot on a whisker, and what is expected as
// lines. A pure function.
#ifndef ASSAY_CLIENT_EVAL_REPORT_CALIBRATION_CHART_H_
#define ASSAY_CLIENT_EVAL_REPORT_CALIBRATION_CHART_H_

#include <string>

#include "client/eval/report/calibration.h"
#include "client/eval/report/svg.h"

namespace assay::client {

// `calibration` has bins.
std::string CalibrationChart(const Calibration& calibration, Expectation expectation,
                             const std::string& label, Layout layout);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_REPORT_CALIBRATION_CHART_H_
