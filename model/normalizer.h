// model/normalizer.h
// Rewrites a text before it is tokenized: the "normalizer" section of tokenizer.json. Which stretches of a text are
// rewritten on their own is tokenizer.h's business. Thread-safe: const after construction.
#ifndef ASSAY_MODEL_NORMALIZER_H_
#define ASSAY_MODEL_NORMALIZER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/json_fields.h"

namespace assay {

class Normalizer {
 public:
  // Changes nothing.
  Normalizer() = default;

  // `json` is the section; null where the file has none. Replace (of a literal text), Prepend and Sequence are known.
  //   DATA_LOSS      a key is missing or of the wrong type, by name.
  //   UNIMPLEMENTED  another type, a pattern that is a regular expression or empty, or a text of this section that would
  //                  make a short text a long one: 64 bytes for one are the limit.
  static absl::StatusOr<Normalizer> Create(const Json* json);

  // True where Apply changes no text.
  bool is_identity() const { return steps_.empty(); }

  // Sets `out` to the normal form of `text`, which must be UTF-8, as the form is then. An empty text stays empty.
  void Apply(absl::string_view text, std::string* out) const;

 private:
  struct Step {
    std::string pattern;  // Empty: `content` goes before the text.
    std::string content;  // Takes the place of each occurrence of the pattern.
  };

  absl::Status AddSteps(const JsonFields& fields, int depth);
  absl::Status AddReplace(const JsonFields& fields);
  absl::Status AddPrepend(const JsonFields& fields);
  absl::Status CheckGrowth(const JsonFields& fields, absl::string_view key, size_t times);

  std::vector<Step> steps_;
  size_t growth_ =
      1;  // A text may become this many times as long, what is put before it not counted.
};

}  // namespace assay

#endif  // ASSAY_MODEL_NORMALIZER_H_
