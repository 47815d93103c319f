// model/chat_template_source.h
// Where a checkpoint keeps its chat template and its begin-of-text token.
#ifndef ASSAY_MODEL_CHAT_TEMPLATE_SOURCE_H_
#define ASSAY_MODEL_CHAT_TEMPLATE_SOURCE_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace assay {

struct ChatTemplateSource {
  std::optional<std::string> jinja;  // Nothing where the checkpoint has no template.
  std::optional<std::string> bos;    // Text of bos_token.
};

// From the text of tokenizer_config.json: chat_template is a string, or a list of named ones of which "default" counts;
// bos_token is a string, or an object with content. Pure.
//   DATA_LOSS  not JSON, or a key of another form; named.
absl::StatusOr<ChatTemplateSource> ReadTokenizerConfig(absl::string_view json);

}  // namespace assay

#endif  // ASSAY_MODEL_CHAT_TEMPLATE_SOURCE_H_
