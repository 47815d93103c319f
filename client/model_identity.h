// client/model_identity.h
// Which model it is, as JSON that every report holds and that is read back. Pure functions.
#ifndef ASSAY_CLIENT_MODEL_IDENTITY_H_
#define ASSAY_CLIENT_MODEL_IDENTITY_H_

#include "absl/status/statusor.h"
#include "client/json_row.h"
#include "client/types.h"

namespace assay::client {

// {name, revision, weights_hash, config_hash, tokenizer_hash, template_hash, architecture,
// objectives, chat_template, dtype, heads, devices, score_error}; score_error is null where it was
// not measured.
Json ModelIdentityJson(const ModelInfo& model);

// The model of which ModelIdentityJson() told; its limits, counters, state and settings are empty.
// INVALID_ARGUMENT naming the field that is missing or of another type.
absl::StatusOr<ModelInfo> ParseModelIdentity(const Json& json);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_MODEL_IDENTITY_H_
