#include "server/reply_builder.h"

#include <grpcpp/support/status.h>

#include <optional>

#include "absl/time/time.h"
#include "base/grpc_status.h"
#include "base/retry_after.h"

namespace assay {
namespace {

void FillScore(const ScoredResponse& scored, ReplyDetail detail, v1::Score* score) {
  score->set_score(scored.score.score);
  score->set_input_tokens(static_cast<int32_t>(scored.input_tokens));
  score->set_truncated_tokens(static_cast<int32_t>(scored.truncated_tokens));
  if (detail == ReplyDetail::kScore) return;
  const RewardScore& from = scored.score;
  score->mutable_rewards()->Add(from.rewards.begin(), from.rewards.end());
  score->mutable_gating()->Add(from.gating.begin(), from.gating.end());
  score->mutable_coefficients()->Add(from.coefficients.begin(), from.coefficients.end());
}

void FillFigures(const ErrorFigures& from, v1::ErrorFigures* to) {
  to->set_n(from.n);
  to->set_largest(from.largest);
  to->set_percentile_99(from.percentile_99);
  to->set_rms(from.rms);
}

void FillScoreError(const ScoreError& from, v1::ScoreError* to) {
  FillFigures(from.score, to->mutable_score());
  FillFigures(from.margin, to->mutable_margin());
  to->mutable_data()->Add(from.data.begin(), from.data.end());
  to->set_measured_on(from.measured_on);
}

void FillCounters(const PipelineState& pipeline, v1::Counters* to) {
  const SchedulerCounters& from = pipeline.scheduler.counters;
  to->set_requests(pipeline.requests);
  to->set_responses(from.responses);
  to->set_batches(from.batches);
  to->set_batched_groups(from.batched_groups);
  to->set_batched_responses(from.batched_responses);
  to->set_max_batch_groups(from.max_batch_groups);
  to->set_input_tokens(from.input_tokens);
  to->set_computed_tokens(from.computed_tokens);
  to->set_forward_ns(absl::ToInt64Nanoseconds(from.forward));
  to->set_queued_tokens(pipeline.scheduler.queued_tokens);
  to->set_cached_responses(pipeline.cached_responses);
  to->set_coalesced_responses(pipeline.coalesced_responses);
}

void FillState(const ServerState& state, v1::State* to) {
  const SchedulerState& scheduler = state.pipeline.scheduler;
  to->set_health(NameOf(state.health));
  to->set_uptime_ns(absl::ToInt64Nanoseconds(state.uptime));
  to->set_queued_tokens(scheduler.queued_tokens);
  to->set_queued_requests(scheduler.queued_tasks);
  to->set_tokens_per_second(scheduler.tokens_per_second);
  to->set_predicted_wait_ns(absl::ToInt64Nanoseconds(scheduler.predicted_wait));
  for (const WorkerState& from : scheduler.workers) {
    v1::Worker& worker = *to->add_workers();
    worker.set_device(from.device);
    worker.set_state(NameOf(from.condition));
    worker.set_since_ns(absl::ToInt64Nanoseconds(from.since));
    worker.set_batches(from.batches);
  }
}

}  // namespace

v1::ScoreResponse ToScoreResponse(const ScoredRequest& scored, ReplyDetail detail,
                                  absl::string_view revision) {
  v1::ScoreResponse reply;
  reply.mutable_results()->Reserve(static_cast<int>(scored.results.size()));
  for (const absl::StatusOr<ScoredResponse>& result : scored.results) {
    if (result.ok()) {
      FillScore(*result, detail, reply.add_results()->mutable_score());
    } else {
      *reply.add_results()->mutable_error() = ToError(result.status());
    }
  }
  reply.set_model_revision(std::string(revision));
  v1::StageTimes& times = *reply.mutable_times();
  times.set_wait_encode_ns(absl::ToInt64Nanoseconds(scored.times.wait_encode));
  times.set_encode_ns(absl::ToInt64Nanoseconds(scored.times.encode));
  times.set_queue_ns(absl::ToInt64Nanoseconds(scored.times.queue));
  times.set_forward_ns(absl::ToInt64Nanoseconds(scored.times.forward));
  return reply;
}

v1::Error ToError(const absl::Status& status) {
  const grpc::Status wire = ToGrpcStatus(status);
  v1::Error error;
  error.set_code(wire.error_code());
  error.set_message(wire.error_message());
  if (const std::optional<absl::Duration> wait = RetryAfter(status); wait.has_value()) {
    error.set_retry_after_ns(absl::ToInt64Nanoseconds(*wait));
  }
  return error;
}

v1::ModelInfo ToModelInfo(const ModelInfo& info, const std::vector<std::string>& devices,
                          const ServerOptions& options, const ServerState& state) {
  v1::ModelInfo reply;
  reply.set_name(info.name);
  reply.set_revision(info.revision);
  reply.set_weights_hash(info.weights_hash);
  reply.set_config_hash(info.config_hash);
  reply.set_tokenizer_hash(info.tokenizer_hash);
  reply.set_template_hash(info.template_hash);
  reply.set_architecture(info.architecture);
  reply.mutable_objectives()->Add(info.objectives.begin(), info.objectives.end());
  reply.set_chat_template(info.chat_template);
  reply.set_dtype(info.dtype);
  reply.set_heads(info.heads);
  reply.mutable_devices()->Add(devices.begin(), devices.end());

  if (info.score_error.has_value()) FillScoreError(*info.score_error, reply.mutable_score_error());

  v1::Limits& limits = *reply.mutable_limits();
  limits.set_max_tokens(static_cast<int32_t>(info.max_tokens));
  limits.set_max_messages(static_cast<int32_t>(options.max_messages));
  limits.set_max_responses(static_cast<int32_t>(options.max_responses));
  limits.set_max_text_bytes(options.max_text_bytes);
  limits.set_max_request_bytes(options.max_request_bytes);
  limits.set_max_in_flight_per_stream(static_cast<int32_t>(options.max_in_flight_per_stream));
  limits.set_max_queued_tokens(options.max_queued_tokens);
  limits.set_max_batch_tokens(options.max_batch_tokens);

  FillCounters(state.pipeline, reply.mutable_counters());
  FillState(state, reply.mutable_state());
  for (const Setting& from : options.settings) {
    v1::Setting& setting = *reply.add_settings();
    setting.set_name(from.name);
    setting.set_value(from.value);
    setting.set_source(from.source);
  }
  return reply;
}

}  // namespace assay
