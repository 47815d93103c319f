#include "model/merge_boundaries.h"

#include <algorithm>

#include "base/utf8.h"

namespace assay {
namespace {

void Set(char32_t rune, std::vector<bool>* set) {
  if (rune >= set->size()) set->resize(rune + 1);
  (*set)[rune] = true;
}

bool Holds(const std::vector<bool>& set, char32_t rune) { return rune < set.size() && set[rune]; }

// The last character of `text`, which is UTF-8.
char32_t LastRune(absl::string_view text) {
  size_t at = text.size() - 1;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
  return DecodeUtf8(text.substr(at)).rune;
}

}  // namespace

void MergeBoundaries::AddCharacter(char32_t rune) { Set(rune, &known_); }

void MergeBoundaries::AddMerge(absl::string_view left, absl::string_view right) {
  const char32_t before = LastRune(left);
  const char32_t after = DecodeUtf8(right).rune;
  if (before != after) Set(after, &joined_);
  if (before < kAscii && after < kAscii) ascii_joins_[before].set(after);
}

bool MergeBoundaries::IsCut(char32_t before, char32_t after) const {
  if (!Holds(known_, after)) return false;
  if (before < kAscii && after < kAscii) return !ascii_joins_[before].test(after);
  return before != after && !Holds(joined_, after);
}

size_t MergeBoundaries::FirstPart(absl::string_view text) const {
  DecodedRune before = DecodeUtf8(text);
  size_t at = std::max(before.bytes, 1);
  while (at < text.size()) {
    const DecodedRune after = DecodeUtf8(text.substr(at));
    if (before.bytes > 0 && after.bytes > 0 && IsCut(before.rune, after.rune)) break;
    at += std::max(after.bytes, 1);
    before = after;
  }
  return at;
}

}  // namespace assay
