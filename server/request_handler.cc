#include "server/request_handler.h"

#include <utility>

#include "server/reply_builder.h"

namespace assay {

void RequestHandler::Refuse(const Caller& caller, absl::StatusCode code) const {
  const bool identity =
      code == absl::StatusCode::kUnauthenticated || code == absl::StatusCode::kPermissionDenied;
  telling_.observer->OnRefusal(identity ? Refusal::kIdentity : Refusal::kInvalid);
  Tell(PendingOf(caller, 0), code, {});
}

void RequestHandler::Answered(const Caller& caller) const {
  Tell(PendingOf(caller, 0), absl::StatusCode::kOk, {});
}

RequestHandler::Pending RequestHandler::PendingOf(const Caller& caller, int responses) const {
  return {.method = caller.method,
          .context = caller.context,
          .responses = responses,
          .arrived = telling_.clock->Now()};
}

void RequestHandler::Score(v1::ScoreRequest request, const Caller& caller, Reply reply) const {
  Pending pending = PendingOf(caller, request.responses_size());
  absl::StatusOr<ValidRequest> valid =
      ValidateScoreRequest(std::move(request), limits_, revision_, caller.path);
  if (!valid.ok()) {
    telling_.observer->OnRefusal(Refusal::kInvalid);
    Tell(pending, valid.status().code(), {});
    return std::move(reply)(valid.status());
  }
  pipeline_->Submit({.prompt = std::move(valid->prompt),
                     .responses = std::move(valid->responses),
                     .encode = valid->encode,
                     .flow = {caller.context.tenant, caller.context.priority},
                     .waiter = {caller.context.deadline, caller.context.cancelled},
                     .on_full = caller.on_full},
                    [this, pending = std::move(pending), detail = valid->detail,
                     reply = std::move(reply)](absl::StatusOr<ScoredRequest> scored) mutable {
                      if (!scored.ok()) {
                        Tell(pending, scored.status().code(), {});
                        return std::move(reply)(scored.status());
                      }
                      v1::ScoreResponse made = ToScoreResponse(*scored, detail, revision_);
                      Tell(pending, absl::StatusCode::kOk, scored->times);
                      std::move(reply)(std::move(made));
                    });
}

void RequestHandler::Tell(const Pending& pending, absl::StatusCode code,
                          const StageDurations& stages) const {
  const RequestRecord record = {.method = pending.method,
                                .tenant = pending.context.tenant,
                                .code = code,
                                .total = telling_.clock->Now() - pending.arrived,
                                .stages = stages};
  telling_.observer->OnRequest(record);
  if (telling_.log != nullptr) telling_.log->Write(record, pending.context, pending.responses);
}

}  // namespace assay
