#include "client/wire.h"

#include "base/retry_after.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::IsOk;
using ::assay::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(WireTest, ARequestCarriesAllItsFields) {
  ASSERT_OK_AND_ASSIGN(const v1::ScoreRequest wire,
                       ToWire(ScoreRequest{.prompt = {{"system", "Be brief."}, {"user", ""}},
                                           .responses = {"Ja \xC3\xA4", ""},
                                           .detail = Detail::kObjectives,
                                           .truncation = Truncation::kKeepEnd,
                                           .max_tokens = 77,
                                           .model_revision = "abc"}));
  ASSERT_EQ(wire.prompt_size(), 2);
  EXPECT_EQ(wire.prompt(0).role(), "system");
  EXPECT_EQ(wire.prompt(0).content(), "Be brief.");
  EXPECT_THAT(wire.responses(), ElementsAre("Ja \xC3\xA4", ""));
  EXPECT_EQ(wire.detail(), v1::DETAIL_LEVEL_OBJECTIVES);
  EXPECT_EQ(wire.truncation(), v1::TRUNCATION_KEEP_END);
  EXPECT_EQ(wire.max_tokens(), 77);
  EXPECT_EQ(wire.model_revision(), "abc");
}

TEST(WireTest, TheDefaultsAreSaidAloudNotLeftToTheServer) {
  ASSERT_OK_AND_ASSIGN(const v1::ScoreRequest wire, ToWire(ScoreRequest{}));
  EXPECT_EQ(wire.detail(), v1::DETAIL_LEVEL_SCORE);
  EXPECT_EQ(wire.truncation(), v1::TRUNCATION_REFUSE);
  ASSERT_OK_AND_ASSIGN(const v1::ScoreRequest start,
                       ToWire(ScoreRequest{.truncation = Truncation::kKeepStart}));
  EXPECT_EQ(start.truncation(), v1::TRUNCATION_KEEP_START);
}

TEST(WireTest, ATextThatIsNotUtf8IsRefusedByItsFieldAndNotEchoed) {
  const std::string bad = "secret\xFF";
  EXPECT_THAT(ToWire(ScoreRequest{.prompt = {{"user", "fine"}, {"user", bad}}}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("prompt[1].content"), HasSubstr("byte 6"),
                             Not(HasSubstr("secret")))));
  EXPECT_THAT(ToWire(ScoreRequest{.prompt = {{bad, ""}}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("prompt[0].role")));
  EXPECT_THAT(ToWire(ScoreRequest{.responses = {"", "", bad}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("responses[2]")));
  EXPECT_THAT(ToWire(ScoreRequest{.model_revision = bad}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("model_revision")));
}

TEST(WireTest, AReplyKeepsScoresAndErrorsInTheirPlaces) {
  v1::ScoreResponse wire;
  v1::Score* score = wire.add_results()->mutable_score();
  score->set_score(-1.5);
  score->add_rewards(0.25);
  score->add_gating(0.5);
  score->add_coefficients(-2);
  score->set_input_tokens(12);
  score->set_truncated_tokens(3);
  v1::Error* error = wire.add_results()->mutable_error();
  error->set_code(3);
  error->set_message("too long");
  wire.set_model_revision("rev");
  wire.mutable_times()->set_queue_ns(1500);

  ASSERT_OK_AND_ASSIGN(const ScoreReply reply, FromWire(wire, 2));
  ASSERT_THAT(reply.results[0], IsOk());
  EXPECT_EQ(reply.results[0]->score, -1.5F);
  EXPECT_THAT(reply.results[0]->rewards, ElementsAre(0.25F));
  EXPECT_THAT(reply.results[0]->gating, ElementsAre(0.5F));
  EXPECT_THAT(reply.results[0]->coefficients, ElementsAre(-2.0F));
  EXPECT_EQ(reply.results[0]->input_tokens, 12);
  EXPECT_EQ(reply.results[0]->truncated_tokens, 3);
  EXPECT_THAT(reply.results[1], StatusIs(absl::StatusCode::kInvalidArgument, "too long"));
  EXPECT_EQ(reply.model_revision, "rev");
  EXPECT_EQ(reply.times.queue, absl::Nanoseconds(1500));
}

TEST(WireTest, AReplyThatDoesNotFitItsRequestIsTheServersDefect) {
  v1::ScoreResponse wire;
  wire.add_results()->mutable_score();
  EXPECT_THAT(FromWire(wire, 2),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("1 results for 2")));
  wire.add_results();
  EXPECT_THAT(FromWire(wire, 2), StatusIs(absl::StatusCode::kInternal, HasSubstr("results[1]")));
}

TEST(WireTest, AnErrorIsNeverTakenForSuccess) {
  v1::Error error;
  EXPECT_THAT(FromWire(error), StatusIs(absl::StatusCode::kUnknown));
  error.set_code(4711);
  EXPECT_THAT(FromWire(error), StatusIs(absl::StatusCode::kUnknown));
}

// Every field of the message is set to a value of its own, and must be found again.
TEST(WireTest, ModelInfoLosesNothing) {
  v1::ModelInfo wire;
  wire.set_name("n");
  wire.set_revision("r");
  wire.set_weights_hash("w");
  wire.set_config_hash("c");
  wire.set_tokenizer_hash("t");
  wire.set_template_hash("p");
  wire.set_architecture("a");
  wire.add_objectives("o1");
  wire.add_objectives("o2");
  wire.set_chat_template("llama3");
  wire.set_dtype("bfloat16");
  wire.set_heads("precise");
  wire.add_devices("cuda:0");
  v1::Limits* limits = wire.mutable_limits();
  limits->set_max_tokens(1);
  limits->set_max_messages(2);
  limits->set_max_responses(3);
  limits->set_max_text_bytes(4);
  limits->set_max_request_bytes(5);
  limits->set_max_in_flight_per_stream(6);
  limits->set_max_queued_tokens(7);
  limits->set_max_batch_tokens(8);
  v1::Counters* counters = wire.mutable_counters();
  counters->set_requests(11);
  counters->set_responses(12);
  counters->set_batches(13);
  counters->set_batched_groups(14);
  counters->set_batched_responses(15);
  counters->set_max_batch_groups(16);
  counters->set_input_tokens(17);
  counters->set_computed_tokens(18);
  counters->set_forward_ns(19);
  counters->set_queued_tokens(20);
  counters->set_cached_responses(21);
  counters->set_coalesced_responses(22);
  v1::State* state = wire.mutable_state();
  state->set_health("serving");
  state->set_uptime_ns(41);
  state->set_queued_tokens(42);
  state->set_queued_requests(43);
  state->set_tokens_per_second(44.5);
  state->set_predicted_wait_ns(45);
  v1::Worker* worker = state->add_workers();
  worker->set_device("cuda:1");
  worker->set_state("stuck");
  worker->set_since_ns(46);
  worker->set_batches(47);
  v1::Setting* setting = wire.add_settings();
  setting->set_name("listen");
  setting->set_value("a:1");
  setting->set_source("file");

  v1::ScoreError* error = wire.mutable_score_error();
  error->mutable_score()->set_n(31);
  error->mutable_score()->set_largest(32);
  error->mutable_score()->set_percentile_99(33);
  error->mutable_score()->set_rms(34);
  error->mutable_margin()->set_n(35);
  error->mutable_margin()->set_largest(36);
  error->mutable_margin()->set_percentile_99(37);
  error->mutable_margin()->set_rms(38);
  error->add_data("d1");
  error->add_data("d2");
  error->set_measured_on("A Fast One");

  const ModelInfo info = FromWire(wire);
  EXPECT_EQ(info.name + info.revision + info.weights_hash + info.config_hash + info.tokenizer_hash +
                info.template_hash + info.architecture + info.chat_template + info.dtype +
                info.heads,
            "nrwctpallama3bfloat16precise");
  EXPECT_THAT(info.objectives, ElementsAre("o1", "o2"));
  EXPECT_THAT(info.devices, ElementsAre("cuda:0"));
  const Limits& l = info.limits;
  EXPECT_THAT((std::vector<int64_t>{l.max_tokens, l.max_messages, l.max_responses, l.max_text_bytes,
                                    l.max_request_bytes, l.max_in_flight_per_stream,
                                    l.max_queued_tokens, l.max_batch_tokens}),
              ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
  const Counters& c = info.counters;
  EXPECT_THAT((std::vector<int64_t>{c.requests, c.responses, c.batches, c.batched_groups,
                                    c.batched_responses, c.max_batch_groups, c.input_tokens,
                                    c.computed_tokens, absl::ToInt64Nanoseconds(c.forward),
                                    c.queued_tokens, c.cached_responses, c.coalesced_responses}),
              ElementsAre(11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22));
  EXPECT_EQ(info.state.health, "serving");
  EXPECT_EQ(info.state.uptime, absl::Nanoseconds(41));
  EXPECT_EQ(info.state.queued_tokens, 42);
  EXPECT_EQ(info.state.queued_requests, 43);
  EXPECT_EQ(info.state.tokens_per_second, 44.5);
  EXPECT_EQ(info.state.predicted_wait, absl::Nanoseconds(45));
  ASSERT_EQ(info.state.workers.size(), 1);
  EXPECT_EQ(info.state.workers[0].device + info.state.workers[0].state, "cuda:1stuck");
  EXPECT_EQ(info.state.workers[0].since, absl::Nanoseconds(46));
  EXPECT_EQ(info.state.workers[0].batches, 47);
  ASSERT_EQ(info.settings.size(), 1);
  EXPECT_EQ(info.settings[0].name + info.settings[0].value + info.settings[0].source,
            "listena:1file");
  ASSERT_TRUE(info.score_error.has_value());
  const ScoreError& e = *info.score_error;
  EXPECT_EQ(e.score.n, 31);
  EXPECT_EQ(e.margin.n, 35);
  EXPECT_THAT((std::vector<double>{e.score.largest, e.score.percentile_99, e.score.rms,
                                   e.margin.largest, e.margin.percentile_99, e.margin.rms}),
              ElementsAre(32, 33, 34, 36, 37, 38));
  EXPECT_THAT(e.data, ElementsAre("d1", "d2"));
  EXPECT_EQ(e.measured_on, "A Fast One");
}

TEST(WireTest, AnErrorSaysHowLongToWaitWhereTheServerDid) {
  v1::Error error;
  error.set_code(static_cast<int>(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(RetryAfter(FromWire(error)), std::nullopt);
  error.set_retry_after_ns(1'500'000'000);
  EXPECT_EQ(RetryAfter(FromWire(error)), absl::Seconds(1.5));
  error.set_retry_after_ns(-1);
  EXPECT_EQ(RetryAfter(FromWire(error)), std::nullopt);
}

TEST(WireTest, AModelThatWasNotMeasuredHasNoError) {
  EXPECT_FALSE(FromWire(v1::ModelInfo()).score_error.has_value());
}

}  // namespace
}  // namespace assay::client
