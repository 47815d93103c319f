#include "client/load_generator.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/mutex.h"
#include "base/status_macros.h"

namespace assay::client {
namespace {

constexpr absl::Duration kProgressInterval = absl::Seconds(1);

absl::Status Refuse(const char* field, const std::string& value, const char* range) {
  return absl::InvalidArgumentError(absl::StrCat(field, " is ", value, "; it must be ", range));
}

bool AllScored(const absl::StatusOr<ScoreReply>& outcome) {
  return outcome.ok() && std::all_of(outcome->results.begin(), outcome->results.end(),
                                     [](const auto& result) { return result.ok(); });
}

class LoadRun {
 public:
  LoadRun(const LoadOptions& options, Clock* clock,
          const std::vector<std::unique_ptr<RewardClient>>& clients, const LoadCallbacks& callbacks)
      : options_(options),
        clock_(clock),
        clients_(clients),
        callbacks_(callbacks),
        began_(clock->Now()),
        end_(began_ + options.warm_up + options.duration),
        next_progress_(began_ + kProgressInterval),
        tally_{.from = began_ + options.warm_up, .until = end_} {}

  LoadTally Run() ABSL_LOCKS_EXCLUDED(mu_) {
    if (options_.rate > 0) {
      OpenLoop();
    } else {
      ClosedLoop();
    }
    AwaitInFlightBelow(1, absl::InfiniteFuture());
    MutexLock lock(&mu_);
    return std::move(tally_);
  }

 private:
  void OpenLoop() ABSL_LOCKS_EXCLUDED(mu_) {
    Arrivals arrivals(options_.arrivals, options_.rate, options_.seed);
    for (int64_t index = 0;; ++index) {
      const absl::Time intended = began_ + arrivals.Next();
      if (intended >= end_) return;
      AwaitTime(intended);
      Send(index, intended);
    }
  }

  void ClosedLoop() ABSL_LOCKS_EXCLUDED(mu_) {
    for (int64_t index = 0;; ++index) {
      AwaitInFlightBelow(options_.concurrency, end_);
      const absl::Time intended = clock_->Now();
      if (intended >= end_) return;
      Send(index, intended);
    }
  }

  void Send(int64_t index, absl::Time intended) ABSL_LOCKS_EXCLUDED(mu_) {
    const ScoreRequest request = callbacks_.source(index);
    {
      MutexLock lock(&mu_);
      ++in_flight_;
    }
    const absl::Time sent = std::max(clock_->Now(), intended);
    clients_[index % clients_.size()]->ScoreAsync(
        request, options_.deadline,
        [this, index, intended, sent](const absl::StatusOr<ScoreReply>& outcome) {
          Answer(index, outcome, {.intended = intended, .sent = sent, .answered = clock_->Now()});
        });
  }

  void Answer(int64_t index, const absl::StatusOr<ScoreReply>& outcome, const RequestTimes& times)
      ABSL_LOCKS_EXCLUDED(mu_) {
    const bool wrong =
        callbacks_.is_right && AllScored(outcome) && !callbacks_.is_right(index, *outcome);
    MutexLock lock(&mu_);
    if (wrong) {
      tally_.CountWrong(times);
    } else {
      tally_.Count(outcome, times);
    }
    --in_flight_;
    changed_.notify_one();
  }

  void AwaitTime(absl::Time time) ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    while (clock_->Now() < time) {
      clock_->WaitUntil(mu_, changed_, std::min(time, next_progress_));
      TellProgress();
    }
    TellProgress();
  }

  void AwaitInFlightBelow(int64_t limit, absl::Time until) ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    while (in_flight_ >= limit && clock_->Now() < until) {
      TellProgress();
      clock_->WaitUntil(mu_, changed_, std::min(until, next_progress_));
    }
    TellProgress();
  }

  void TellProgress() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    const absl::Time now = clock_->Now();
    if (now < next_progress_) return;
    next_progress_ = std::max(next_progress_ + kProgressInterval, now);
    if (!callbacks_.on_second) return;
    callbacks_.on_second({.elapsed = now - began_, .in_flight = in_flight_, .tally = &tally_});
  }

  const LoadOptions& options_;
  Clock* const clock_;
  const std::vector<std::unique_ptr<RewardClient>>& clients_;
  const LoadCallbacks& callbacks_;
  const absl::Time began_;
  const absl::Time end_;

  Mutex mu_;
  CondVar changed_;
  absl::Time next_progress_ ABSL_GUARDED_BY(mu_);
  int64_t in_flight_ ABSL_GUARDED_BY(mu_) = 0;
  LoadTally tally_ ABSL_GUARDED_BY(mu_);
};

}  // namespace

absl::Status LoadOptions::Validate() const {
  if (!(rate >= 0 && rate <= 1e6)) return Refuse("rate", absl::StrCat(rate), "0 to 1000000");
  if (concurrency < 1 || concurrency > 65536) {
    return Refuse("concurrency", absl::StrCat(concurrency), "1 to 65536");
  }
  if (warm_up < absl::ZeroDuration() || warm_up == absl::InfiniteDuration()) {
    return Refuse("warm_up", absl::FormatDuration(warm_up), "finite and at least 0");
  }
  if (duration <= absl::ZeroDuration() || duration == absl::InfiniteDuration()) {
    return Refuse("duration", absl::FormatDuration(duration), "finite and above 0");
  }
  if (deadline <= absl::ZeroDuration()) {
    return Refuse("deadline", absl::FormatDuration(deadline), "above 0");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::unique_ptr<RewardClient>>> ConnectForLoad(
    const std::string& addresses, ClientOptions options, int64_t count) {
  options.retry.max_attempts = 1;
  std::vector<std::unique_ptr<RewardClient>> clients;
  for (int64_t i = 0; i < count; ++i) {
    ASSAY_ASSIGN_OR_RETURN(auto client, RewardClient::Connect(addresses, options));
    clients.push_back(std::move(client));
  }
  return clients;
}

LoadTally RunLoad(const LoadOptions& options, Clock* clock,
                  const std::vector<std::unique_ptr<RewardClient>>& clients,
                  const LoadCallbacks& callbacks) {
  return LoadRun(options, clock, clients, callbacks).Run();
}

}  // namespace assay::client
