// server/reply_builder.h
// Plain structs into the messages of reward.proto. Computes nothing; pure functions.
#ifndef ASSAY_SERVER_REPLY_BUILDER_H_
#define ASSAY_SERVER_REPLY_BUILDER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "assay/v1/reward.pb.h"
#include "model/types.h"
#include "server/options.h"
#include "server/request_validator.h"
#include "server/scored_request.h"
#include "server/scoring_pipeline.h"

namespace assay {

v1::ScoreResponse ToScoreResponse(const ScoredRequest& scored, ReplyDetail detail,
                                  absl::string_view revision);

// `status` is not OK. A long message is cut; see ToGrpcStatus().
v1::Error ToError(const absl::Status& status);

// `info` without its device, which `devices` has, one a worker. Limits come from `options` and the
// model, settings from options.settings.
v1::ModelInfo ToModelInfo(const ModelInfo& info, const std::vector<std::string>& devices,
                          const ServerOptions& options, const ServerState& state);

}  // namespace assay

#endif  // ASSAY_SERVER_REPLY_BUILDER_H_
