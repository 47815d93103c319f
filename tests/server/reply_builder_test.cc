#include "server/reply_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/retry_after.h"
#include "base/utf8.h"
#include "tests/testing/fake_scorer.h"

namespace assay {
namespace {

using ::testing::ElementsAre;

ScoredRequest Scored() {
  ScoredRequest scored;
  scored.results.emplace_back(ScoredResponse{.score = {.score = 1.5f,
                                                       .rewards = {1.0f, 2.0f},
                                                       .gating = {0.75f, 0.25f},
                                                       .coefficients = {0.5f, 0.5f}},
                                             .input_tokens = 7,
                                             .truncated_tokens = 2});
  scored.results.emplace_back(absl::InternalError("not finite"));
  scored.times = {.wait_encode = absl::Nanoseconds(1),
                  .encode = absl::Nanoseconds(2),
                  .queue = absl::Nanoseconds(3),
                  .forward = absl::Seconds(4)};
  return scored;
}

TEST(ReplyBuilderTest, AReplyHasAResultForEachResponseAndTheRevision) {
  const v1::ScoreResponse reply = ToScoreResponse(Scored(), ReplyDetail::kScore, "rev");
  ASSERT_EQ(reply.results_size(), 2);
  EXPECT_EQ(reply.results(0).score().score(), 1.5f);
  EXPECT_EQ(reply.results(0).score().input_tokens(), 7);
  EXPECT_EQ(reply.results(0).score().truncated_tokens(), 2);
  EXPECT_EQ(reply.results(1).error().code(), 13);
  EXPECT_EQ(reply.results(1).error().message(), "not finite");
  EXPECT_EQ(reply.model_revision(), "rev");
  EXPECT_EQ(reply.times().wait_encode_ns(), 1);
  EXPECT_EQ(reply.times().encode_ns(), 2);
  EXPECT_EQ(reply.times().queue_ns(), 3);
  EXPECT_EQ(reply.times().forward_ns(), 4'000'000'000);
}

TEST(ReplyBuilderTest, ObjectivesAreThereOnlyWhenAskedFor) {
  const v1::ScoreResponse brief = ToScoreResponse(Scored(), ReplyDetail::kScore, "rev");
  EXPECT_EQ(brief.results(0).score().rewards_size(), 0);
  EXPECT_EQ(brief.results(0).score().gating_size(), 0);
  EXPECT_EQ(brief.results(0).score().coefficients_size(), 0);
  const v1::ScoreResponse whole = ToScoreResponse(Scored(), ReplyDetail::kObjectives, "rev");
  EXPECT_THAT(whole.results(0).score().rewards(), ElementsAre(1.0f, 2.0f));
  EXPECT_THAT(whole.results(0).score().gating(), ElementsAre(0.75f, 0.25f));
  EXPECT_THAT(whole.results(0).score().coefficients(), ElementsAre(0.5f, 0.5f));
}

TEST(ReplyBuilderTest, AnErrorsMessageIsAlwaysText) {
  const v1::Error error = ToError(absl::InvalidArgumentError("bad \xFF byte"));
  EXPECT_EQ(error.code(), 3);
  EXPECT_EQ(FindInvalidUtf8(error.message()), std::string::npos);
}

TEST(ReplyBuilderTest, AnErrorInsideAReplySaysWhenToTryAgain) {
  const absl::Status full = absl::ResourceExhaustedError("full");
  EXPECT_EQ(ToError(full).retry_after_ns(), 0);
  EXPECT_EQ(ToError(WithRetryAfter(full, absl::Milliseconds(7))).retry_after_ns(), 7'000'000);
}

TEST(ReplyBuilderTest, ModelInfoTellsTheModelItsLimitsAndCounters) {
  ServerOptions options;
  options.max_responses = 9;
  ServerState state;
  state.health = Health::kStopping;
  state.uptime = absl::Nanoseconds(20);
  state.pipeline.requests = 1;
  state.pipeline.cached_responses = 11;
  state.pipeline.coalesced_responses = 12;
  SchedulerState& scheduler = state.pipeline.scheduler;
  scheduler.queued_tokens = 10;
  scheduler.queued_tasks = 21;
  scheduler.tokens_per_second = 22;
  scheduler.predicted_wait = absl::Nanoseconds(23);
  scheduler.workers = {
      {.device = "cuda:0", .condition = WorkerCondition::kIdle, .batches = 24},
      {.device = "cuda:1", .condition = WorkerCondition::kStuck, .since = absl::Nanoseconds(25)}};
  scheduler.counters = {.responses = 2,
                        .batches = 3,
                        .batched_groups = 4,
                        .batched_responses = 5,
                        .max_batch_groups = 6,
                        .input_tokens = 7,
                        .computed_tokens = 8,
                        .forward = absl::Nanoseconds(9)};
  const v1::ModelInfo info =
      ToModelInfo(testing::FakeModelInfo(), {"cuda:0", "cuda:1"}, options, state);
  EXPECT_EQ(info.name(), "fake");
  EXPECT_EQ(info.revision(), std::string(64, 'a'));
  EXPECT_EQ(info.weights_hash(), std::string(64, 'b'));
  EXPECT_EQ(info.config_hash(), std::string(64, 'c'));
  EXPECT_EQ(info.tokenizer_hash(), std::string(64, 'd'));
  EXPECT_EQ(info.template_hash(), std::string(64, 'e'));
  EXPECT_EQ(info.architecture(), "FakeForRewardModelWithGating");
  EXPECT_THAT(info.objectives(), ElementsAre("length", "noise"));
  EXPECT_EQ(info.chat_template(), "llama3");
  EXPECT_EQ(info.dtype(), "float32");
  EXPECT_EQ(info.heads(), "precise");
  EXPECT_THAT(info.devices(), ElementsAre("cuda:0", "cuda:1"));
  EXPECT_EQ(info.limits().max_tokens(), 4096);
  EXPECT_EQ(info.limits().max_responses(), 9);
  EXPECT_EQ(info.limits().max_messages(), options.max_messages);
  EXPECT_EQ(info.limits().max_text_bytes(), options.max_text_bytes);
  EXPECT_EQ(info.limits().max_request_bytes(), options.max_request_bytes);
  EXPECT_EQ(info.limits().max_in_flight_per_stream(), options.max_in_flight_per_stream);
  EXPECT_EQ(info.limits().max_queued_tokens(), options.max_queued_tokens);
  EXPECT_EQ(info.limits().max_batch_tokens(), options.max_batch_tokens);
  EXPECT_EQ(info.counters().requests(), 1);
  EXPECT_EQ(info.counters().responses(), 2);
  EXPECT_EQ(info.counters().batches(), 3);
  EXPECT_EQ(info.counters().batched_groups(), 4);
  EXPECT_EQ(info.counters().batched_responses(), 5);
  EXPECT_EQ(info.counters().max_batch_groups(), 6);
  EXPECT_EQ(info.counters().input_tokens(), 7);
  EXPECT_EQ(info.counters().computed_tokens(), 8);
  EXPECT_EQ(info.counters().forward_ns(), 9);
  EXPECT_EQ(info.counters().queued_tokens(), 10);
  EXPECT_EQ(info.counters().cached_responses(), 11);
  EXPECT_EQ(info.counters().coalesced_responses(), 12);
  EXPECT_EQ(info.state().health(), "stopping");
  EXPECT_EQ(info.state().uptime_ns(), 20);
  EXPECT_EQ(info.state().queued_tokens(), 10);
  EXPECT_EQ(info.state().queued_requests(), 21);
  EXPECT_EQ(info.state().tokens_per_second(), 22);
  EXPECT_EQ(info.state().predicted_wait_ns(), 23);
  ASSERT_EQ(info.state().workers_size(), 2);
  EXPECT_EQ(info.state().workers(0).device(), "cuda:0");
  EXPECT_EQ(info.state().workers(0).state(), "idle");
  EXPECT_EQ(info.state().workers(0).batches(), 24);
  EXPECT_EQ(info.state().workers(1).state(), "stuck");
  EXPECT_EQ(info.state().workers(1).since_ns(), 25);
}

TEST(ReplyBuilderTest, AnErrorThatWasMeasuredIsToldAndOneThatWasNotIsAbsent) {
  ModelInfo model = testing::FakeModelInfo();
  EXPECT_FALSE(ToModelInfo(model, {"cpu"}, ServerOptions(), ServerState()).has_score_error());
  model.score_error = ScoreError{
      .score = {.n = 1, .largest = 2, .percentile_99 = 3, .rms = 4},
      .margin = {.n = 5, .largest = 6, .percentile_99 = 7, .rms = 8},
      .data = {"a", "b"},
      .measured_on = "A Fast One",
  };
  const v1::ModelInfo info = ToModelInfo(model, {"cpu"}, ServerOptions(), ServerState());
  ASSERT_TRUE(info.has_score_error());
  const v1::ScoreError& error = info.score_error();
  EXPECT_EQ(error.score().n(), 1);
  EXPECT_EQ(error.score().largest(), 2);
  EXPECT_EQ(error.score().percentile_99(), 3);
  EXPECT_EQ(error.score().rms(), 4);
  EXPECT_EQ(error.margin().n(), 5);
  EXPECT_EQ(error.margin().largest(), 6);
  EXPECT_EQ(error.margin().percentile_99(), 7);
  EXPECT_EQ(error.margin().rms(), 8);
  EXPECT_THAT(error.data(), ElementsAre("a", "b"));
  EXPECT_EQ(error.measured_on(), "A Fast One");
}

}  // namespace
}  // namespace assay
