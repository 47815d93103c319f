#include "client/eval/report/interval_chart.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/eval/report/html_text.h"

namespace assay::client {
namespace {

constexpr double kAxisHeight = 34;
constexpr double kValueWidth = 76;  // The figure to the right.
constexpr double kGroupHeight = 32;

double AxisStart(const std::vector<IntervalMark>& marks, ChanceLine chance) {
  double low = chance == ChanceLine::kHalf ? 0.49 : 0.89;
  for (const IntervalMark& mark : marks) low = std::min({low, mark.interval.low, mark.value});
  return std::floor(low * 10) / 10;
}

double AxisEnd(const std::vector<IntervalMark>& marks) {
  double high = 1;
  for (const IntervalMark& mark : marks) high = std::max(high, mark.value);
  return high;
}

double LabelWidth(const std::vector<IntervalMark>& marks) {
  double width = 60;
  for (const IntervalMark& mark : marks) width = std::max(width, TextWidth(mark.label) + 14);
  return std::min(width, 300.0);
}

}  // namespace

std::string IntervalChart(const std::vector<IntervalMark>& marks, ChanceLine chance,
                          const std::string& label, Layout layout) {
  const bool is_wide = layout == Layout::kWide;
  const double width = WidthOf(layout);
  // A narrow picture has each label above its whisker, not beside it.
  const double left = is_wide ? LabelWidth(marks) : 8;
  const double right = is_wide ? width - kValueWidth : width - 14;
  const double row_height = is_wide ? 27 : 46;
  const Scale x = {AxisStart(marks, chance), AxisEnd(marks), left, right};

  std::string content;
  double y = 4;
  std::string group;
  for (const IntervalMark& mark : marks) {
    if (mark.group != group) {
      group = mark.group;
      y += kGroupHeight;
      content += SvgText(0, y - 9, Anchor::kStart, "strong", group);
    }
    const std::string value = PercentText(mark.value);
    const double middle = is_wide ? y + row_height / 2 : y + 33;
    const double base = is_wide ? middle + 5 : y + 18;
    const double room = is_wide ? left - 8 : width - TextWidth(value) - 12;
    content += SvgText(0, base, Anchor::kStart, "", FitText(mark.label, room));
    content += SvgText(width, base, Anchor::kEnd, "strong", value);
    content += SvgLine(x(x.low), middle, x(x.high), middle, "grid");
    // Clear of labels, which a narrow picture has above the whiskers.
    if (chance == ChanceLine::kHalf && !is_wide)
      content += SvgLine(x(0.5), middle - 10, x(0.5), middle + 10, "chance");
    const double from = x(mark.interval.low);
    const double to = x(std::min(mark.interval.high, x.high));
    for (const double end : {from, to}) content += SvgLine(end, middle - 5, end, middle + 5, "one");
    content += SvgLine(from, middle, to, middle, "one");
    content += SvgMark(Shape::kDisc, x(mark.value), middle, "one");
    y += row_height;
  }
  std::string axis;
  for (const double tick : Ticks(x.low, 1, is_wide ? 11 : 6)) {
    axis += SvgLine(x(tick), y, x(tick), y + 5, "axis");
    axis += SvgTick(x(tick), y + 22, width, absl::StrFormat("%.0f %%", tick * 100));
  }
  if (chance == ChanceLine::kHalf && is_wide) axis += SvgLine(x(0.5), 4, x(0.5), y + 5, "chance");
  axis += SvgLine(x(x.low), y, x(x.high), y, "axis");
  return SvgPicture(width, y + kAxisHeight, label, absl::StrCat(axis, content));
}

}  // namespace assay::client
