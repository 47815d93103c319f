// client/eval/report/svg.h
// The marks that charts are made of, as inline SVG whose colours come from the page's style sheet,
// and the measures that all charts share. Pure functions. Coordinates are the picture's units, y
// downwards; `css` is a class.
#ifndef ASSAY_CLIENT_EVAL_REPORT_SVG_H_
#define ASSAY_CLIENT_EVAL_REPORT_SVG_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace assay::client {

// A picture is laid out twice and the style sheet shows the one that fits, so that its letters are
// of the size of the page's at any width.
enum class Layout { kWide, kNarrow };

// Units of a picture that is as wide as the page allows; one is about one pixel.
double WidthOf(Layout layout);

// `draw` in both layouts.
std::string BothLayouts(const std::function<std::string(Layout)>& draw);

enum class Anchor { kStart, kMiddle, kEnd };

std::string SvgText(double x, double y, Anchor anchor, absl::string_view css,
                    absl::string_view text);
// A figure under an axis, in the middle of `x` but inside a picture of `width`.
std::string SvgTick(double x, double y, double width, absl::string_view text);
std::string SvgLine(double x1, double y1, double x2, double y2, absl::string_view css);
std::string SvgRect(double x, double y, double width, double height, absl::string_view css);

enum class Shape { kDisc, kCircle, kSquare, kTriangle, kDiamond, kCross };

// A mark around (x, y), about 10 units high. Disc and diamond are filled, the others outlines.
std::string SvgMark(Shape shape, double x, double y, absl::string_view css);

// The picture; `label` says in one sentence what is seen, for who cannot see it.
std::string SvgPicture(double width, double height, absl::string_view label,
                       absl::string_view content);

// About how many units `text` needs at a chart's size of letters.
double TextWidth(absl::string_view text);

// `text` where it fits into `width` units; else its beginning and end around "…".
std::string FitText(absl::string_view text, double width);

// A line from values to units.
struct Scale {
  double low = 0;   // The value at `from`.
  double high = 1;  // The value at `to`; not equal to low.
  double from = 0;
  double to = 1;

  double operator()(double value) const {
    return from + (value - low) / (high - low) * (to - from);
  }
};

// The smallest of 1, 2, 2.5 and 5 times a power of ten that is at least `value` (> 0).
double NiceStep(double value);

// Multiples of the smallest nice step of which `most` (>= 2) at the most lie in low..high
// (low < high).
std::vector<double> Ticks(double low, double high, int most);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_REPORT_SVG_H_
