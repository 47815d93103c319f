#include "model/checkpoint_encoder.h"

#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "model/chat_template.h"
#include "model/chat_template_source.h"
#include "model/group_encoder.h"
#include "model/mapped_file.h"
#include "model/sha256.h"
#include "model/tokenizer.h"

namespace assay {
namespace {

std::string PathOf(const std::string& folder, absl::string_view name) {
  return absl::StrCat(folder, "/", name);
}

// Puts the file's name in front of an error that came from its contents, unless it is there.
absl::Status InFile(const char* name, const absl::Status& status) {
  if (absl::StartsWith(status.message(), name)) return status;
  return absl::Status(status.code(), absl::StrCat(name, ": ", status.message()));
}

struct ChosenTemplate {
  ChatFormat format;
  std::string hash;
};

absl::StatusOr<ChosenTemplate> ChooseTemplate(const std::optional<std::string>& jinja,
                                              const std::string& choice) {
  if (choice != "auto") {
    ASSAY_ASSIGN_OR_RETURN(ChatFormat format, ChatTemplate::ByName(choice));
    return ChosenTemplate{std::move(format), Sha256Hex(choice)};
  }
  if (!jinja.has_value()) {
    return absl::UnimplementedError(
        "the checkpoint has no chat template; --chat-template llama3 or --chat-template chatml "
        "chooses one");
  }
  ASSAY_ASSIGN_OR_RETURN(ChatFormat format, ChatTemplate::Recognize(*jinja));
  return ChosenTemplate{std::move(format), Sha256Hex(*jinja)};
}

}  // namespace

absl::StatusOr<LoadedText> LoadText(const std::string& folder, const ModelConfig& config,
                                    const TextOptions& options) {
  ASSAY_ASSIGN_OR_RETURN(const auto tokenizer_config,
                         MappedFile::Open(PathOf(folder, "tokenizer_config.json")));
  absl::StatusOr<ChatTemplateSource> source = ReadTokenizerConfig(tokenizer_config->bytes());
  if (!source.ok()) return InFile("tokenizer_config.json", source.status());
  const auto jinja = MappedFile::Open(PathOf(folder, "chat_template.jinja"));
  if (jinja.ok()) {
    source->jinja = std::string((*jinja)->bytes());
  } else if (!absl::IsNotFound(jinja.status())) {
    return jinja.status();
  }
  ASSAY_ASSIGN_OR_RETURN(ChosenTemplate chosen,
                         ChooseTemplate(source->jinja, options.chat_template));
  if (chosen.format.needs_bos && !source->bos.has_value()) {
    return absl::DataLossError(
        "tokenizer_config.json: bos_token: missing, but the template uses it");
  }
  ASSAY_ASSIGN_OR_RETURN(const auto tokenizer_json,
                         MappedFile::Open(PathOf(folder, "tokenizer.json")));
  auto tokenizer = Tokenizer::Create(tokenizer_json->bytes());
  if (!tokenizer.ok()) return InFile("tokenizer.json", tokenizer.status());
  LoadedText loaded;
  loaded.tokenizer_hash = Sha256Hex(tokenizer_json->bytes());
  loaded.template_hash = std::move(chosen.hash);
  loaded.template_name = chosen.format.name;
  loaded.encoder = std::make_unique<GroupEncoder>(
      *std::move(tokenizer),
      ChatTemplate(std::move(chosen.format), std::move(source->bos).value_or("")),
      config.max_positions, config.gate_pattern);
  return loaded;
}

}  // namespace assay
