#include "client/eval/report/calibration_chart.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/eval/accuracy.h"
#include "client/figures.h"

namespace assay::client {
namespace {

constexpr double kLeft = 56;
constexpr double kLegendLine = 24;

Interval IntervalOf(const CalibrationBin& bin) {
  return WilsonInterval(static_cast<double>(bin.right), bin.n);
}

double AxisStart(const Calibration& calibration) {
  double low = 0.49;
  for (const CalibrationBin& bin : calibration.bins) low = std::min(low, IntervalOf(bin).low);
  return std::floor(low * 10) / 10;
}

// From `*y` downwards; moves it to below the legend.
std::string LegendOf(const Calibration& calibration, Expectation expectation, double* y) {
  std::string legend = SvgLine(12, *y - 13, 12, *y + 3, "one");
  legend += SvgMark(Shape::kDisc, 12, *y - 5, "one");
  legend += SvgText(34, *y, Anchor::kStart, "", "share that is right, 95 % interval");
  *y += kLegendLine;
  if (expectation == Expectation::kHidden) return legend;
  legend += SvgLine(0, *y - 5, 24, *y - 5, "expected");
  legend += SvgText(34, *y, Anchor::kStart, "", "expected: sigmoid(margin)");
  *y += kLegendLine;
  if (!calibration.scale.has_value()) return legend;
  legend += SvgLine(0, *y - 5, 24, *y - 5, "fitted");
  legend += SvgText(34, *y, Anchor::kStart, "",
                    absl::StrCat("fitted: sigmoid(margin / ", Rounded(*calibration.scale), ")"));
  *y += kLegendLine;
  return legend;
}

}  // namespace

std::string CalibrationChart(const Calibration& calibration, Expectation expectation,
                             const std::string& label, Layout layout) {
  const bool is_wide = layout == Layout::kWide;
  const double width = WidthOf(layout);
  double top = 16;
  std::string content = LegendOf(calibration, expectation, &top);
  const double bottom = top + (is_wide ? 260 : 220);
  const auto bins = static_cast<double>(calibration.bins.size());
  const Scale x = {0, bins, kLeft, width - 4};
  const Scale y = {AxisStart(calibration), 1, bottom, top + 4};

  for (const double tick : Ticks(y.low, 1, 6)) {
    content +=
        SvgLine(x(0), y(tick), x(bins), y(tick), std::fabs(tick - 0.5) < 1e-9 ? "chance" : "grid");
    content += SvgText(kLeft - 8, y(tick) + 5, Anchor::kEnd, "soft",
                       absl::StrFormat("%.0f %%", tick * 100));
  }
  // Figures under a bin say up to which margin it goes; as many of them as there is room for.
  double widest = 0;
  for (const CalibrationBin& bin : calibration.bins)
    widest = std::max(widest, TextWidth(Rounded(bin.largest)) + 10);
  const auto every = static_cast<size_t>(std::max(1.0, std::ceil(widest / (x(1) - x(0)))));
  for (size_t i = 0; i < calibration.bins.size(); ++i) {
    const CalibrationBin& bin = calibration.bins[i];
    const double at = x(static_cast<double>(i) + 0.5);
    const Interval interval = IntervalOf(bin);
    if (expectation == Expectation::kShown && i + 1 < calibration.bins.size()) {
      const CalibrationBin& next = calibration.bins[i + 1];
      const double then = x(static_cast<double>(i) + 1.5);
      content += SvgLine(at, y(bin.expected), then, y(next.expected), "expected");
      if (bin.fitted.has_value())
        content += SvgLine(at, y(*bin.fitted), then, y(*next.fitted), "fitted");
    }
    for (const double end : {interval.low, interval.high})
      content += SvgLine(at - 5, y(end), at + 5, y(end), "one");
    content += SvgLine(at, y(interval.low), at, y(interval.high), "one");
    content += SvgMark(Shape::kDisc, at,
                       y(static_cast<double>(bin.right) / static_cast<double>(bin.n)), "one");
    if ((calibration.bins.size() - 1 - i) % every == 0) {
      content += SvgTick(at, bottom + 22, width, Rounded(bin.largest));
    }
  }
  content += SvgLine(x(0), bottom, x(bins), bottom, "axis");
  content += SvgText((x(0) + x(bins)) / 2, bottom + 46, Anchor::kMiddle, "soft",
                     "largest margin of each bin, sign left out");
  return SvgPicture(width, bottom + 56, label, content);
}

}  // namespace assay::client
