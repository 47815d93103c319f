// model/pattern_characters.h
// The parts of a split pattern that stand for one character: literals, escapes, classes and the dot, as sets of bytes of a
// ByteAlphabet. Everything around them is byte_pattern.h's business.
#ifndef ASSAY_MODEL_PATTERN_CHARACTERS_H_
#define ASSAY_MODEL_PATTERN_CHARACTERS_H_

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/byte_alphabet.h"

namespace assay {

// A place in a pattern. Borrows the pattern, which holds no U+0000.
class PatternCursor {
 public:
  explicit PatternCursor(const std::vector<char32_t>& pattern) : pattern_(pattern) {}

  bool AtEnd() const { return at_ == pattern_.size(); }
  // 0 beyond the end.
  char32_t Peek(size_t ahead = 0) const {
    return at_ + ahead < pattern_.size() ? pattern_[at_ + ahead] : 0;
  }
  // Requires !AtEnd().
  char32_t Next() { return pattern_[at_++]; }
  // Moves behind `ascii` where the pattern goes on with it.
  bool Accept(absl::string_view ascii);

 private:
  const std::vector<char32_t>& pattern_;
  size_t at_ = 0;
};

struct PatternCharacters {
  ByteSet set;
  bool is_literal = false;
  char32_t literal = 0;  // Where is_literal.
};

absl::Status UnimplementedInPattern(absl::string_view construct);

// Reads one character's worth. With `fold`, within (?i: ), case does not matter.
//   UNIMPLEMENTED  what stands there is none that is known, by name.
absl::StatusOr<PatternCharacters> ReadCharacters(const ByteAlphabet& alphabet, bool fold,
                                                 PatternCursor* cursor);

}  // namespace assay

#endif  // ASSAY_MODEL_PATTERN_CHARACTERS_H_
