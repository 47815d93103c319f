// model/revision.h
// One name for everything that decides a score's value short of arithmetic: weights, config, tokenizer, template.
#ifndef ASSAY_MODEL_REVISION_H_
#define ASSAY_MODEL_REVISION_H_

#include <string>

#include "absl/strings/string_view.h"

namespace assay {

// The four SHA-256 hashes, in hex, as in ModelInfo.
struct RevisionHashes {
  absl::string_view weights;
  absl::string_view config;
  absl::string_view tokenizer;
  absl::string_view chat_template;
};

// SHA-256, in hex, over one line a hash: "weights <hash>\n", then config, tokenizer and template alike. Scores are
// comparable only between equal revisions.
std::string ModelRevision(const RevisionHashes& hashes);

}  // namespace assay

#endif  // ASSAY_MODEL_REVISION_H_
