#include "server/option_value.h"

#include <charconv>
#include <cmath>
#include <type_traits>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "base/utf8.h"

namespace assay {
namespace {

template <typename... Parts>
absl::Status Refuse(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}

// Calls `use` with the option's field of `options`.
template <typename Options, typename Use>
auto WithField(const Option& option, Options& options, const Use& use) {
  return std::visit(
      [&](auto member) {
        if constexpr (std::is_invocable_v<decltype(member), const ServerOptions&>) {
          return use(options.server.*member);
        } else {
          return use(options.model.*member);
        }
      },
      option.member);
}

std::string Shortest(double number) {
  char digits[32];
  const std::to_chars_result end =
      std::to_chars(digits, digits + sizeof(digits), number, std::chars_format::fixed);
  return end.ec == std::errc() ? std::string(digits, end.ptr) : absl::StrCat(number);
}

template <typename Number>
absl::Status CheckNumber(const Option& option, Number value, absl::string_view written) {
  if (option.low <= value && value <= option.high) return absl::OkStatus();
  if (option.zero_too && value == 0) return absl::OkStatus();
  return Refuse(written, " is not ", option.zero_too ? "0 or in " : "in ", option.low, "..",
                option.high);
}

absl::Status CheckText(const Option& option, const std::string& text) {
  if (const size_t bad = FindInvalidUtf8(text); bad != std::string::npos) {
    return Refuse("not UTF-8 at byte ", bad);
  }
  for (size_t i = 0; i < text.size(); ++i) {
    if (absl::ascii_iscntrl(text[i])) return Refuse("a control character at byte ", i);
  }
  if (option.choices.empty()) return absl::OkStatus();
  for (const char* choice : option.choices) {
    if (text == choice) return absl::OkStatus();
  }
  return Refuse("\"", text, "\" is not ", RangeOf(option));
}

absl::Status Read(const Option& option, absl::string_view text, std::string* value) {
  std::string given(text);
  ASSAY_RETURN_IF_ERROR(CheckText(option, given));
  *value = std::move(given);
  return absl::OkStatus();
}

// What a user gave is repeated only as far as it can be read.
std::string Quoted(absl::string_view text) {
  if (text.empty()) return "the empty text";
  for (const char c : text) {
    if (!absl::ascii_isprint(c)) return "the value";
  }
  return text.size() > 64 ? "the value" : absl::StrCat("\"", text, "\"");
}

absl::Status Read(const Option& option, absl::string_view text, int64_t* value) {
  int64_t given;
  if (!absl::SimpleAtoi(text, &given)) return Refuse(Quoted(text), " is no whole number");
  ASSAY_RETURN_IF_ERROR(CheckNumber(option, given, absl::StrCat(given)));
  *value = given;
  return absl::OkStatus();
}

absl::Status Read(const Option& option, absl::string_view text, absl::Duration* value) {
  double given;
  if (!absl::SimpleAtod(text, &given) || std::isnan(given)) {
    return Refuse(Quoted(text), " is no number of seconds");
  }
  ASSAY_RETURN_IF_ERROR(CheckNumber(option, given, absl::StrCat(given)));
  *value = absl::Microseconds(std::llround(given * 1e6));
  return absl::OkStatus();
}

absl::Status Read(const Option& /*option*/, absl::string_view text, bool* value) {
  const std::string word = absl::AsciiStrToLower(text);
  if (word == "on" || word == "off") {
    *value = word == "on";
  } else if (!absl::SimpleAtob(word, value)) {
    return Refuse(Quoted(text), " is neither true nor false");
  }
  return absl::OkStatus();
}

std::string Write(const std::string& value) { return value; }
std::string Write(int64_t value) { return absl::StrCat(value); }
std::string Write(bool value) { return value ? "true" : "false"; }
std::string Write(absl::Duration value) { return Shortest(absl::ToDoubleSeconds(value)); }

absl::Status Check(const Option& option, const std::string& value) {
  return CheckText(option, value);
}
absl::Status Check(const Option& option, int64_t value) {
  return CheckNumber(option, value, Write(value));
}
absl::Status Check(const Option& /*option*/, bool /*value*/) { return absl::OkStatus(); }
absl::Status Check(const Option& option, absl::Duration value) {
  return CheckNumber(option, absl::ToDoubleSeconds(value), Write(value));
}

}  // namespace

absl::Status SetOption(const Option& option, absl::string_view text, AllOptions* options) {
  return WithField(option, *options, [&](auto& field) { return Read(option, text, &field); });
}

std::string ValueOf(const Option& option, const AllOptions& options) {
  return WithField(option, options, [](const auto& field) { return Write(field); });
}

absl::Status CheckRanges(const ServerOptions& server) {
  const AllOptions options = {.server = server, .model = {}};
  for (const Option& option : OptionTable()) {
    if (!option.OfServer()) continue;
    const absl::Status fine =
        WithField(option, options, [&](const auto& field) { return Check(option, field); });
    if (!fine.ok()) return Refuse(option.name, ": ", fine.message());
  }
  return absl::OkStatus();
}

std::string RangeOf(const Option& option) {
  switch (option.kind()) {
    case OptionKind::kChoice:
      return absl::StrCat("one of ", absl::StrJoin(option.choices, ", "));
    case OptionKind::kInteger:
    case OptionKind::kSeconds:
      return absl::StrCat(option.low, "..", option.high);
    case OptionKind::kText:
    case OptionKind::kSwitch:
      break;
  }
  return "";
}

}  // namespace assay
