// model/split_pattern.h
// Finds the matches of a tokenizer's split pattern in a text, as the reference does: leftmost first, alternatives in their
// order, without overlap. What becomes of the pieces is pre_tokenizer.h's business.
// Thread-safe: const after construction.
#ifndef ASSAY_MODEL_SPLIT_PATTERN_H_
#define ASSAY_MODEL_SPLIT_PATTERN_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace assay {

// Bytes begin..end-1 of a text.
struct ByteRange {
  size_t begin;
  size_t end;
};

class SplitPattern {
 public:
  // A regular expression; byte_pattern.h says which.
  //   UNIMPLEMENTED  a construct that is not known to be matched exactly, by name.
  static absl::StatusOr<SplitPattern> FromRegex(absl::string_view pattern);

  // A literal text, not empty.
  //   UNIMPLEMENTED  empty.
  static absl::StatusOr<SplitPattern> FromLiteral(absl::string_view literal);

  SplitPattern(SplitPattern&&) noexcept;
  SplitPattern& operator=(SplitPattern&&) noexcept;
  ~SplitPattern();

  // Sets `matches` to the matches in `text`, which must be UTF-8; none is empty, and each ends between characters.
  // Takes time in proportion to the text for the patterns of published tokenizers.
  //   INTERNAL  the matcher gave up: a pattern that backtracks without bound. `matches` is then unspecified.
  absl::Status FindMatches(absl::string_view text, std::vector<ByteRange>* matches) const;

 private:
  struct State;
  explicit SplitPattern(std::unique_ptr<const State> state);

  std::unique_ptr<const State> state_;
};

}  // namespace assay

#endif  // ASSAY_MODEL_SPLIT_PATTERN_H_
