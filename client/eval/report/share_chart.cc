#include "client/eval/report/share_chart.h"

#include <algorithm>
#include <cmath>

#include "client/eval/report/html_text.h"

namespace assay::client {
namespace {

constexpr double kLegendHeight = 34;
constexpr double kBar = 9;

}  // namespace

std::string ShareChart(const std::vector<ShareBars>& bars, const std::string& label,
                       Layout layout) {
  const bool is_wide = layout == Layout::kWide;
  const double width = WidthOf(layout);
  double low = 0;
  double high = 0;
  double label_width = 0;
  for (const ShareBars& bar : bars) {
    low = std::min({low, bar.in_wins, bar.in_losses});
    high = std::max({high, bar.in_wins, bar.in_losses});
    label_width = std::max(label_width, TextWidth(bar.label) + 16);
  }
  if (low == high) high = 1;
  const double left = is_wide ? std::min(label_width, 300.0) : 8;
  const Scale x = {low, high, left + 4, width - 24};
  const double row_height = is_wide ? 31 : 50;

  // Lines of the axis stay clear of labels, which a narrow picture has above the bars.
  std::string axis;
  std::string content = SvgRect(0, 6, 16, 12, "win");
  content += SvgText(24, 18, Anchor::kStart, "", "rows that are right");
  content += SvgRect(180, 6, 16, 12, "loss");
  content += SvgText(204, 18, Anchor::kStart, "", "that are wrong");
  double y = kLegendHeight;
  const auto draw = [&](double value, double top, const char* css) {
    content +=
        SvgRect(std::min(x(0), x(value)), top, std::max(0.8, std::abs(x(value) - x(0))), kBar, css);
  };
  for (const ShareBars& bar : bars) {
    const double top = is_wide ? y + row_height / 2 - kBar - 1 : y + 26;
    const double base = is_wide ? y + row_height / 2 + 5 : y + 18;
    content += SvgText(0, base, Anchor::kStart, "", FitText(bar.label, is_wide ? left - 8 : width));
    draw(bar.in_wins, top, "win");
    draw(bar.in_losses, top + kBar + 2, "loss");
    if (!is_wide) axis += SvgLine(x(0), top - 3, x(0), top + 2 * kBar + 5, "axis");
    y += row_height;
  }
  y += 4;
  axis += SvgLine(x(low), y, x(high), y, "axis");
  for (const double tick : Ticks(low, high, is_wide ? 9 : 5)) {
    const char* const css = tick == 0 || !is_wide ? "axis" : "grid";
    axis += SvgLine(x(tick), is_wide ? kLegendHeight : y, x(tick), y + 5, css);
    axis += SvgTick(x(tick), y + 22, width, Signed(tick));
  }
  return SvgPicture(width, y + 34, label, axis + content);
}

}  // namespace assay::client
