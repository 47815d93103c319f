#include "model/byte_alphabet.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "base/utf8.h"
#include "model/unicode.h"

namespace assay {
namespace {

constexpr int kFirstCategory = 0x80;
constexpr int kFirstSpecial = kFirstCategory + kGeneralCategories;
constexpr size_t kMaxSpecial = 256 - kFirstSpecial;

// White space, but not of a category that is white space as a whole.
constexpr char32_t kNextLine = 0x85;
// The only characters beyond ASCII that fold to one ASCII letter; tools/make_unicode_tables.py asserts it.
constexpr char32_t kLongS = 0x17F;
constexpr char32_t kKelvinSign = 0x212A;

// A character of each category beyond ASCII, to ask about in the name of all.
std::array<char32_t, kGeneralCategories> FindSamples() {
  std::array<char32_t, kGeneralCategories> samples{};
  for (char32_t rune = 0x10FFFF; rune >= 0x80; --rune) {
    if (rune != kNextLine) samples[static_cast<size_t>(CategoryOf(rune))] = rune;
  }
  return samples;
}

}  // namespace

absl::StatusOr<ByteAlphabet> ByteAlphabet::Create(const std::vector<char32_t>& literals) {
  std::vector<char32_t> special = {kNextLine, kLongS, kKelvinSign};
  for (const char32_t rune : literals) {
    if (rune < 0x80 || std::find(special.begin(), special.end(), rune) != special.end()) continue;
    special.push_back(rune);
  }
  if (special.size() > kMaxSpecial) {
    return absl::UnimplementedError("split pattern: more than 95 characters beyond ASCII");
  }
  return ByteAlphabet(std::move(special));
}

uint8_t ByteAlphabet::ByteOf(char32_t rune) const {
  if (rune < 0x80) return static_cast<uint8_t>(rune);
  for (size_t i = 0; i < special_.size(); ++i) {
    if (special_[i] == rune) return static_cast<uint8_t>(kFirstSpecial + i);
  }
  return static_cast<uint8_t>(kFirstCategory + static_cast<int>(CategoryOf(rune)));
}

void ByteAlphabet::AppendBytes(absl::string_view text, std::string* bytes) const {
  bytes->reserve(bytes->size() + text.size());
  while (!text.empty()) {
    const DecodedRune decoded = DecodeUtf8(text);
    bytes->push_back(static_cast<char>(ByteOf(decoded.rune)));
    text.remove_prefix(std::max(decoded.bytes, 1));
  }
}

template <typename Predicate>
ByteSet ByteAlphabet::BytesWhere(Predicate holds) const {
  static const std::array<char32_t, kGeneralCategories> samples = FindSamples();
  ByteSet set;
  for (char32_t rune = 0; rune < 0x80; ++rune) set[rune] = holds(rune);
  for (int i = 0; i < kGeneralCategories; ++i) set[kFirstCategory + i] = holds(samples[i]);
  for (size_t i = 0; i < special_.size(); ++i) set[kFirstSpecial + i] = holds(special_[i]);
  return set;
}

ByteSet ByteAlphabet::WhiteSpace() const {
  return BytesWhere([](char32_t rune) { return IsWhiteSpace(rune); });
}

ByteSet ByteAlphabet::Category(absl::string_view name) const {
  std::bitset<kGeneralCategories> wanted;
  GeneralCategory category;
  if (ParseCategory(name, &category)) {
    wanted.set(static_cast<size_t>(category));
  } else if (name.size() == 1) {
    for (char second = 'a'; second <= 'z'; ++second) {
      if (ParseCategory(std::string{name[0], second}, &category)) {
        wanted.set(static_cast<size_t>(category));
      }
    }
  }
  return BytesWhere(
      [&wanted](char32_t rune) { return wanted.test(static_cast<size_t>(CategoryOf(rune))); });
}

void ByteAlphabet::AddCaseVariants(ByteSet* set) const {
  for (unsigned char lower = 'a'; lower <= 'z'; ++lower) {
    const unsigned char upper = absl::ascii_toupper(lower);
    if (!set->test(lower) && !set->test(upper)) continue;
    set->set(lower);
    set->set(upper);
    if (lower == 's') set->set(ByteOf(kLongS));
    if (lower == 'k') set->set(ByteOf(kKelvinSign));
  }
}

}  // namespace assay
