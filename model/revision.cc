#include "model/revision.h"

#include "absl/strings/str_cat.h"
#include "model/sha256.h"

namespace assay {

std::string ModelRevision(const RevisionHashes& hashes) {
  return Sha256Hex(absl::StrCat("weights ", hashes.weights, "\nconfig ", hashes.config,
                                "\ntokenizer ", hashes.tokenizer, "\ntemplate ",
                                hashes.chat_template, "\n"));
}

}  // namespace assay
