#include "model/unicode.h"

#include <memory>

#include "base/utf8.h"
#include "model/unicode_tables.h"

namespace assay {
namespace {

constexpr char32_t kRunes = 0x110000;

constexpr absl::string_view kCategoryNames =
    "CcCfCnCoCsLlLmLoLtLuMcMeMnNdNlNoPcPdPePfPiPoPsScSkSmSoZlZpZs";
static_assert(kCategoryNames.size() == 2 * kGeneralCategories);

// One byte a code point: a look-up is one load, and a text touches few pages of it.
const uint8_t* BuildProperties() {
  auto properties = std::make_unique<uint8_t[]>(kRunes);
  for (int run = 0; run < kUnicodeRunCount; ++run) {
    const uint32_t end = run + 1 < kUnicodeRunCount ? kUnicodeRuns[run + 1].first : kRunes;
    for (uint32_t rune = kUnicodeRuns[run].first; rune < end; ++rune) {
      properties[rune] = kUnicodeRuns[run].properties;
    }
  }
  return properties.release();
}

uint8_t PropertiesOf(char32_t rune) {
  static const uint8_t* const properties = BuildProperties();
  return rune < kRunes ? properties[rune] : static_cast<uint8_t>(GeneralCategory::kCn);
}

bool IsStrippedByPython(char32_t rune) {
  return IsWhiteSpace(rune) || (rune >= 0x1C && rune <= 0x1F);
}

// The last code point of `text`.
DecodedRune DecodeLastUtf8(absl::string_view text) {
  for (size_t bytes = 1; bytes <= 4 && bytes <= text.size(); ++bytes) {
    const DecodedRune decoded = DecodeUtf8(text.substr(text.size() - bytes));
    if (decoded.bytes == static_cast<int>(bytes)) return decoded;
  }
  return {0, 0};
}

}  // namespace

GeneralCategory CategoryOf(char32_t rune) {
  return static_cast<GeneralCategory>(PropertiesOf(rune) & kUnicodeCategoryMask);
}

bool ParseCategory(absl::string_view name, GeneralCategory* category) {
  for (int i = 0; i < kGeneralCategories; ++i) {
    if (kCategoryNames.substr(2 * i, 2) != name) continue;
    *category = static_cast<GeneralCategory>(i);
    return true;
  }
  return false;
}

bool IsWhiteSpace(char32_t rune) { return (PropertiesOf(rune) & kUnicodeSpace) != 0; }
bool IsNumeric(char32_t rune) { return (PropertiesOf(rune) & kUnicodeNumeric) != 0; }
bool IsWordCharacter(char32_t rune) { return (PropertiesOf(rune) & kUnicodeWord) != 0; }

absl::string_view StripPython(absl::string_view text) {
  for (DecodedRune first = DecodeUtf8(text); first.bytes > 0 && IsStrippedByPython(first.rune);
       first = DecodeUtf8(text)) {
    text.remove_prefix(first.bytes);
  }
  for (DecodedRune last = DecodeLastUtf8(text); last.bytes > 0 && IsStrippedByPython(last.rune);
       last = DecodeLastUtf8(text)) {
    text.remove_suffix(last.bytes);
  }
  return text;
}

}  // namespace assay
