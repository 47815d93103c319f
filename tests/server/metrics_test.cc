#include "server/metrics.h"

#include <gmock/gmock.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "server/metric_table.h"
#include "tests/testing/fake_scorer.h"

namespace assay {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class MetricsTest : public ::testing::Test {
 protected:
  static ModelInfo Model() {
    ModelInfo model = testing::FakeModelInfo();
    model.flops_per_token = 1000;
    model.peak_flops = 5e12;
    return model;
  }
  static RequestRecord RecordOf(absl::string_view tenant,
                                absl::StatusCode code = absl::StatusCode::kOk) {
    return {.method = "Score",
            .tenant = tenant,
            .code = code,
            .total = absl::Milliseconds(30),
            .stages = {.wait_encode = absl::Milliseconds(1),
                       .encode = absl::Milliseconds(2),
                       .queue = absl::Milliseconds(3),
                       .forward = absl::Milliseconds(4)}};
  }
  static BatchRecord ABatch() {
    BatchRecord batch;
    batch.device = "cuda:0";
    batch.forward = absl::Milliseconds(20);
    batch.groups = 2;
    batch.responses = 6;
    batch.input_tokens = 900;
    batch.computed_tokens = 300;
    batch.failed = 1;
    return batch;
  }
  void ExpectLine(const std::string& line) {
    EXPECT_THAT(metrics_.Text(), HasSubstr(absl::StrCat("\n", line, "\n")));
  }

  ServerState state_;
  Metrics metrics_{Model(),
                   {.state = [this] { return state_; },
                    .device_memory =
                        [] {
                          return std::vector<DeviceMemoryReading>{{"cuda:0", 64}};
                        }}};
};

TEST_F(MetricsTest, EveryFamilyOfTheTableIsWrittenWithItsHelp) {
  metrics_.OnRequest(RecordOf("default"));
  metrics_.OnBatch(ABatch());
  state_.files = {
      .tokens_bad = false, .tls_bad = false, .certificate_good_until = absl::FromUnixSeconds(1)};
  const std::string text = metrics_.Text();
  for (const MetricText& family : metric::kAll) {
    EXPECT_THAT(text, HasSubstr(absl::StrCat("# HELP ", family.name, " ", family.help, "\n")));
    EXPECT_THAT(text, HasSubstr(absl::StrCat("\n", family.name))) << "no sample";
  }
}

TEST_F(MetricsTest, RequestsAreCountedByMethodAndCode) {
  metrics_.OnRequest(RecordOf("default"));
  metrics_.OnRequest(RecordOf("default"));
  metrics_.OnRequest(RecordOf("default", absl::StatusCode::kUnavailable));
  ExpectLine("assay_requests_total{code=\"OK\",method=\"Score\"} 2");
  ExpectLine("assay_requests_total{code=\"UNAVAILABLE\",method=\"Score\"} 1");
  ExpectLine("assay_request_seconds_count{method=\"Score\"} 3");
  ExpectLine("assay_request_seconds_bucket{method=\"Score\",le=\"0.025\"} 0");
  ExpectLine("assay_request_seconds_bucket{method=\"Score\",le=\"0.05\"} 3");
}

TEST_F(MetricsTest, OnlyScoredRequestsHaveStages) {
  metrics_.OnRequest(RecordOf("default"));
  metrics_.OnRequest(RecordOf("default", absl::StatusCode::kUnavailable));
  RequestRecord get_model = RecordOf("default");
  get_model.method = "GetModel";
  metrics_.OnRequest(get_model);
  ExpectLine("assay_stage_seconds_count{stage=\"wait_encode\"} 1");
  ExpectLine("assay_stage_seconds_sum{stage=\"wait_encode\"} 0.001");
  ExpectLine("assay_stage_seconds_sum{stage=\"encode\"} 0.002");
  ExpectLine("assay_stage_seconds_sum{stage=\"queue\"} 0.003");
  ExpectLine("assay_stage_seconds_sum{stage=\"forward\"} 0.004");
}

TEST_F(MetricsTest, ABatchIsCountedInTokensSequencesAndFlops) {
  metrics_.OnBatch(ABatch());
  metrics_.OnBatch(ABatch());
  ExpectLine("assay_batches_total 2");
  ExpectLine("assay_tokens_total{kind=\"input\"} 1800");
  ExpectLine("assay_tokens_total{kind=\"computed\"} 600");
  ExpectLine("assay_model_flops_total 600000");
  ExpectLine("assay_responses_failed_total 2");
  ExpectLine("assay_batch_tokens_sum 600");
  ExpectLine("assay_batch_sequences_sum 12");
  ExpectLine("assay_forward_seconds_count{device=\"cuda:0\"} 2");
}

TEST_F(MetricsTest, RefusalsAndMissesAreThereBeforeTheyHappen) {
  ExpectLine("assay_refusals_total{reason=\"queue_full\"} 0");
  ExpectLine("assay_deadline_misses_total{stage=\"reply\"} 0");
  metrics_.OnRefusal(Refusal::kQueueFull);
  metrics_.OnDeadlineMissed(DeadlineStage::kReply);
  metrics_.OnDeadlineMissed(DeadlineStage::kReply);
  ExpectLine("assay_refusals_total{reason=\"queue_full\"} 1");
  ExpectLine("assay_deadline_misses_total{stage=\"reply\"} 2");
  EXPECT_EQ(metrics_.Refused(Refusal::kQueueFull), 1);
  EXPECT_EQ(metrics_.Refused(Refusal::kInvalid), 0);
  EXPECT_EQ(metrics_.DeadlinesMissed(DeadlineStage::kReply), 2);
}

TEST_F(MetricsTest, TheStateIsThatOfTheMomentOfAsking) {
  ExpectLine("assay_queued_tokens 0");
  state_.pipeline.scheduler.queued_tokens = 42;
  ExpectLine("assay_queued_tokens 42");
}

TEST_F(MetricsTest, TenantsBeyondTheFirstHundredAreCountedTogether) {
  for (int i = 0; i < 120; ++i) metrics_.OnRequest(RecordOf(absl::StrCat("t", i)));
  metrics_.OnRequest(RecordOf("t5"));
  ExpectLine("assay_tenant_requests_total{tenant=\"t5\"} 2");
  ExpectLine("assay_tenant_requests_total{tenant=\"t99\"} 1");
  ExpectLine("assay_tenant_requests_total{tenant=\"other\"} 20");
  EXPECT_THAT(metrics_.Text(), Not(HasSubstr("t100")));
}

TEST_F(MetricsTest, WhatIsNotKnownIsAbsent) {
  const Metrics bare(testing::FakeModelInfo(),
                     {.state = [] { return ServerState(); }, .device_memory = nullptr});
  EXPECT_THAT(bare.Text(), Not(HasSubstr("assay_device_")));
  ExpectLine("assay_device_peak_flops 5000000000000");
}

TEST_F(MetricsTest, SeveralThreadsMayTellWhileSomeoneReads) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 100; ++i) {
        metrics_.OnRequest(RecordOf(absl::StrCat("t", t)));
        metrics_.OnBatch(ABatch());
      }
    });
  }
  for (int i = 0; i < 20; ++i) EXPECT_THAT(metrics_.Text(), HasSubstr("assay_batches_total"));
  for (std::thread& thread : threads) thread.join();
  ExpectLine("assay_batches_total 300");
  ExpectLine("assay_requests_total{code=\"OK\",method=\"Score\"} 300");
}

}  // namespace
}  // namespace assay
