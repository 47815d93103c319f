#include "base/utf8.h"

namespace assay {
namespace {

bool IsContinuation(char c) { return (static_cast<uint8_t>(c) & 0xC0) == 0x80; }

}  // namespace

DecodedRune DecodeUtf8(absl::string_view text) {
  if (text.empty()) return {0, 0};
  const uint8_t first = static_cast<uint8_t>(text[0]);
  if (first < 0x80) return {first, 1};
  if (first < 0xC2) return {0, 0};  // A continuation byte, or an overlong form of ASCII.
  const int bytes = first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
  if (bytes == 0 || text.size() < static_cast<size_t>(bytes)) return {0, 0};
  char32_t rune = first & (0xFF >> (bytes + 1));
  for (int i = 1; i < bytes; ++i) {
    if (!IsContinuation(text[i])) return {0, 0};
    rune = (rune << 6) | (static_cast<uint8_t>(text[i]) & 0x3F);
  }
  const bool overlong = (bytes == 3 && rune < 0x800) || (bytes == 4 && rune < 0x10000);
  const bool surrogate = rune >= 0xD800 && rune <= 0xDFFF;
  if (overlong || surrogate || rune > 0x10FFFF) return {0, 0};
  return {rune, bytes};
}

size_t FindInvalidUtf8(absl::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    if (static_cast<uint8_t>(text[at]) < 0x80) {
      ++at;
      continue;
    }
    const DecodedRune decoded = DecodeUtf8(text.substr(at));
    if (decoded.bytes == 0) return at;
    at += decoded.bytes;
  }
  return absl::string_view::npos;
}

void AppendUtf8(char32_t rune, std::string* out) {
  if (rune < 0x80) {
    out->push_back(static_cast<char>(rune));
  } else if (rune < 0x800) {
    out->push_back(static_cast<char>(0xC0 | (rune >> 6)));
    out->push_back(static_cast<char>(0x80 | (rune & 0x3F)));
  } else if (rune < 0x10000) {
    out->push_back(static_cast<char>(0xE0 | (rune >> 12)));
    out->push_back(static_cast<char>(0x80 | ((rune >> 6) & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (rune & 0x3F)));
  } else {
    out->push_back(static_cast<char>(0xF0 | (rune >> 18)));
    out->push_back(static_cast<char>(0x80 | ((rune >> 12) & 0x3F)));
    out->push_back(static_cast<char>(0x80 | ((rune >> 6) & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (rune & 0x3F)));
  }
}

}  // namespace assay
