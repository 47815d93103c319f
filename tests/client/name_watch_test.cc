#include "client/name_watch.h"

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/testing/fake_clock.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::FakeClock;
using ::assay::testing::StatusIs;
using ::testing::ElementsAre;

using Outcome = absl::StatusOr<std::vector<std::string>>;

// When each name was looked up, and what was handed on.
class NameWatchTest : public ::testing::Test {
 protected:
  std::unique_ptr<NameWatch> Watch(std::vector<ServerName> names) {
    return std::make_unique<NameWatch>(
        std::move(names),
        [this](const ServerName& name) -> Outcome {
          MutexLock lock(&mu_);
          times_.push_back(clock_.Now() - start_);
          if (fails_) return absl::UnavailableError("no answer");
          return std::vector<std::string>{name.host + ":1"};
        },
        &clock_,
        [this](size_t name, const Outcome& outcome) {
          MutexLock lock(&mu_);
          heard_.emplace_back(name, outcome);
          changed_.notify_all();
        });
  }
  void AwaitHeard(size_t n) {
    MutexLock lock(&mu_);
    while (heard_.size() < n) changed_.wait(mu_);
  }
  std::vector<absl::Duration> times() {
    MutexLock lock(&mu_);
    return times_;
  }

  FakeClock clock_;
  const absl::Time start_ = clock_.Now();
  Mutex mu_;
  CondVar changed_;
  bool fails_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<absl::Duration> times_ ABSL_GUARDED_BY(mu_);
  std::vector<std::pair<size_t, Outcome>> heard_ ABSL_GUARDED_BY(mu_);
};

TEST_F(NameWatchTest, EveryNameIsLookedUpAtOnceAndAgainEveryFiveSeconds) {
  const auto watch = Watch({{"a", "1"}, {"b", "1"}});
  watch->AwaitFirst();
  clock_.AwaitWaiters(1);
  clock_.Advance(absl::Milliseconds(4999));
  clock_.Advance(absl::Milliseconds(1));
  AwaitHeard(4);
  EXPECT_THAT(times(), ElementsAre(absl::ZeroDuration(), absl::ZeroDuration(), absl::Seconds(5),
                                   absl::Seconds(5)));
  MutexLock lock(&mu_);
  EXPECT_EQ(heard_[2].first, 0);
  EXPECT_EQ(heard_[3].first, 1);
  ASSERT_OK(heard_[3].second);
  EXPECT_THAT(*heard_[3].second, ElementsAre("b:1"));
}

TEST_F(NameWatchTest, AskedToItLooksAgainOnceASecondAfterTheLastRound) {
  const auto watch = Watch({{"a", "1"}});
  watch->AwaitFirst();
  for (int i = 0; i < 100; ++i) watch->LookAgain();
  clock_.AwaitWaiters(1);
  clock_.Advance(absl::Milliseconds(999));
  clock_.Advance(absl::Milliseconds(1));
  AwaitHeard(2);
  // Nobody asked since: the next is five seconds later.
  clock_.AwaitWaiters(1);
  clock_.Advance(absl::Seconds(4));
  clock_.Advance(absl::Seconds(1));
  AwaitHeard(3);
  EXPECT_THAT(times(), ElementsAre(absl::ZeroDuration(), absl::Seconds(1), absl::Seconds(6)));
}

TEST_F(NameWatchTest, AskedLateItLooksAtOnce) {
  const auto watch = Watch({{"a", "1"}});
  watch->AwaitFirst();
  clock_.AwaitWaiters(1);
  clock_.Advance(absl::Seconds(3));
  watch->LookAgain();
  AwaitHeard(2);
  EXPECT_THAT(times(), ElementsAre(absl::ZeroDuration(), absl::Seconds(3)));
}

TEST_F(NameWatchTest, AFailureIsHandedOnAndLookedUpAgain) {
  {
    MutexLock lock(&mu_);
    fails_ = true;
  }
  const auto watch = Watch({{"a", "1"}});
  watch->AwaitFirst();
  {
    MutexLock lock(&mu_);
    ASSERT_EQ(heard_.size(), 1);
    EXPECT_THAT(heard_[0].second, StatusIs(absl::StatusCode::kUnavailable, "no answer"));
    fails_ = false;
  }
  clock_.AwaitWaiters(1);
  clock_.Advance(NameWatch::kInterval);
  AwaitHeard(2);
  MutexLock lock(&mu_);
  EXPECT_OK(heard_[1].second);
}

// The clock stands still: a destructor that waited for the next round would never end.
TEST_F(NameWatchTest, DestructionDoesNotWaitForTheNextRound) {
  const auto watch = Watch({{"a", "1"}});
  watch->AwaitFirst();
}

TEST_F(NameWatchTest, ManyThreadsMayAsk) {
  const auto watch = Watch({{"a", "1"}, {"b", "1"}});
  watch->AwaitFirst();
  clock_.AwaitWaiters(1);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        watch->LookAgain();
        clock_.Advance(absl::Milliseconds(100));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  AwaitHeard(4);
}

}  // namespace
}  // namespace assay::client
