// client/eval/report/calibration.h
// How often a margin is right for its size, and what two readings of margins as log odds would
// expect (Bradley and Terry, Biometrika 39, 1952). Pure sums.
#ifndef ASSAY_CLIENT_EVAL_REPORT_CALIBRATION_H_
#define ASSAY_CLIENT_EVAL_REPORT_CALIBRATION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace assay::client {

// Margins of about the same size.
struct CalibrationBin {
  double smallest = 0;  // |margin|.
  double largest = 0;
  int64_t n = 0;
  int64_t right = 0;                  // margin > 0: a tie is not right.
  double expected = 0;                // Mean of sigmoid(|margin|).
  std::optional<double> fitted = {};  // Mean of sigmoid(|margin| / scale); absent without a scale.
};

struct Calibration {
  // Tenths of the rows by |margin|, the smallest first; fewer for fewer than 100 rows, of at least
  // ten rows each; none for fewer than 20.
  std::vector<CalibrationBin> bins = {};
  // The s > 0 for which sigmoid(margin / s) makes the verdicts likeliest. Absent where there is
  // none: no margin is wrong, or wrong ones add up to as much as right ones.
  std::optional<double> scale = {};
  int64_t n = 0;
  int64_t wrong = 0;    // margin < 0.
  double right = 0;     // Share of all rows, 0..1; as are the means below.
  double expected = 0;  // Mean of sigmoid(|margin|).
};

Calibration Calibrate(const std::vector<double>& margins);

// Expectations are of pairs: where a row is the hardest pair of many, its verdict is no single one.
enum class Expectation { kShown, kHidden };

// What is seen, in a few sentences for people. `calibration` has bins.
std::string DescribeCalibration(const Calibration& calibration, Expectation expectation);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_REPORT_CALIBRATION_H_
