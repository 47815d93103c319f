// server/option_value.h
// Values of the option table as text: written, read and judged one by one. Pure functions.
#ifndef ASSAY_SERVER_OPTION_VALUE_H_
#define ASSAY_SERVER_OPTION_VALUE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/option_table.h"

namespace assay {

// Decimal integers; seconds with fractions, kept to the microsecond; switches as true, false, yes,
// no, on, off, 1 or 0.
//   INVALID_ARGUMENT  another kind of value, one out of range, or a text with control characters or
//                     bytes that are not UTF-8. The message does not name the option: the caller
//                     knows what its user called it. Nothing is set then.
absl::Status SetOption(const Option& option, absl::string_view text, AllOptions* options);

// What SetOption() reads as the value that `options` hold.
std::string ValueOf(const Option& option, const AllOptions& options);

// INVALID_ARGUMENT naming the first of the server's options out of its range, its value and its
// range.
absl::Status CheckRanges(const ServerOptions& options);

// "1..65536", "one of none, failed, all"; empty where anything of its kind is allowed.
std::string RangeOf(const Option& option);

}  // namespace assay

#endif  // ASSAY_SERVER_OPTION_VALUE_H_
