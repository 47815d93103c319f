// base/utf8.h
// UTF-8, strictly: shortest forms only, no surrogates, nothing above U+10FFFF (the Unicode Standard, table 3-7).
// Pure functions.
#ifndef ASSAY_BASE_UTF8_H_
#define ASSAY_BASE_UTF8_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace assay {

struct DecodedRune {
  char32_t rune;  // Code point; meaningless where bytes is 0.
  int bytes;      // 1..4; 0 where `text` does not begin with a well-formed sequence (or is empty).
};

// The first code point of `text`.
DecodedRune DecodeUtf8(absl::string_view text);

// Offset of the first byte that does not belong to a well-formed sequence; npos where all of `text` is UTF-8.
size_t FindInvalidUtf8(absl::string_view text);

// Appends `rune`, a code point other than a surrogate, at most U+10FFFF.
void AppendUtf8(char32_t rune, std::string* out);

}  // namespace assay

#endif  // ASSAY_BASE_UTF8_H_
