// model/byte_spelling.h
// GPT-2's alphabet, in which byte-level vocabularies spell their tokens: each byte has a printable character of its own.
// Pure.
#ifndef ASSAY_MODEL_BYTE_SPELLING_H_
#define ASSAY_MODEL_BYTE_SPELLING_H_

#include <string>

#include "absl/strings/string_view.h"

namespace assay {

// Sets `bytes` to those that `token` stands for. False where a character of it stands for none, or it is not UTF-8;
// `bytes` is then unspecified.
bool SpellInBytes(absl::string_view token, std::string* bytes);

}  // namespace assay

#endif  // ASSAY_MODEL_BYTE_SPELLING_H_
