// model/pre_tokenizer.h
// Cuts a text into the pieces that are tokenized on their own: the "pre_tokenizer" section of tokenizer.json.
// What it calls ByteLevel also spells each byte as a character; here pieces stay bytes, and bpe.h reads its vocabulary as
// bytes instead. Thread-safe: const after construction.
#ifndef ASSAY_MODEL_PRE_TOKENIZER_H_
#define ASSAY_MODEL_PRE_TOKENIZER_H_

#include <deque>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/json_fields.h"
#include "model/split_pattern.h"

namespace assay {

// Pieces in order, none of them empty. A view points into the text that was split, or into `owned`.
struct Pieces {
  std::vector<absl::string_view> views;
  std::deque<std::string> owned;
};

class PreTokenizer {
 public:
  // `json` is the section; null where the file has none. Split, ByteLevel, Digits and Sequence are known; ByteLevel only
  // as the last of them.
  //   DATA_LOSS      a key is missing or of the wrong type, by name.
  //   UNIMPLEMENTED  another type, or a pattern that split_pattern.h does not know.
  static absl::StatusOr<PreTokenizer> Create(const Json* json);

  // Sets `pieces` to those of `text`, which must be UTF-8.
  //   INTERNAL  a pattern gave up; see split_pattern.h.
  absl::Status Split(absl::string_view text, Pieces* pieces) const;

  // True where the last step is ByteLevel: vocabulary and pieces are then about bytes, otherwise about characters.
  bool is_byte_level() const { return is_byte_level_; }

 private:
  enum class Behavior { kIsolated, kRemoved, kMergedWithPrevious, kMergedWithNext, kContiguous };
  struct SplitStep {
    SplitPattern pattern;
    Behavior behavior;
    bool invert;  // What the pattern does not match counts as matched, and the other way round.
  };
  struct DigitsStep {
    bool individual;  // Each numeric character is a piece; otherwise each run of them.
  };
  struct PrefixSpaceStep {};  // A piece that does not begin with a space gets one.

  PreTokenizer() = default;

  absl::Status AddSteps(const JsonFields& fields, int depth);
  absl::Status AddSequence(const JsonFields& fields, int depth);
  absl::Status AddSplit(const JsonFields& fields);
  absl::Status AddByteLevel(const JsonFields& fields);

  static absl::Status Apply(const SplitStep& step, absl::string_view piece, Pieces* out);
  static absl::Status Apply(const DigitsStep& step, absl::string_view piece, Pieces* out);
  static absl::Status Apply(const PrefixSpaceStep& step, absl::string_view piece, Pieces* out);

  std::vector<std::variant<SplitStep, DigitsStep, PrefixSpaceStep>> steps_;
  bool is_byte_level_ = false;
};

}  // namespace assay

#endif  // ASSAY_MODEL_PRE_TOKENIZER_H_
