#include "client/wire.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/retry_after.h"
#include "base/status_macros.h"
#include "base/utf8.h"

namespace assay::client {
namespace {

absl::Status CheckUtf8(const std::string& text, const std::string& field) {
  const size_t bad = FindInvalidUtf8(text);
  if (bad == std::string::npos) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(field, " is not UTF-8 at byte ", bad));
}

v1::DetailLevel ToWire(Detail detail) {
  return detail == Detail::kObjectives ? v1::DETAIL_LEVEL_OBJECTIVES : v1::DETAIL_LEVEL_SCORE;
}

v1::Truncation ToWire(Truncation truncation) {
  switch (truncation) {
    case Truncation::kKeepEnd:
      return v1::TRUNCATION_KEEP_END;
    case Truncation::kKeepStart:
      return v1::TRUNCATION_KEEP_START;
    case Truncation::kRefuse:
      break;
  }
  return v1::TRUNCATION_REFUSE;
}

Score FromWire(const v1::Score& from) {
  Score score;
  score.score = from.score();
  score.rewards.assign(from.rewards().begin(), from.rewards().end());
  score.gating.assign(from.gating().begin(), from.gating().end());
  score.coefficients.assign(from.coefficients().begin(), from.coefficients().end());
  score.input_tokens = from.input_tokens();
  score.truncated_tokens = from.truncated_tokens();
  return score;
}

ErrorFigures FromWire(const v1::ErrorFigures& from) {
  return {.n = from.n(),
          .largest = from.largest(),
          .percentile_99 = from.percentile_99(),
          .rms = from.rms()};
}

ScoreError FromWire(const v1::ScoreError& from) {
  return {.score = FromWire(from.score()),
          .margin = FromWire(from.margin()),
          .data = {from.data().begin(), from.data().end()},
          .measured_on = from.measured_on()};
}

State FromWire(const v1::State& from) {
  State state = {.health = from.health(),
                 .uptime = absl::Nanoseconds(from.uptime_ns()),
                 .queued_tokens = from.queued_tokens(),
                 .queued_requests = from.queued_requests(),
                 .tokens_per_second = from.tokens_per_second(),
                 .predicted_wait = absl::Nanoseconds(from.predicted_wait_ns())};
  for (const v1::Worker& worker : from.workers()) {
    state.workers.push_back({.device = worker.device(),
                             .state = worker.state(),
                             .since = absl::Nanoseconds(worker.since_ns()),
                             .batches = worker.batches()});
  }
  return state;
}

}  // namespace

absl::StatusOr<v1::ScoreRequest> ToWire(const ScoreRequest& request) {
  v1::ScoreRequest wire;
  for (size_t i = 0; i < request.prompt.size(); ++i) {
    const Message& message = request.prompt[i];
    ASSAY_RETURN_IF_ERROR(CheckUtf8(message.role, absl::StrCat("prompt[", i, "].role")));
    ASSAY_RETURN_IF_ERROR(CheckUtf8(message.content, absl::StrCat("prompt[", i, "].content")));
    v1::Message* turn = wire.add_prompt();
    turn->set_role(message.role);
    turn->set_content(message.content);
  }
  for (size_t i = 0; i < request.responses.size(); ++i) {
    ASSAY_RETURN_IF_ERROR(CheckUtf8(request.responses[i], absl::StrCat("responses[", i, "]")));
    wire.add_responses(request.responses[i]);
  }
  ASSAY_RETURN_IF_ERROR(CheckUtf8(request.model_revision, "model_revision"));
  wire.set_model_revision(request.model_revision);
  wire.set_detail(ToWire(request.detail));
  wire.set_truncation(ToWire(request.truncation));
  wire.set_max_tokens(request.max_tokens);
  return wire;
}

absl::StatusOr<ScoreReply> FromWire(const v1::ScoreResponse& response, int responses) {
  if (response.results_size() != responses) {
    return absl::InternalError(absl::StrCat("the server sent ", response.results_size(),
                                            " results for ", responses, " responses"));
  }
  ScoreReply reply;
  reply.results.reserve(response.results_size());
  for (int i = 0; i < response.results_size(); ++i) {
    const v1::Result& result = response.results(i);
    if (result.has_score()) {
      reply.results.push_back(FromWire(result.score()));
    } else if (result.has_error()) {
      reply.results.push_back(FromWire(result.error()));
    } else {
      return absl::InternalError(
          absl::StrCat("the server's results[", i, "] holds neither score nor error"));
    }
  }
  reply.model_revision = response.model_revision();
  const v1::StageTimes& times = response.times();
  reply.times.wait_encode = absl::Nanoseconds(times.wait_encode_ns());
  reply.times.encode = absl::Nanoseconds(times.encode_ns());
  reply.times.queue = absl::Nanoseconds(times.queue_ns());
  reply.times.forward = absl::Nanoseconds(times.forward_ns());
  return reply;
}

absl::Status FromWire(const v1::Error& error) {
  const int code = error.code();
  if (code < static_cast<int>(absl::StatusCode::kCancelled) ||
      code > static_cast<int>(absl::StatusCode::kUnauthenticated)) {
    return absl::UnknownError(absl::StrCat("an error with code ", code, ": ", error.message()));
  }
  absl::Status status(static_cast<absl::StatusCode>(code), error.message());
  if (error.retry_after_ns() <= 0) return status;
  return WithRetryAfter(std::move(status), absl::Nanoseconds(error.retry_after_ns()));
}

ModelInfo FromWire(const v1::ModelInfo& from) {
  ModelInfo info;
  info.name = from.name();
  info.revision = from.revision();
  info.weights_hash = from.weights_hash();
  info.config_hash = from.config_hash();
  info.tokenizer_hash = from.tokenizer_hash();
  info.template_hash = from.template_hash();
  info.architecture = from.architecture();
  info.objectives.assign(from.objectives().begin(), from.objectives().end());
  info.chat_template = from.chat_template();
  info.dtype = from.dtype();
  info.heads = from.heads();
  info.devices.assign(from.devices().begin(), from.devices().end());

  const v1::Limits& limits = from.limits();
  info.limits = {.max_tokens = limits.max_tokens(),
                 .max_messages = limits.max_messages(),
                 .max_responses = limits.max_responses(),
                 .max_text_bytes = limits.max_text_bytes(),
                 .max_request_bytes = limits.max_request_bytes(),
                 .max_in_flight_per_stream = limits.max_in_flight_per_stream(),
                 .max_queued_tokens = limits.max_queued_tokens(),
                 .max_batch_tokens = limits.max_batch_tokens()};

  const v1::Counters& counters = from.counters();
  info.counters = {.requests = counters.requests(),
                   .responses = counters.responses(),
                   .batches = counters.batches(),
                   .batched_groups = counters.batched_groups(),
                   .batched_responses = counters.batched_responses(),
                   .max_batch_groups = counters.max_batch_groups(),
                   .input_tokens = counters.input_tokens(),
                   .computed_tokens = counters.computed_tokens(),
                   .forward = absl::Nanoseconds(counters.forward_ns()),
                   .queued_tokens = counters.queued_tokens(),
                   .cached_responses = counters.cached_responses(),
                   .coalesced_responses = counters.coalesced_responses()};
  if (from.has_score_error()) info.score_error = FromWire(from.score_error());
  info.state = FromWire(from.state());
  for (const v1::Setting& setting : from.settings()) {
    info.settings.push_back(
        {.name = setting.name(), .value = setting.value(), .source = setting.source()});
  }
  return info;
}

}  // namespace assay::client
