#include "server/page_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"

namespace assay {
namespace {

// 9.97 would be written "10.0" with one decimal and "10" with none.
std::string ThreeFigures(double value, absl::string_view unit) {
  const char* const separator = " ";
  if (value < 9.995) return absl::StrCat(absl::StrFormat("%.2f", value), separator, unit);
  if (value < 99.95) return absl::StrCat(absl::StrFormat("%.1f", value), separator, unit);
  return absl::StrCat(absl::StrFormat("%.0f", value), separator, unit);
}

std::string TwoUnits(int64_t n, int64_t per_large, absl::string_view large,
                     absl::string_view small) {
  const int64_t rest = n % per_large;
  std::string text = absl::StrCat(n / per_large, " ", large);
  if (rest != 0) absl::StrAppend(&text, " ", rest, " ", small);
  return text;
}

}  // namespace

std::string Grouped(int64_t n) {
  std::string digits = absl::StrCat(n);
  const size_t first = n < 0 ? 1 : 0;
  for (size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string BinarySize(int64_t bytes) {
  constexpr int64_t kKibi = 1024;
  int64_t unit = 1;
  absl::string_view name = "bytes";
  for (absl::string_view larger : {"KiB", "MiB", "GiB", "TiB"}) {
    if (bytes / unit < kKibi) break;
    unit *= kKibi;
    name = larger;
  }
  if (bytes % unit == 0) return absl::StrCat(Grouped(bytes / unit), " ", name);
  return absl::StrFormat("%.1f %s", static_cast<double>(bytes) / static_cast<double>(unit), name);
}

std::string ShortDuration(absl::Duration duration) {
  if (duration <= absl::ZeroDuration()) return "0";
  if (duration == absl::InfiniteDuration()) return "for ever";
  if (duration < absl::Milliseconds(1)) {
    return ThreeFigures(absl::ToDoubleMicroseconds(duration), "µs");
  }
  if (duration < absl::Seconds(1)) return ThreeFigures(absl::ToDoubleMilliseconds(duration), "ms");
  if (duration < absl::Minutes(1)) return ThreeFigures(absl::ToDoubleSeconds(duration), "s");
  if (duration < absl::Hours(1)) return TwoUnits(absl::ToInt64Seconds(duration), 60, "min", "s");
  if (duration < absl::Hours(24)) return TwoUnits(absl::ToInt64Minutes(duration), 60, "h", "min");
  return TwoUnits(absl::ToInt64Hours(duration), 24, "d", "h");
}

}  // namespace assay
