#include "client/eval/report/section_chart.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"

namespace assay::client {
namespace {

constexpr double kLegendLine = 24;
constexpr double kLabelWidth = 110;
constexpr double kValueWidth = 70;

// One for each series; told apart by shape, not by colour.
constexpr Shape kShapes[] = {Shape::kDiamond,  Shape::kCircle, Shape::kSquare,
                             Shape::kTriangle, Shape::kCross,  Shape::kDisc};

const char* CssOf(size_t series) { return series == 0 ? "one" : "other"; }

double AxisStart(const std::vector<SectionSeries>& series) {
  double low = 0.9;
  for (const SectionSeries& one : series) {
    for (const std::optional<double>& value : one.values) low = std::min(low, value.value_or(low));
  }
  return std::floor(low * 10) / 10;
}

double AxisEnd(const std::vector<SectionSeries>& series) {
  double high = 1;
  for (const SectionSeries& one : series) {
    for (const std::optional<double>& value : one.values) high = std::max(high, value.value_or(0));
  }
  return high;
}

}  // namespace

std::string SectionChart(const std::vector<std::string>& sections,
                         const std::vector<SectionSeries>& series, const std::string& label,
                         Layout layout) {
  const bool is_wide = layout == Layout::kWide;
  const double width = WidthOf(layout);
  const size_t columns = is_wide ? 2 : 1;
  const double column_width = width / static_cast<double>(columns);
  std::string content;
  double y = 0;
  for (size_t i = 0; i < series.size(); ++i) {
    const double left = static_cast<double>(i % columns) * column_width;
    y = static_cast<double>(i / columns) * kLegendLine + 16;
    content += SvgMark(kShapes[i], left + 9, y - 5, CssOf(i));
    content += SvgText(left + 24, y, Anchor::kStart, i == 0 ? "strong" : "",
                       FitText(series[i].name, column_width - 30));
  }
  y += 16;

  const double left = is_wide ? kLabelWidth : 8;
  const double right = is_wide ? width - kValueWidth : width - 14;
  const double row_height = is_wide ? 34 : 52;
  const Scale x = {AxisStart(series), AxisEnd(series), left, right};
  for (size_t i = 0; i < sections.size(); ++i) {
    const double middle = is_wide ? y + row_height / 2 : y + 36;
    const double base = is_wide ? middle + 5 : y + 19;
    content += SvgText(0, base, Anchor::kStart, "", FitText(sections[i], kLabelWidth - 6));
    content += SvgLine(x(x.low), middle, x(x.high), middle, "grid");
    // The page's own model last, so that it lies on top.
    for (size_t k = series.size(); k-- > 0;) {
      const std::optional<double>& value = series[k].values[i];
      if (value.has_value()) content += SvgMark(kShapes[k], x(*value), middle, CssOf(k));
    }
    const std::optional<double>& own = series[0].values[i];
    content += SvgText(width, base, Anchor::kEnd, own.has_value() ? "strong" : "soft",
                       own.has_value() ? absl::StrFormat("%.1f", *own * 100) : "absent");
    y += row_height;
  }
  for (const double tick : Ticks(x.low, x.high, is_wide ? 11 : 6)) {
    content += SvgLine(x(tick), y, x(tick), y + 5, "axis");
    content += SvgTick(x(tick), y + 22, width, absl::StrFormat("%.0f", tick * 100));
  }
  content += SvgLine(x(x.low), y, x(x.high), y, "axis");
  return SvgPicture(width, y + 34, label, content);
}

}  // namespace assay::client
