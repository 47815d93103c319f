#include "model/chat_template_source.h"

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "model/json_fields.h"

namespace assay {
namespace {

absl::StatusOr<std::optional<std::string>> DefaultOf(const Json& list) {
  std::optional<std::string> found;
  for (size_t i = 0; i < list.size(); ++i) {
    ASSAY_ASSIGN_OR_RETURN(const JsonFields entry,
                           JsonFields::Of(list[i], absl::StrCat("chat_template[", i, "]")));
    ASSAY_ASSIGN_OR_RETURN(const std::string name, entry.String("name"));
    ASSAY_ASSIGN_OR_RETURN(std::string text, entry.String("template"));
    if (name == "default") found = std::move(text);
  }
  return found;
}

}  // namespace

absl::StatusOr<ChatTemplateSource> ReadTokenizerConfig(absl::string_view json) {
  ASSAY_ASSIGN_OR_RETURN(const Json document, ParseJson(json, "tokenizer_config.json"));
  ASSAY_ASSIGN_OR_RETURN(const JsonFields file, JsonFields::Of(document, ""));
  ChatTemplateSource source;
  if (const Json* value = file.Find("chat_template"); value != nullptr && value->is_array()) {
    ASSAY_ASSIGN_OR_RETURN(source.jinja, DefaultOf(*value));
  } else if (value != nullptr) {
    ASSAY_ASSIGN_OR_RETURN(source.jinja, file.String("chat_template"));
  }
  if (const Json* value = file.Find("bos_token"); value != nullptr && value->is_object()) {
    ASSAY_ASSIGN_OR_RETURN(const JsonFields bos, file.Object("bos_token"));
    ASSAY_ASSIGN_OR_RETURN(source.bos, bos.String("content"));
  } else if (value != nullptr) {
    ASSAY_ASSIGN_OR_RETURN(source.bos, file.String("bos_token"));
  }
  return source;
}

}  // namespace assay
