#include "server/request_handler.h"

#include <utility>

#include "server/reply_builder.h"

namespace assay {

void RequestHandler::Score(v1::ScoreRequest request, const Caller& caller, Reply reply) const {
  absl::StatusOr<ValidRequest> valid =
      ValidateScoreRequest(std::move(request), limits_, revision_, caller.path);
  if (!valid.ok()) return std::move(reply)(valid.status());
  pipeline_->Submit({.prompt = std::move(valid->prompt),
                     .responses = std::move(valid->responses),
                     .encode = valid->encode,
                     .flow = {caller.context.tenant, caller.context.priority},
                     .waiter = {caller.context.deadline, caller.context.cancelled},
                     .on_full = caller.on_full},
                    [this, detail = valid->detail,
                     reply = std::move(reply)](absl::StatusOr<ScoredRequest> scored) mutable {
                      if (!scored.ok()) return std::move(reply)(scored.status());
                      std::move(reply)(ToScoreResponse(*scored, detail, revision_));
                    });
}

}  // namespace assay
