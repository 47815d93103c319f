// client/figures.h
// Numbers as people read them. Pure functions.
#ifndef ASSAY_CLIENT_FIGURES_H_
#define ASSAY_CLIENT_FIGURES_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace assay::client {

// 1234567 -> "1,234,567".
std::string Count(int64_t value);

// A count and its noun: "1 pair", "2 pairs".
std::string CountOf(int64_t value, const std::string& noun);

// Per second: "0" for no time; one decimal below 100: "12.3", "4,567".
std::string Rate(int64_t count, absl::Duration elapsed);

// "0.4 s", "35 s", "2 min 05 s", "3 h 07 min".
std::string Span(absl::Duration duration);

// A proportion 0..1 as a percentage: 0.6712 -> "67.1".
std::string Percent(double proportion);

// Three significant digits: 0.0236543 -> "0.0237".
std::string Rounded(double value);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_FIGURES_H_
