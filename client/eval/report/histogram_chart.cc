#include "client/eval/report/histogram_chart.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "client/eval/report/html_text.h"
#include "client/figures.h"

namespace assay::client {
namespace {

constexpr double kSmallWidth = 240;

struct Frame {
  double width;
  double left;  // Of the plot, in units, as are all.
  double top;
  double bottom;
  int ticks;  // At most, on the axis of margins.
};

Scale MarginScale(const MarginBins& bins, const Frame& frame) {
  const double reach = bins.width * static_cast<double>(bins.per_side);
  return {-reach, reach, frame.left, frame.width - 8};
}

std::string Bars(const MarginHistogram& histogram, const Scale& x, const Frame& frame) {
  const auto most = static_cast<double>(std::max<int64_t>(1, histogram.largest_bin()));
  const Scale height = {0, most, 0, frame.bottom - frame.top};
  std::string bars;
  const auto bar = [&](double begin, double end, int64_t n, const char* css) {
    if (n == 0) return;
    // However few rows, a bar that is there can be seen.
    const double tall = std::max(1.0, height(static_cast<double>(n)));
    bars += SvgRect(x(begin) + 0.5, frame.bottom - tall, x(end) - x(begin) - 1, tall, css);
  };
  for (size_t i = 0; i < histogram.bins.per_side; ++i) {
    const double near = histogram.bins.width * static_cast<double>(i);
    const double far = near + histogram.bins.width;
    bar(-far, -near, histogram.losses[i], "loss");
    bar(near, far, histogram.wins[i], "win");
  }
  return bars;
}

// What lies behind the bars, and what lies before them: the band's ground and its two edges.
struct Band {
  std::string ground = {};
  std::string edges = {};
};

Band BandOf(const std::optional<double>& too_close, const Scale& x, const Frame& frame) {
  if (!too_close.has_value() || *too_close == 0) return {};
  const double half = std::min(*too_close, x.high);
  const double height = frame.bottom - frame.top;
  Band band = {.ground = SvgRect(x(-half), frame.top, x(half) - x(-half), height, "band")};
  for (const double edge : {-half, half})
    band.edges += SvgLine(x(edge), frame.top, x(edge), frame.bottom, "edge");
  return band;
}

std::string MarginAxis(const Scale& x, const Frame& frame) {
  std::string axis = SvgLine(x(x.low), frame.bottom, x(x.high), frame.bottom, "axis");
  axis += SvgLine(x(0), frame.top - 4, x(0), frame.bottom + 5, "axis");
  for (const double tick : Ticks(x.low, x.high, frame.ticks)) {
    axis += SvgLine(x(tick), frame.bottom, x(tick), frame.bottom + 5, "axis");
    axis += SvgTick(x(tick), frame.bottom + 22, frame.width, Signed(tick));
  }
  return axis;
}

std::string CountAxis(int64_t largest, const Scale& x, const Frame& frame, double text_at) {
  const auto high = static_cast<double>(std::max<int64_t>(1, largest));
  const Scale y = {0, high, frame.bottom, frame.top};
  std::string axis;
  for (const double tick : Ticks(0, high, 5)) {
    if (tick == 0 || tick != std::floor(tick)) continue;
    axis += SvgLine(x(x.low), y(tick), x(x.high), y(tick), "grid");
    axis += SvgText(text_at, y(tick) + 5, Anchor::kEnd, "soft", Count(std::llround(tick)));
  }
  return axis;
}

}  // namespace

std::string HistogramChart(const MarginHistogram& histogram, const std::optional<double>& too_close,
                           const std::string& label, Layout layout) {
  const bool is_wide = layout == Layout::kWide;
  const double left = TextWidth(Count(histogram.largest_bin())) + 14;
  const Frame frame = {WidthOf(layout), left, 40, is_wide ? 280.0 : 240.0, is_wide ? 11 : 5};
  const Scale x = MarginScale(histogram.bins, frame);
  const Band band = BandOf(too_close, x, frame);
  const double gap = 10;
  return SvgPicture(
      frame.width, frame.bottom + 34, label,
      absl::StrCat(band.ground, CountAxis(histogram.largest_bin(), x, frame, left - 8),
                   Bars(histogram, x, frame), band.edges, MarginAxis(x, frame),
                   SvgText(x(0) - gap, 22, Anchor::kEnd, "strong", "← wrong"),
                   SvgText(x(0) + gap, 22, Anchor::kStart, "strong", "right →")));
}

std::string SmallHistogram(const MarginHistogram& histogram, const std::optional<double>& too_close,
                           const std::string& label) {
  const Frame frame = {kSmallWidth, 8, 30, 120, 5};
  const Scale x = MarginScale(histogram.bins, frame);
  const Band band = BandOf(too_close, x, frame);
  int64_t wins = 0;
  int64_t losses = 0;
  for (const int64_t n : histogram.wins) wins += n;
  for (const int64_t n : histogram.losses) losses += n;
  return SvgPicture(
      frame.width, frame.bottom + 32, label,
      absl::StrCat(band.ground, Bars(histogram, x, frame), band.edges, MarginAxis(x, frame),
                   SvgText(x(0) - 8, 20, Anchor::kEnd, "", absl::StrCat(Count(losses), " wrong")),
                   SvgText(x(0) + 8, 20, Anchor::kStart, "", absl::StrCat(Count(wins), " right"))));
}

}  // namespace assay::client
