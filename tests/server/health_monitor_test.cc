#include "server/health_monitor.h"

#include <gmock/gmock.h>

#include "tests/testing/builders.h"
#include "tests/testing/fake_clock.h"

namespace assay {
namespace {

using ::testing::ElementsAre;
using testing::FakeClock;
using testing::Mailbox;

std::vector<WorkerState> Workers(const std::vector<WorkerCondition>& conditions) {
  std::vector<WorkerState> workers;
  for (const WorkerCondition condition : conditions) {
    workers.push_back({.device = "cpu", .condition = condition});
  }
  return workers;
}

constexpr WorkerCondition kIdle = WorkerCondition::kIdle;
constexpr WorkerCondition kRunning = WorkerCondition::kRunning;
constexpr WorkerCondition kStuck = WorkerCondition::kStuck;
constexpr WorkerCondition kBroken = WorkerCondition::kBroken;

TEST(HealthOfTest, OneWellWorkerIsEnough) {
  EXPECT_EQ(HealthOf(Workers({kIdle})), Health::kServing);
  EXPECT_EQ(HealthOf(Workers({kStuck, kBroken, kRunning})), Health::kServing);
  EXPECT_EQ(HealthOf(Workers({kStuck, kBroken})), Health::kUnhealthy);
  EXPECT_EQ(HealthOf(Workers({kBroken})), Health::kUnhealthy);
}

class HealthMonitorTest : public ::testing::Test {
 protected:
  HealthMonitorTest()
      : monitor_(&clock_, {.workers = [this] { return Look(); },
                           .on_change = [this](Health health) { changes_.Put(health); },
                           .on_devices_failed = [this] { failed_.Put(true); }}) {}

  // The monitor's next look sees these, and is over when this returns.
  void See(const std::vector<WorkerCondition>& conditions) {
    clock_.AwaitWaiters(1);
    {
      MutexLock lock(&mu_);
      seen_ = Workers(conditions);
    }
    clock_.Advance(HealthMonitor::kInterval);
    looks_.Await(++expected_looks_);
    clock_.AwaitWaiters(1);
  }

  FakeClock clock_;
  Mailbox<Health> changes_;
  Mailbox<bool> failed_;

 private:
  std::vector<WorkerState> Look() {
    MutexLock lock(&mu_);
    looks_.Put(true);
    return seen_;
  }

  Mutex mu_;
  std::vector<WorkerState> seen_ ABSL_GUARDED_BY(mu_) = Workers({kIdle});
  Mailbox<bool> looks_;
  size_t expected_looks_ = 0;

 protected:
  HealthMonitor monitor_;
};

TEST_F(HealthMonitorTest, HealthFollowsTheWorkersAndEachChangeIsToldOnce) {
  EXPECT_EQ(monitor_.health(), Health::kServing);
  See({kRunning});
  See({kStuck});
  EXPECT_EQ(monitor_.health(), Health::kUnhealthy);
  See({kStuck});
  See({kIdle});
  EXPECT_EQ(monitor_.health(), Health::kServing);
  EXPECT_THAT(changes_.Await(2), ElementsAre(Health::kUnhealthy, Health::kServing));
  EXPECT_EQ(failed_.size(), 0);
}

TEST_F(HealthMonitorTest, TheLastDevicesFailureIsToldOnce) {
  See({kBroken, kStuck});
  EXPECT_EQ(failed_.size(), 0);
  See({kBroken, kBroken});
  See({kBroken, kBroken});
  EXPECT_EQ(failed_.size(), 1);
}

TEST_F(HealthMonitorTest, StoppingIsForGood) {
  monitor_.BeginStopping();
  EXPECT_THAT(changes_.Await(1), ElementsAre(Health::kStopping));
  See({kIdle});
  See({kStuck});
  monitor_.BeginStopping();
  EXPECT_EQ(monitor_.health(), Health::kStopping);
  EXPECT_EQ(changes_.size(), 1);
}

}  // namespace
}  // namespace assay
