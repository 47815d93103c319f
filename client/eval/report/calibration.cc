#include "client/eval/report/calibration.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "client/eval/report/html_text.h"
#include "client/figures.h"

namespace assay::client {
namespace {

constexpr size_t kBins = 10;
constexpr size_t kLeastRows = 10;  // Of a bin; with fewer its interval says nothing.

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// The derivative of the verdicts' log likelihood by a = 1 / scale; falls in a.
double Slope(const std::vector<double>& margins, double a) {
  double slope = 0;
  for (const double margin : margins) slope += margin * Sigmoid(-a * margin);
  return slope;
}

std::optional<double> FitScale(const std::vector<double>& margins) {
  double size = 0;
  bool has_loss = false;
  for (const double margin : margins) {
    size = std::max(size, std::fabs(margin));
    has_loss = has_loss || margin < 0;
  }
  if (!has_loss || Slope(margins, 0) <= 0) return std::nullopt;
  double low = 0;
  double high = 1 / size;
  while (Slope(margins, high) > 0) {
    low = high;
    high *= 2;
  }
  // Halved until doubles hold nothing between.
  for (double a = (low + high) / 2; a > low && a < high; a = (low + high) / 2) {
    (Slope(margins, a) > 0 ? low : high) = a;
  }
  return 1 / high;
}

}  // namespace

Calibration Calibrate(const std::vector<double>& margins) {
  Calibration result = {.scale = FitScale(margins), .n = static_cast<int64_t>(margins.size())};
  for (const double margin : margins) {
    result.right += margin > 0 ? 1 : 0;
    if (margin < 0) ++result.wrong;
    result.expected += Sigmoid(std::fabs(margin));
  }
  if (!margins.empty()) {
    result.right /= static_cast<double>(margins.size());
    result.expected /= static_cast<double>(margins.size());
  }
  std::vector<double> sorted = margins;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](double a, double b) { return std::fabs(a) < std::fabs(b); });
  const size_t count = std::min(kBins, sorted.size() / kLeastRows);
  if (count < 2) return result;
  for (size_t i = 0; i < count; ++i) {
    const size_t begin = i * sorted.size() / count;
    const size_t end = (i + 1) * sorted.size() / count;
    CalibrationBin bin = {.smallest = std::fabs(sorted[begin]),
                          .largest = std::fabs(sorted[end - 1]),
                          .n = static_cast<int64_t>(end - begin)};
    double fitted = 0;
    for (size_t k = begin; k < end; ++k) {
      const double size = std::fabs(sorted[k]);
      if (sorted[k] > 0) ++bin.right;
      bin.expected += Sigmoid(size) / static_cast<double>(bin.n);
      if (result.scale.has_value())
        fitted += Sigmoid(size / *result.scale) / static_cast<double>(bin.n);
    }
    if (result.scale.has_value()) bin.fitted = fitted;
    result.bins.push_back(bin);
  }
  return result;
}

std::string DescribeCalibration(const Calibration& calibration, Expectation expectation) {
  const auto share = [](const CalibrationBin& bin) {
    return PercentText(static_cast<double>(bin.right) / static_cast<double>(bin.n));
  };
  const CalibrationBin& low = calibration.bins.front();
  const CalibrationBin& high = calibration.bins.back();
  std::string text =
      absl::StrCat("Margins of ", Rounded(high.smallest), " and more are right ", share(high),
                   " of the time; those up to ", Rounded(low.largest), ", ", share(low), ".");
  if (expectation == Expectation::kHidden) return text;
  absl::StrAppend(&text, " Read as log odds, margins of these sizes would be right ",
                  PercentText(calibration.expected), " of the time; they are ",
                  PercentText(calibration.right), ".");
  if (calibration.scale.has_value()) {
    absl::StrAppend(&text, " The reading that fits best divides each margin by ",
                    Rounded(*calibration.scale), ".");
  } else {
    absl::StrAppend(&text, calibration.wrong == 0
                               ? " No margin is wrong, so no scale can be fitted."
                               : " Wrong margins weigh as much as right ones, so no scale can be "
                                 "fitted.");
  }
  return text;
}

}  // namespace assay::client
