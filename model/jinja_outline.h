// model/jinja_outline.h
// What a chat template says, apart from how it is written: a list of words that is the same for templates that differ
// only in layout, quotes, names of their variables and a few spellings that mean the same. Nothing is evaluated.
#ifndef ASSAY_MODEL_JINJA_OUTLINE_H_
#define ASSAY_MODEL_JINJA_OUTLINE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace assay {

// Two templates with equal outlines render every conversation alike, provided that no generation prompt is asked for.
//
// The words are those of jinja_words.h, made alike: neighbouring outputs and {{ a + b }}; ~ and +; x['name'] and x.name;
// x.strip() and x | trim; loop.index0 == 0 and loop.first; parentheses around one operand; variables' names. What is
// rendered only if add_generation_prompt is true is left out.
// Nothing where jinja_words.h reads nothing. Pure.
std::optional<std::vector<std::string>> OutlineOf(absl::string_view jinja);

}  // namespace assay

#endif  // ASSAY_MODEL_JINJA_OUTLINE_H_
