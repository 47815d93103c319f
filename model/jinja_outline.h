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

// Words are names and operators as in Jinja, "{%" "%}" "{{" "}}", and literal texts, which begin with a '.
// Two templates with equal outlines render every conversation alike, provided that no generation prompt is asked for.
//
// Read as transformers configures Jinja (trim_blocks, lstrip_blocks). Made alike: white space in tags and what "-" and
// the two options strip; text outside tags and {{ 'text' }}; neighbouring outputs and {{ a + b }}; ~ and +; x['name'] and
// x.name; x.strip() and x | trim; loop.index0 == 0 and loop.first; parentheses around one operand; variables' names.
// Left out: comments, and what is rendered only if add_generation_prompt is true.
// Nothing where the template uses syntax that this reader does not know.
std::optional<std::vector<std::string>> OutlineOf(absl::string_view jinja);

}  // namespace assay

#endif  // ASSAY_MODEL_JINJA_OUTLINE_H_
