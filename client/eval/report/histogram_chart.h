// client/eval/report/histogram_chart.h
// A MarginHistogram as bars: losses hatched to the left of 0, wins plain to the right, the band that
// is too close to call shaded. Pure functions.
#ifndef ASSAY_CLIENT_EVAL_REPORT_HISTOGRAM_CHART_H_
#define ASSAY_CLIENT_EVAL_REPORT_HISTOGRAM_CHART_H_

#include <optional>
#include <string>

#include "client/eval/report/margin_histogram.h"
#include "client/eval/report/svg.h"

namespace assay::client {

// `label` says it for who cannot see it. `too_close` is the band's half width, >= 0.
std::string HistogramChart(const MarginHistogram& histogram, const std::optional<double>& too_close,
                           const std::string& label, Layout layout);

// One of several small pictures beside each other, with the shares of losses and wins in figures.
std::string SmallHistogram(const MarginHistogram& histogram, const std::optional<double>& too_close,
                           const std::string& label);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_REPORT_HISTOGRAM_CHART_H_
