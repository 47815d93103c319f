#include "server/state_metrics.h"

#include <gmock/gmock.h>
#include <prometheus/text_serializer.h>

namespace assay {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string TextOf(const std::vector<prometheus::MetricFamily>& families) {
  return prometheus::TextSerializer().Serialize(families);
}

TEST(StateMetricsTest, TheStateIsWrittenInBaseUnits) {
  ServerState state;
  state.health = Health::kStopping;
  state.uptime = absl::Minutes(2);
  state.pipeline.waiting_bytes = 77;
  state.pipeline.cached_responses = 5;
  state.pipeline.coalesced_responses = 6;
  state.pipeline.scheduler.queued_tokens = 1234;
  state.pipeline.scheduler.queued_tasks = 9;
  state.pipeline.scheduler.tokens_per_second = 2000;
  state.pipeline.scheduler.predicted_wait = absl::Milliseconds(617);
  state.pipeline.scheduler.workers = {{.device = "cpu", .condition = WorkerCondition::kRunning},
                                      {.device = "cpu", .condition = WorkerCondition::kStuck},
                                      {.device = "cpu", .condition = WorkerCondition::kStuck}};
  const std::string text = TextOf(StateMetrics(state));
  for (const char* line :
       {"assay_health{state=\"serving\"} 0\n", "assay_health{state=\"stopping\"} 1\n",
        "assay_health{state=\"unhealthy\"} 0\n", "\nassay_uptime_seconds 120\n",
        "\nassay_queued_tokens 1234\n", "\nassay_queued_requests 9\n",
        "\nassay_predicted_wait_seconds 0.617\n", "\nassay_tokens_per_second 2000\n",
        "\nassay_waiting_bytes 77\n", "assay_workers{state=\"idle\"} 0\n",
        "assay_workers{state=\"running\"} 1\n", "assay_workers{state=\"stuck\"} 2\n",
        "assay_workers{state=\"broken\"} 0\n", "\nassay_cached_responses_total 5\n",
        "# TYPE assay_cached_responses_total counter\n", "\nassay_coalesced_responses_total 6\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(StateMetricsTest, OfFilesThatAreReadAgainOnlyThoseThatThereAreAreTold) {
  ServerState state;
  EXPECT_THAT(TextOf(StateMetrics(state)), Not(HasSubstr("assay_reload_failed")));
  EXPECT_THAT(TextOf(StateMetrics(state)), Not(HasSubstr("assay_certificate")));
  state.files.tokens_bad = false;
  EXPECT_THAT(TextOf(StateMetrics(state)), HasSubstr("assay_reload_failed{file=\"tokens\"} 0\n"));
  EXPECT_THAT(TextOf(StateMetrics(state)), Not(HasSubstr("file=\"tls\"")));
  state.files.tls_bad = true;
  state.files.certificate_good_until = absl::FromUnixSeconds(1'800'000'000);
  const std::string text = TextOf(StateMetrics(state));
  EXPECT_THAT(text, HasSubstr("assay_reload_failed{file=\"tls\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\nassay_certificate_expiry_timestamp_seconds 1800000000\n"));
}

TEST(StateMetricsTest, MemoryIsToldOfTheGpusThatThereAre) {
  EXPECT_THAT(DeviceMemoryMetrics({}), IsEmpty());
  const std::string text = TextOf(DeviceMemoryMetrics({{"cuda:0", 100}, {"cuda:1", 200}}));
  EXPECT_THAT(text, HasSubstr("assay_device_free_memory_bytes{device=\"cuda:0\"} 100\n"));
  EXPECT_THAT(text, HasSubstr("assay_device_free_memory_bytes{device=\"cuda:1\"} 200\n"));
}

TEST(StateMetricsTest, TheProcessIsWrittenUnderItsUsualNames) {
  const std::string text = TextOf(ProcessMetrics(
      {.cpu_seconds = 1.5, .resident_bytes = 4096, .open_fds = 12, .start_time_seconds = 1000}));
  for (const char* line :
       {"\nprocess_cpu_seconds_total 1.5\n", "\nprocess_resident_memory_bytes 4096\n",
        "\nprocess_open_fds 12\n", "\nprocess_start_time_seconds 1000\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

}  // namespace
}  // namespace assay
