#include "tools/fleet_simulator/simulation.h"

#include "tests/testing/status_matchers.h"
#include "tools/fleet_simulator/fleet_report.h"

namespace assay::fleet {
namespace {

using ::assay::testing::StatusIs;
using ::testing::HasSubstr;

// Requests of 1,000 tokens, for replicas that compute 10,000 a second: ten a second each.
SimulationOptions Options() {
  SimulationOptions options;
  options.fleet.replicas = 4;
  options.fleet.replica.device = {.kind = DeviceKind::kOwn,
                                  .tokens_per_second = 10000,
                                  .pass_overhead = absl::ZeroDuration(),
                                  .workers = 1};
  options.fleet.replica.queue.budget.max_tokens = 4096;
  options.fleet.replica.encode_request = absl::ZeroDuration();
  options.client.network = absl::ZeroDuration();
  options.client.deadline = absl::Seconds(2);
  options.workload = {.responses = 4, .prompt_tokens = 200, .response_tokens = 200};
  options.load.rate = 30;
  options.duration = absl::Seconds(120);
  return options;
}

std::string ReportOf(const SimulationOptions& options) {
  return RenderFleetJson(options, Simulate(options, {})).dump();
}

void ExpectEachHasOneOutcome(const FleetTally& tally) {
  EXPECT_EQ(tally.sent, tally.ended);
  EXPECT_GT(tally.counted.calls(), 0);
  EXPECT_LE(tally.counted.calls(), tally.sent);
  EXPECT_EQ(tally.counted.latency.count(), tally.counted.of(Outcome::kOk));
}

TEST(SimulationTest, EveryCallHasOneOutcomeWhateverHappens) {
  SimulationOptions options = Options();
  options.load.rate = 120;  // Three times what is there.
  options.duration = absl::Seconds(60);
  options.load.burst_every = absl::Seconds(20);
  options.load.burst_for = absl::Seconds(5);
  options.load.burst_factor = 4;
  options.workload.tenants = 3;
  options.fleet.mean_time_to_failure = absl::Seconds(30);
  options.fleet.start_delay = absl::Seconds(10);
  options.client.hedge.after = absl::Milliseconds(500);
  options.fleet.autoscaler = {.max_replicas = 12};
  options.fleet.queued_tokens_target = 5000;
  options.timeline = absl::Seconds(10);
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    options.seed = seed;
    const FleetTally tally = Simulate(options, {});
    ExpectEachHasOneOutcome(tally);
    EXPECT_GT(tally.broken, 0);
    EXPECT_GT(tally.counted.of(Outcome::kOk), 0);
    EXPECT_GT(tally.counted.of(Outcome::kRefused), 0);
  }
}

TEST(SimulationTest, EqualSeedsGiveEqualBytesAndOthersDoNot) {
  SimulationOptions options = Options();
  options.timeline = absl::Seconds(10);
  const std::string report = ReportOf(options);
  EXPECT_EQ(ReportOf(options), report);
  options.seed = 2;
  EXPECT_NE(ReportOf(options), report);
}

TEST(SimulationTest, TheMeanWaitOfSingleTasksIsThatOfAnMD1Queue) {
  SimulationOptions options = Options();
  options.fleet.replicas = 1;
  options.fleet.replica.queue.budget.max_tokens = 1000;  // One request a pass.
  options.fleet.replica.queue.predict_deadlines = false;
  options.client.deadline = absl::Seconds(1000);
  options.load.rate = 7;
  options.duration = absl::Seconds(20000);
  const FleetTally tally = Simulate(options, {});
  EXPECT_EQ(tally.counted.of(Outcome::kOk), tally.counted.calls());
  // Pollaczek and Khinchine, for a fixed service time of 0.1 s at a load of 0.7:
  // 0.1 + 0.7 x 0.1 / (2 x 0.3).
  const double mean = tally.call_seconds / static_cast<double>(tally.counted.calls());
  EXPECT_NEAR(mean, 0.1 + 0.7 * 0.1 / (2 * 0.3), 0.01);
}

TEST(SimulationTest, CallsUnderWayAreTheRateTimesTheLatency) {
  SimulationOptions options = Options();
  options.duration = absl::Seconds(2000);
  const FleetTally tally = Simulate(options, {});
  ASSERT_EQ(tally.counted.of(Outcome::kOk), tally.counted.calls());
  double latencies = 0;
  for (double percent = 0.05; percent < 100; percent += 0.1) {
    latencies += absl::ToDoubleSeconds(tally.counted.latency.Percentile(percent));
  }
  const double mean_latency = latencies / 1000;
  EXPECT_NEAR(tally.call_seconds / 2000, 30 * mean_latency, 0.03 * 30 * mean_latency);
}

TEST(SimulationTest, DevicesAreBusyByTheLoadOverTheirSpeed) {
  const FleetTally tally = Simulate(Options(), {});
  EXPECT_NEAR(tally.utilisation(), 0.75, 0.04);
  EXPECT_NEAR(tally.replica_seconds, 4 * 120, 1e-6);
}

TEST(SimulationTest, AClosedLoopGetsTheCapacity) {
  SimulationOptions options = Options();
  options.load.rate = 0;
  options.concurrency = 64;
  options.client.deadline = absl::Seconds(30);
  const FleetTally tally = Simulate(options, {});
  ExpectEachHasOneOutcome(tally);
  EXPECT_NEAR(tally.goodput(), 40, 1);
  EXPECT_NEAR(tally.call_seconds / 120, 64, 0.5);
}

TEST(SimulationTest, AnOverloadKeepsTheGoodputByRefusals) {
  SimulationOptions options = Options();
  options.load.rate = 60;
  options.client.retry.max_attempts = 1;
  // A pass is short against the deadline.
  options.fleet.replica.queue.budget.max_tokens = 1000;
  const FleetTally tally = Simulate(options, {});
  ExpectEachHasOneOutcome(tally);
  EXPECT_GT(tally.goodput(), 0.9 * 40);
  EXPECT_GT(tally.counted.of(Outcome::kRefused), 0);
  EXPECT_LT(tally.counted.of(Outcome::kMissed), 0.01 * tally.counted.calls());
}

TEST(SimulationTest, ARequestLongerThanABatchIsAnsweredOnce) {
  SimulationOptions options = Options();
  options.workload.responses = 64;  // 13,000 tokens, in four passes with the prompt in each.
  options.load.rate = 1;
  options.duration = absl::Seconds(600);
  options.client.deadline = absl::Seconds(60);
  const FleetTally tally = Simulate(options, {});
  EXPECT_EQ(tally.counted.of(Outcome::kOk), tally.counted.calls());
  EXPECT_NEAR(tally.computed_tokens / tally.counted.calls(), 64 * 200 + 4 * 200, 200);
}

TEST(SimulationTest, CallsOfABrokenReplicaAreMadeAgainElsewhere) {
  SimulationOptions options = Options();
  options.load.rate = 15;
  options.fleet.mean_time_to_failure = absl::Seconds(40);
  options.fleet.start_delay = absl::Seconds(5);
  options.client.deadline = absl::Seconds(20);
  const FleetTally tally = Simulate(options, {});
  EXPECT_GT(tally.broken, 3);
  EXPECT_EQ(tally.counted.of(Outcome::kOk), tally.counted.calls());
  EXPECT_GT(tally.counted.tries, tally.counted.calls());
}

TEST(SimulationTest, AfterAStepTheAutoscalerBringsWhatIsNeededAndTakesItBack) {
  SimulationOptions options = Options();
  options.load.burst_every = absl::Seconds(2000);  // 500 s with the double rate, then the single.
  options.load.burst_for = absl::Seconds(500);
  options.load.burst_factor = 2;
  options.fleet.start_delay = absl::Seconds(30);
  options.fleet.autoscaler = {.min_replicas = 4, .max_replicas = 20};
  options.fleet.queued_tokens_target = 20000;
  options.fleet.computed_tokens_target = 7000;
  options.warm_up = absl::Seconds(200);
  options.duration = absl::Seconds(1700);
  options.timeline = absl::Seconds(100);
  const FleetTally tally = Simulate(options, {});
  ExpectEachHasOneOutcome(tally);
  const TimelineRow& under_load = tally.timeline[4];
  EXPECT_GE(under_load.ready, 6);
  EXPECT_GT(under_load.ended.of(Outcome::kOk), 0.9 * under_load.ended.calls());
  EXPECT_LT(tally.timeline.back().ready, tally.most_replicas);
}

TEST(SimulationTest, HedgesStayWithinTheirShare) {
  SimulationOptions options = Options();
  options.client.hedge.after = absl::Milliseconds(150);
  const FleetTally tally = Simulate(options, {});
  ExpectEachHasOneOutcome(tally);
  EXPECT_GT(tally.hedges, 0);
  EXPECT_LE(tally.hedges, 0.05 * tally.sent);
}

TEST(SimulationTest, FlagsThatContradictAreNamed) {
  SimulationOptions options = Options();
  options.fleet.replica.queue.max_queued_tokens = 100;
  EXPECT_THAT(options.Validate(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--max-queued-tokens")));
}

}  // namespace
}  // namespace assay::fleet
