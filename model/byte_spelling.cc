#include "model/byte_spelling.h"

#include <array>
#include <cstdint>

#include "base/utf8.h"

namespace assay {
namespace {

// GPT-2's alphabet: printable characters of Latin-1 stand for themselves, the other bytes, in order, for U+0100 and up.
// Source: tokenizers, pre_tokenizers/byte_level.rs, bytes_char. -1: no byte.
int ByteOfCharacter(char32_t rune) {
  const auto is_itself = [](char32_t byte) {
    return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) ||
           (byte >= 0xAE && byte <= 0xFF);
  };
  if (is_itself(rune)) return static_cast<int>(rune);
  if (rune < 0x100) return -1;
  char32_t shifted = 0x100;
  for (char32_t byte = 0; byte < 0x100; ++byte) {
    if (is_itself(byte)) continue;
    if (shifted++ == rune) return static_cast<int>(byte);
  }
  return -1;
}

}  // namespace

bool SpellInBytes(absl::string_view token, std::string* bytes) {
  static const std::array<int16_t, 0x200>* const alphabet = [] {
    auto* table = new std::array<int16_t, 0x200>;
    for (char32_t rune = 0; rune < table->size(); ++rune) {
      (*table)[rune] = static_cast<int16_t>(ByteOfCharacter(rune));
    }
    return table;
  }();
  bytes->clear();
  while (!token.empty()) {
    const DecodedRune decoded = DecodeUtf8(token);
    if (decoded.bytes == 0 || decoded.rune >= alphabet->size()) return false;
    const int byte = (*alphabet)[decoded.rune];
    if (byte < 0) return false;
    bytes->push_back(static_cast<char>(byte));
    token.remove_prefix(decoded.bytes);
  }
  return true;
}

}  // namespace assay
