// model/jinja_words.h
// The words of a Jinja template, read as transformers configures Jinja: trim_blocks and lstrip_blocks on.
#ifndef ASSAY_MODEL_JINJA_WORDS_H_
#define ASSAY_MODEL_JINJA_WORDS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace assay {

// Names, numbers and operators as they stand, "{%" "%}" "{{" "}}", and literal texts, unescaped, after a '.
// Text outside tags, less the white space that "-" and the options strip, reads like {{ 'text' }}; comments are left out.
// Nothing where the template uses syntax that this reader does not know, or is longer than 1 MiB. Pure.
std::optional<std::vector<std::string>> WordsOf(absl::string_view jinja);

}  // namespace assay

#endif  // ASSAY_MODEL_JINJA_WORDS_H_
