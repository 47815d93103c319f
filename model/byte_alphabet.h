// model/byte_alphabet.h
// Characters as bytes, for matching split patterns: an ASCII character is itself, any other is the byte of its general
// category, and the few that matter on their own have bytes of their own. A split pattern speaks of nothing finer, so it
// can be matched on these bytes, and model/unicode.h alone decides what a class holds.
#ifndef ASSAY_MODEL_BYTE_ALPHABET_H_
#define ASSAY_MODEL_BYTE_ALPHABET_H_

#include <bitset>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace assay {

using ByteSet = std::bitset<256>;

// Thread-safe: const after construction.
class ByteAlphabet {
 public:
  // The characters beyond ASCII in `literals` get bytes of their own.
  //   UNIMPLEMENTED  more of them than there are bytes left: 95 fit.
  static absl::StatusOr<ByteAlphabet> Create(const std::vector<char32_t>& literals);

  uint8_t ByteOf(char32_t rune) const;

  // Appends the byte of each character of `text`, which must be UTF-8.
  void AppendBytes(absl::string_view text, std::string* bytes) const;

  // The bytes of all white space.
  ByteSet WhiteSpace() const;

  // The bytes of a general category ("Lu") or of all that share a first letter ("L"); empty for another name.
  ByteSet Category(absl::string_view name) const;

  // Adds every character that case folding makes one with an ASCII letter in `set`.
  void AddCaseVariants(ByteSet* set) const;

 private:
  explicit ByteAlphabet(std::vector<char32_t> special) : special_(std::move(special)) {}

  // The bytes of the characters for which `holds` is true. It must not tell characters of one category apart, except
  // ASCII and the special ones.
  template <typename Predicate>
  ByteSet BytesWhere(Predicate holds) const;

  std::vector<char32_t> special_;  // special_[i] is byte 0x9E + i.
};

}  // namespace assay

#endif  // ASSAY_MODEL_BYTE_ALPHABET_H_
