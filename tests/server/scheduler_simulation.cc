#include "tests/server/scheduler_simulation.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/retry_after.h"
#include "server/work_queue.h"
#include "tests/testing/builders.h"

namespace assay {
namespace {

// What became of one task, and what its tenant's rivals got while it waited.
struct Fate {
  Flow flow;
  int64_t tokens = 0;
  absl::Time deadline;
  CancelFlag cancelled;
  int answers = 0;
  // Tokens of its own tenant that were ahead of it, and what every other tenant was served since.
  int64_t ahead = 0;
  std::map<std::string, int64_t> served_meanwhile;
};

struct Device {
  std::optional<WorkQueue::Batch> running;
  std::vector<size_t> numbers;  // Of the running tasks.
  absl::Time ends;
};

class Simulation {
 public:
  Simulation(uint64_t seed, SimulationCounts* counts)
      : random_(seed), counts_(counts), options_(DrawOptions()), queue_(options_) {}

  std::string Run() {
    devices_.resize(options_.workers);
    const int arrivals = Draw(1, 40);
    for (int i = 0; i < arrivals && problem_.empty(); ++i) {
      for (int burst = Draw(1, 4); burst > 0; --burst) Arrive();
      if (Draw(0, 3) == 0) CancelOne();
      AdvanceTo(now_ + absl::Milliseconds(Draw(0, 300)));
    }
    for (int steps = 0; problem_.empty() && (!queue_.empty() || AnyRunning()); ++steps) {
      AdvanceTo(NextEnd());
      if (steps > 10000) Fail("the queue does not empty");
    }
    for (const Fate& fate : fates_) {
      if (problem_.empty() && fate.answers != 1) Fail("a task was answered another time than once");
    }
    if (problem_.empty() && queue_.queued_tokens() != 0) Fail("tokens are left in an empty queue");
    counts_->schedules += 1;
    return problem_;
  }

 private:
  int Draw(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }

  WorkQueueOptions DrawOptions() {
    const int64_t budget = Draw(1, 200);
    return {.budget = {.max_tokens = budget},
            .max_queued_tokens = budget * Draw(1, 20),
            .predict_deadlines = Draw(0, 3) > 0,
            .initial_tokens_per_second = static_cast<double>(Draw(0, 1) * Draw(1, 2000)),
            .workers = Draw(1, 3)};
  }

  void Arrive() {
    Fate fate;
    fate.flow = {.tenant = std::string(1, static_cast<char>('a' + Draw(0, 3))),
                 .priority = Draw(0, 1) == 0 ? Priority::kBulk : Priority::kInteractive};
    fate.tokens = Draw(1, 10) == 1 ? Draw(1, 400) : Draw(1, 60);
    fate.deadline =
        Draw(0, 1) == 0 ? absl::InfiniteFuture() : now_ + absl::Milliseconds(Draw(1, 3000));
    fate.cancelled = std::make_shared<std::atomic<bool>>(false);
    counts_->tasks += 1;
    const OnFull on_full = Draw(0, 9) == 0 ? OnFull::kWait : OnFull::kRefuse;
    const Admission admission = queue_.Check(now_, fate.flow, fate.tokens, fate.deadline, on_full);
    if (!admission.status.ok()) {
      counts_->refused += 1;
      if (!RetryAfter(admission.status).has_value()) Fail("a refusal without a time to wait");
      return;
    }
    if (fate.deadline != absl::InfiniteFuture()) counts_->predictions += 1;
    const bool was_empty = queue_.empty();
    for (const size_t other : waiting_) {
      if (fates_[other].flow.tenant == fate.flow.tenant) fate.ahead += fates_[other].tokens;
    }
    const size_t number = fates_.size();
    waiting_.push_back(number);
    ScoreTask task = {.group = testing::GroupOf(0, {static_cast<int>(fate.tokens)}, number),
                      .flow = fate.flow,
                      .interest = std::make_shared<TaskInterest>(
                          Waiter{.deadline = fate.deadline, .cancelled = fate.cancelled})};
    fates_.push_back(std::move(fate));
    queue_.Push(std::move(task));
    if (on_full == OnFull::kRefuse && !was_empty && waited_ == 0 &&
        queue_.queued_tokens() > 2 * options_.max_queued_tokens) {
      Fail("the queue holds more than twice its limit");
    }
    // Requests that wait for room, and single large ones, may pass the limit.
    if (on_full == OnFull::kWait || was_empty) waited_ += 1;
    BeginPasses();
  }

  void CancelOne() {
    if (fates_.empty()) return;
    fates_[Draw(0, static_cast<int>(fates_.size()) - 1)].cancelled->store(true);
  }

  void BeginPasses() {
    for (Device& device : devices_) {
      if (device.running.has_value()) continue;
      std::vector<WorkQueue::Dropped> dropped;
      WorkQueue::Batch batch = queue_.BeginPass(now_, &dropped);
      for (const WorkQueue::Dropped& each : dropped) AnswerDropped(each);
      if (batch.tasks.empty()) continue;
      counts_->batches += 1;
      if (batch.tasks.size() > 1 && batch.tokens > options_.budget.max_tokens) {
        Fail("a batch is over the budget");
      }
      device.numbers.clear();
      for (const ScoreTask& task : batch.tasks) Run(task, device);
      device.ends = now_ + absl::Milliseconds(1 + batch.tokens * Draw(1, 4));
      device.running = std::move(batch);
    }
  }

  void Run(const ScoreTask& task, Device& device) {
    const size_t number = NumberOf(task);
    const Fate& fate = fates_[number];
    if (fate.deadline <= now_) Fail("a task ran past its deadline");
    if (fate.cancelled->load()) Fail("a cancelled task ran");
    device.numbers.push_back(number);
    Leave(number);
    CheckFairness(fate);
    for (const size_t other : waiting_) {
      if (fates_[other].flow.tenant == fate.flow.tenant) continue;
      fates_[other].served_meanwhile[fate.flow.tenant] += fate.tokens;
    }
  }

  // While it waited, each rival got no more than what was to be served of its own tenant, and a few
  // batches of grain.
  void CheckFairness(const Fate& fate) {
    int64_t largest = options_.budget.max_tokens;
    for (const Fate& each : fates_) largest = std::max(largest, each.tokens);
    const int64_t grain = largest * (3 + 2 * options_.workers);
    // Interactive work of its own tenant that came later may go before it, eight to one.
    const int64_t own = fate.flow.priority == Priority::kBulk
                            ? 9 * (fate.ahead + fate.tokens + grain)
                            : 2 * (fate.ahead + fate.tokens);
    for (const auto& [tenant, tokens] : fate.served_meanwhile) {
      if (tokens > own + grain) Fail("a tenant was served far more than its share");
    }
  }

  void AdvanceTo(absl::Time until) {
    while (problem_.empty() && AnyRunning() && NextEnd() <= until) {
      now_ = NextEnd();
      for (Device& device : devices_) {
        if (!device.running.has_value() || device.ends > now_) continue;
        End(device);
      }
      BeginPasses();
    }
    if (until != absl::InfiniteFuture()) now_ = std::max(now_, until);
    BeginPasses();
  }

  void End(Device& device) {
    const bool failed = Draw(0, 19) == 0;
    queue_.EndPass(device.running->pass, now_, failed ? 0 : device.running->tokens);
    // Once in a while its device breaks, and its tasks go back.
    const bool back = failed && Draw(0, 1) == 0;
    for (size_t i = device.numbers.size(); i-- > 0;) {
      const size_t number = device.numbers[i];
      if (back) {
        device.running->tasks[i].group =
            testing::GroupOf(0, {static_cast<int>(fates_[number].tokens)}, number);
        waiting_.push_back(number);
        fates_[number].served_meanwhile.clear();
        queue_.PushFront(std::move(device.running->tasks[i]));
      } else {
        counts_->scored += 1;
        fates_[number].answers += 1;
      }
    }
    device.running.reset();
  }

  void AnswerDropped(const WorkQueue::Dropped& dropped) {
    const size_t number = NumberOf(dropped.task);
    Fate& fate = fates_[number];
    Leave(number);
    fate.answers += 1;
    if (absl::IsDeadlineExceeded(dropped.why)) {
      counts_->expired += 1;
      const bool foreseen = absl::StrContains(dropped.why.message(), "would have passed");
      if (fate.deadline > now_ && !foreseen) Fail("a task expired before its deadline");
    } else {
      counts_->cancelled += 1;
      if (!fate.cancelled->load()) Fail("a task was cancelled by nobody");
    }
  }

  void Leave(size_t number) {
    waiting_.erase(std::remove(waiting_.begin(), waiting_.end(), number), waiting_.end());
  }

  static size_t NumberOf(const ScoreTask& task) { return task.group.responses[0].tokens[0]; }

  bool AnyRunning() const {
    return std::any_of(devices_.begin(), devices_.end(),
                       [](const Device& device) { return device.running.has_value(); });
  }

  absl::Time NextEnd() const {
    absl::Time next = absl::InfiniteFuture();
    for (const Device& device : devices_) {
      if (device.running.has_value()) next = std::min(next, device.ends);
    }
    return next;
  }

  void Fail(const std::string& what) {
    if (problem_.empty()) problem_ = what;
  }

  std::mt19937_64 random_;
  SimulationCounts* const counts_;
  const WorkQueueOptions options_;
  WorkQueue queue_;
  absl::Time now_ = absl::FromUnixSeconds(1000);
  std::vector<Device> devices_;
  std::vector<Fate> fates_;
  std::vector<size_t> waiting_;  // In the queue.
  int waited_ = 0;               // Taken on although there was no room.
  std::string problem_;
};

}  // namespace

std::string Simulate(uint64_t seed, SimulationCounts* counts) {
  std::string problem = Simulation(seed, counts).Run();
  return problem.empty() ? "" : absl::StrCat("schedule ", seed, ": ", problem);
}

}  // namespace assay
