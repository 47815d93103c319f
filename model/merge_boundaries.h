// model/merge_boundaries.h
// Where a text can be cut before its symbols are merged, since no merge joins what meets there: between words, mostly.
// Whole words can then be looked up, and what is left to be merged is short even where no pre-tokenizer cut the text.
//
// A merge joins two characters only if its left part ends with the one and its right part begins with the other. A cut is
// found where no merge does: between two ASCII characters, or before a character that is never joined to another one
// ("▁" in most vocabularies, which is joined to a "▁" before it at most). That leaves some places uncut, which costs time
// and changes nothing. Only for symbols that are characters: a symbol of another kind must take part in no merge,
// and every character must have some symbol.
// Thread-safe: const once all is added.
#ifndef ASSAY_MODEL_MERGE_BOUNDARIES_H_
#define ASSAY_MODEL_MERGE_BOUNDARIES_H_

#include <array>
#include <bitset>
#include <cstddef>
#include <vector>

#include "absl/strings/string_view.h"

namespace assay {

class MergeBoundaries {
 public:
  // No character is known: nothing is cut.
  MergeBoundaries() = default;

  // `rune` is a symbol. Cuts are found before known characters only.
  void AddCharacter(char32_t rune);
  // There is a merge of these two texts, neither of them empty.
  void AddMerge(absl::string_view left, absl::string_view right);

  // Bytes of a beginning of `text`, which is not empty, that can be merged apart from the rest: 1 to all of them.
  size_t FirstPart(absl::string_view text) const;

 private:
  static constexpr size_t kAscii = 0x80;

  bool IsCut(char32_t before, char32_t after) const;

  std::vector<bool> known_;   // By code point; none beyond the end is known.
  std::vector<bool> joined_;  // Those that some merge joins to another character before it.
  std::array<std::bitset<kAscii>, kAscii> ascii_joins_;  // [before][after]
};

}  // namespace assay

#endif  // ASSAY_MODEL_MERGE_BOUNDARIES_H_
