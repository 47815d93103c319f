#include "client/model_identity.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace assay::client {
namespace {

Json FiguresJson(const ErrorFigures& figures) {
  return {{"n", figures.n},
          {"largest", figures.largest},
          {"percentile_99", figures.percentile_99},
          {"rms", figures.rms}};
}

// Null where it was not measured.
Json ScoreErrorJson(const std::optional<ScoreError>& error) {
  if (!error.has_value()) return nullptr;
  return {{"score", FiguresJson(error->score)},
          {"margin", FiguresJson(error->margin)},
          {"data", error->data},
          {"measured_on", error->measured_on}};
}

// Field `name` of `json` in `*value`.
template <typename Value>
absl::Status Read(const Json& json, const char* name, Value* value) {
  const auto it = json.is_object() ? json.find(name) : json.end();
  if (it == json.end())
    return absl::InvalidArgumentError(absl::StrCat("field \"", name, "\" is missing"));
  try {
    it->get_to(*value);
  } catch (const Json::exception&) {
    return absl::InvalidArgumentError(
        absl::StrCat("field \"", name, "\" is of another type than is expected"));
  }
  return absl::OkStatus();
}

absl::Status ReadFigures(const Json& json, const char* name, ErrorFigures* figures) {
  Json fields;
  ASSAY_RETURN_IF_ERROR(Read(json, name, &fields));
  ASSAY_RETURN_IF_ERROR(Read(fields, "n", &figures->n));
  ASSAY_RETURN_IF_ERROR(Read(fields, "largest", &figures->largest));
  ASSAY_RETURN_IF_ERROR(Read(fields, "percentile_99", &figures->percentile_99));
  return Read(fields, "rms", &figures->rms);
}

}  // namespace

Json ModelIdentityJson(const ModelInfo& model) {
  return {{"name", model.name},
          {"revision", model.revision},
          {"weights_hash", model.weights_hash},
          {"config_hash", model.config_hash},
          {"tokenizer_hash", model.tokenizer_hash},
          {"template_hash", model.template_hash},
          {"architecture", model.architecture},
          {"objectives", model.objectives},
          {"chat_template", model.chat_template},
          {"dtype", model.dtype},
          {"heads", model.heads},
          {"devices", model.devices},
          {"score_error", ScoreErrorJson(model.score_error)}};
}

absl::StatusOr<ModelInfo> ParseModelIdentity(const Json& json) {
  ModelInfo model;
  const std::pair<const char*, std::string*> texts[] = {{"name", &model.name},
                                                        {"revision", &model.revision},
                                                        {"weights_hash", &model.weights_hash},
                                                        {"config_hash", &model.config_hash},
                                                        {"tokenizer_hash", &model.tokenizer_hash},
                                                        {"template_hash", &model.template_hash},
                                                        {"architecture", &model.architecture},
                                                        {"chat_template", &model.chat_template},
                                                        {"dtype", &model.dtype},
                                                        {"heads", &model.heads}};
  for (const auto& [name, text] : texts) ASSAY_RETURN_IF_ERROR(Read(json, name, text));
  ASSAY_RETURN_IF_ERROR(Read(json, "objectives", &model.objectives));
  ASSAY_RETURN_IF_ERROR(Read(json, "devices", &model.devices));
  Json error;
  ASSAY_RETURN_IF_ERROR(Read(json, "score_error", &error));
  if (error.is_null()) return model;
  model.score_error.emplace();
  ASSAY_RETURN_IF_ERROR(ReadFigures(error, "score", &model.score_error->score));
  ASSAY_RETURN_IF_ERROR(ReadFigures(error, "margin", &model.score_error->margin));
  ASSAY_RETURN_IF_ERROR(Read(error, "data", &model.score_error->data));
  ASSAY_RETURN_IF_ERROR(Read(error, "measured_on", &model.score_error->measured_on));
  return model;
}

}  // namespace assay::client
