#include "client/eval/report/svg.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/utf8.h"
#include "client/eval/report/html_text.h"

namespace assay::client {
namespace {

constexpr double kLetter = 8;       // Units; a mean over letters of a wide system font at 14.
constexpr double kWiderDigits = 3;  // Half of what a short figure is wider than its letters' mean.

const char* NameOf(Anchor anchor) {
  switch (anchor) {
    case Anchor::kStart:
      return "start";
    case Anchor::kMiddle:
      return "middle";
    case Anchor::kEnd:
      return "end";
  }
  return "";
}

// Tenths of a unit are finer than anybody sees.
std::string Unit(double value) {
  const std::string text = absl::StrFormat("%.1f", value);
  return text == "-0.0" ? "0.0" : text;
}

std::vector<std::string> Runes(absl::string_view text) {
  std::vector<std::string> runes;
  while (!text.empty()) {
    const auto bytes = static_cast<size_t>(std::max(1, DecodeUtf8(text).bytes));
    runes.emplace_back(text.substr(0, bytes));
    text.remove_prefix(bytes);
  }
  return runes;
}

}  // namespace

double WidthOf(Layout layout) { return layout == Layout::kWide ? 760 : 340; }

std::string BothLayouts(const std::function<std::string(Layout)>& draw) {
  return absl::StrCat("<div class=\"wide\">", draw(Layout::kWide), "</div><div class=\"narrow\">",
                      draw(Layout::kNarrow), "</div>");
}

std::string SvgText(double x, double y, Anchor anchor, absl::string_view css,
                    absl::string_view text) {
  return absl::StrCat("<text x=\"", Unit(x), "\" y=\"", Unit(y), "\" text-anchor=\"",
                      NameOf(anchor), "\" class=\"", css, "\">", Html(text), "</text>");
}

std::string SvgTick(double x, double y, double width, absl::string_view text) {
  const double half = TextWidth(text) / 2 + kWiderDigits;
  return SvgText(std::clamp(x, half, std::max(half, width - half)), y, Anchor::kMiddle, "soft",
                 text);
}

std::string SvgLine(double x1, double y1, double x2, double y2, absl::string_view css) {
  return absl::StrCat("<line x1=\"", Unit(x1), "\" y1=\"", Unit(y1), "\" x2=\"", Unit(x2),
                      "\" y2=\"", Unit(y2), "\" class=\"", css, "\"/>");
}

std::string SvgRect(double x, double y, double width, double height, absl::string_view css) {
  return absl::StrCat("<rect x=\"", Unit(x), "\" y=\"", Unit(y), "\" width=\"", Unit(width),
                      "\" height=\"", Unit(height), "\" class=\"", css, "\"/>");
}

std::string SvgMark(Shape shape, double x, double y, absl::string_view css) {
  const std::string moved = absl::StrCat("<path transform=\"translate(", Unit(x), " ", Unit(y),
                                         ")\" class=\"mark ", css, "\" d=\"");
  switch (shape) {
    case Shape::kDisc:
      return absl::StrCat("<circle cx=\"", Unit(x), "\" cy=\"", Unit(y), "\" r=\"5\" class=\"mark ",
                          css, " full\"/>");
    case Shape::kCircle:
      return absl::StrCat("<circle cx=\"", Unit(x), "\" cy=\"", Unit(y),
                          "\" r=\"4.5\" class=\"mark ", css, "\"/>");
    case Shape::kSquare:
      return absl::StrCat(moved, "M-4 -4H4V4H-4Z\"/>");
    case Shape::kTriangle:
      return absl::StrCat(moved, "M0 -5L5 4H-5Z\"/>");
    case Shape::kDiamond:
      return absl::StrCat("<path transform=\"translate(", Unit(x), " ", Unit(y),
                          ")\" class=\"mark ", css, " full\" d=\"M0 -7L7 0L0 7L-7 0Z\"/>");
    case Shape::kCross:
      return absl::StrCat(moved, "M-4 -4L4 4M-4 4L4 -4\"/>");
  }
  return "";
}

std::string SvgPicture(double width, double height, absl::string_view label,
                       absl::string_view content) {
  return absl::StrCat("<svg viewBox=\"0 0 ", Unit(width), " ", Unit(height),
                      "\" role=\"img\" aria-label=\"", Html(label), "\">", content, "</svg>");
}

double TextWidth(absl::string_view text) {
  return kLetter * static_cast<double>(Runes(text).size());
}

std::string FitText(absl::string_view text, double width) {
  if (TextWidth(text) <= width) return std::string(text);
  const std::vector<std::string> runes = Runes(text);
  const auto room = static_cast<size_t>(std::max(2.0, std::floor(width / kLetter) - 1));
  std::string fitted;
  for (size_t i = 0; i < room - room / 2; ++i) fitted += runes[i];
  fitted += "…";
  for (size_t i = runes.size() - room / 2; i < runes.size(); ++i) fitted += runes[i];
  return fitted;
}

double NiceStep(double value) {
  const double power = std::pow(10.0, std::floor(std::log10(value)));
  for (const double factor : {1.0, 2.0, 2.5, 5.0}) {
    // A step that is nice already must stay itself in spite of the division's rounding.
    if (factor * power >= value * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

std::vector<double> Ticks(double low, double high, int most) {
  double step = NiceStep((high - low) / most);
  while (true) {
    std::vector<double> ticks;
    const double slack = step * 1e-6;
    for (double i = std::ceil((low - slack) / step); i * step <= high + slack; ++i) {
      ticks.push_back(i == 0 ? 0 : i * step);
    }
    if (ticks.size() <= static_cast<size_t>(most)) return ticks;
    step = NiceStep(step * 1.01);
  }
}

}  // namespace assay::client
