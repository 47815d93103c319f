// model/unicode.h
// Character properties as the reference tokenizer has them: they decide where a text is split, so
// they are part of what a score means and must not change with the system's libraries. The tables
// are generated (tools/make_unicode_tables.py). Pure functions; a code point above U+10FFFF counts
// as unassigned.
#ifndef ASSAY_MODEL_UNICODE_H_
#define ASSAY_MODEL_UNICODE_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace assay {

// The Unicode Standard's General_Category. The numbers are those of the generated tables.
enum class GeneralCategory : uint8_t {
  // clang-format off
  kCc, kCf, kCn, kCo, kCs, kLl, kLm, kLo, kLt, kLu, kMc, kMe, kMn, kNd, kNl, kNo,
  kPc, kPd, kPe, kPf, kPi, kPo, kPs, kSc, kSk, kSm, kSo, kZl, kZp, kZs,
  // clang-format on
};
inline constexpr int kGeneralCategories = 30;

GeneralCategory CategoryOf(char32_t rune);

// The category that a two-letter name such as "Lu" means; false where it means none.
bool ParseCategory(absl::string_view name, GeneralCategory* category);

// The White_Space property: `\s` of the reference's patterns and what lstrip and rstrip of added
// tokens take.
bool IsWhiteSpace(char32_t rune);

// Rust's char::is_numeric: what the Digits pre-tokenizer splits off.
bool IsNumeric(char32_t rune);

// `\w` of Rust's regex crate: what a single_word added token must not touch.
bool IsWordCharacter(char32_t rune);

// `text` without what Python's str.strip removes at both ends: White_Space and U+001C to U+001F.
// Requires well-formed UTF-8; ill-formed ends are left as they are.
absl::string_view StripPython(absl::string_view text);

}  // namespace assay

#endif  // ASSAY_MODEL_UNICODE_H_
