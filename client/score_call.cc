#include "client/score_call.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "base/retry_after.h"

namespace assay::client {
namespace {

// Whether `why` asks for a shorter wait than `other`; one that asks for none does not.
bool AsksForLess(const absl::Status& why, const absl::Status& other) {
  const std::optional<absl::Duration> wait = RetryAfter(why);
  return wait.has_value() && wait < RetryAfter(other).value_or(absl::InfiniteDuration());
}

}  // namespace

ScoreCall::ScoreCall(ReplicaSet* replicas, v1::ScoreRequest request,
                     const ScoreCallOptions& options, Done done)
    : replicas_(replicas),
      request_(std::move(request)),
      options_(options),
      done_(std::move(done)) {}

void ScoreCall::Start() {
  self_ = shared_from_this();
  if (options_.hedge_budget != nullptr) options_.hedge_budget->CountCall();
  Enter();
  Try();
  Leave();
}

void ScoreCall::Cancel() {
  Enter();
  std::vector<std::shared_ptr<ScoreAttempt>> attempts;
  std::shared_ptr<grpc::Alarm> next_try;
  {
    MutexLock lock(&mu_);
    cancelled_ = true;
    attempts = attempts_;
    next_try = next_try_;
  }
  for (const std::shared_ptr<ScoreAttempt>& attempt : attempts) attempt->Cancel();
  if (next_try != nullptr) next_try->Cancel();
  Leave();
}

ScoreCall::Candidate ScoreCall::Next() {
  ReplicaList tried;
  {
    MutexLock lock(&mu_);
    tried = tried_;
  }
  Candidate next = {.replica = replicas_->Choose(options_.prompt_hash, tried)};
  next.fresh = next.replica != nullptr && next.replica->readiness() != Readiness::kFailing &&
               std::find(tried.begin(), tried.end(), next.replica) == tried.end();
  return next;
}

void ScoreCall::Enter() {
  MutexLock lock(&mu_);
  ++busy_;
}

void ScoreCall::Leave() {
  std::shared_ptr<ScoreCall> alive_to_the_end;
  std::unique_ptr<grpc::Alarm> silence;
  std::optional<Outcome> outcome;
  {
    MutexLock lock(&mu_);
    if (--busy_ > 0 || finished_ || !outcome_.has_value() || !attempts_.empty()) return;
    finished_ = true;
    alive_to_the_end = std::move(self_);
    silence = std::move(silence_);
    outcome = std::move(outcome_);
    tried_.clear();
  }
  silence.reset();
  std::move(done_)(*std::move(outcome));
}

void ScoreCall::Try() {
  const Candidate next = Next();
  if (next.replica != nullptr) return TryOn(next.replica);
  replicas_->LookAgain();
  const absl::Status why = replicas_->WhyNone();
  {
    MutexLock lock(&mu_);
    CountFailure(why);
  }
  TryAgain(why);
}

void ScoreCall::TryOn(const std::shared_ptr<Replica>& replica) {
  const auto attempt =
      std::make_shared<ScoreAttempt>(replica, options_.deadline, options_.prompt_hash);
  std::unique_ptr<grpc::Alarm> silence;  // The last attempt's goes without the lock.
  {
    MutexLock lock(&mu_);
    if (cancelled_) {
      outcome_ = absl::CancelledError("the call was cancelled");
      return;
    }
    attempts_.push_back(attempt);
    tried_.push_back(replica);
    if (options_.hedge_budget != nullptr && options_.hedge_after < absl::InfiniteDuration() &&
        !hedged_) {
      silence = WatchSilence(attempt, options_.hedge_after);
    }
  }
  Start(attempt);
}

void ScoreCall::Start(const std::shared_ptr<ScoreAttempt>& attempt) {
  attempt->Start(request_, [this, raw = attempt.get()](Outcome outcome) {
    Enter();
    TakeEnd(raw, std::move(outcome));
    Leave();
  });
}

void ScoreCall::TakeEnd(const ScoreAttempt* attempt, Outcome outcome) {
  const absl::Status why = RetryableStatus(outcome);
  std::vector<std::shared_ptr<ScoreAttempt>> others;
  {
    MutexLock lock(&mu_);
    std::erase_if(attempts_, [&](const auto& other) { return other.get() == attempt; });
    if (outcome_.has_value()) return;
    others = attempts_;
    if (why.ok() || cancelled_) {
      outcome_ = std::move(outcome);
    } else {
      CountFailure(why);
    }
  }
  if (absl::IsUnavailable(why)) replicas_->LookAgain();
  if (why.ok()) {
    for (const std::shared_ptr<ScoreAttempt>& other : others) other->Cancel();
  } else if (others.empty()) {
    TryAgain(std::move(outcome));
  }
}

void ScoreCall::TryAgain(Outcome outcome) {
  int failures;
  {
    MutexLock lock(&mu_);
    if (outcome_.has_value()) return;
    failures = failures_;
  }
  const int most = options_.retry.max_attempts;
  if (most > 0 && failures >= most) return Decide(std::move(outcome));
  if (at_once_ < kOthersAtOnce && absl::Now() < options_.deadline) {
    if (const Candidate next = Next(); next.fresh) {
      ++at_once_;
      return TryOn(next.replica);
    }
  }
  TryLater(std::move(outcome));
}

void ScoreCall::TryLater(Outcome outcome) {
  const bool met_all = !Next().fresh;
  absl::Status soonest;
  {
    MutexLock lock(&mu_);
    soonest = std::exchange(soonest_, absl::OkStatus());
    if (met_all) tried_.clear();
  }
  RetryPolicy waits = options_.retry;
  waits.max_attempts = 0;  // Attempts have been counted; here, waits are.
  const std::optional<absl::Time> next =
      NextAttempt(waits, soonest, ++waits_, absl::Uniform<double>(random_, 0, 1), absl::Now(),
                  options_.deadline);
  if (!next.has_value()) return Decide(std::move(outcome));
  at_once_ = 0;
  auto next_try = std::make_shared<grpc::Alarm>();
  MutexLock lock(&mu_);
  if (cancelled_) {
    outcome_ = std::move(outcome);
    return;
  }
  // Under the lock, so that Cancel() finds either the flag unread or the timer set.
  next_try->Set(absl::ToChronoTime(*next), [this](bool /*expired*/) {
    Enter();
    Try();
    Leave();
  });
  next_try_.swap(next_try);
}

std::unique_ptr<grpc::Alarm> ScoreCall::WatchSilence(const std::shared_ptr<ScoreAttempt>& attempt,
                                                     absl::Duration wait) {
  std::unique_ptr<grpc::Alarm> last = std::exchange(silence_, std::make_unique<grpc::Alarm>());
  // Holds both, so that no later attempt can be taken for this one.
  silence_->Set(absl::ToChronoTime(absl::Now() + wait),
                [call = shared_from_this(), attempt, wait](bool expired) {
                  if (!expired) return;
                  call->Enter();
                  call->OnSilence(attempt, wait);
                  call->Leave();
                });
  return last;
}

void ScoreCall::OnSilence(const std::shared_ptr<ScoreAttempt>& attempt, absl::Duration waited) {
  Hedge(attempt.get());
  std::unique_ptr<grpc::Alarm> last;
  MutexLock lock(&mu_);
  if (MayBeHedged(attempt.get())) last = WatchSilence(attempt, 2 * waited);
}

void ScoreCall::Hedge(const ScoreAttempt* attempt) {
  {
    MutexLock lock(&mu_);
    if (!MayBeHedged(attempt)) return;
  }
  const Candidate next = Next();
  if (!next.fresh || next.replica->readiness() != Readiness::kReady) return;
  const auto hedge =
      std::make_shared<ScoreAttempt>(next.replica, options_.deadline, options_.prompt_hash);
  {
    MutexLock lock(&mu_);
    if (!MayBeHedged(attempt) || !options_.hedge_budget->Take()) return;
    hedged_ = true;
    attempts_.push_back(hedge);
    tried_.push_back(next.replica);
  }
  Start(hedge);
}

bool ScoreCall::MayBeHedged(const ScoreAttempt* attempt) const {
  return !hedged_ && !cancelled_ && !outcome_.has_value() && attempts_.size() == 1 &&
         attempts_.front().get() == attempt;
}

void ScoreCall::CountFailure(const absl::Status& why) {
  ++failures_;
  if (soonest_.ok() || AsksForLess(why, soonest_)) soonest_ = why;
}

void ScoreCall::Decide(Outcome outcome) {
  MutexLock lock(&mu_);
  outcome_ = std::move(outcome);
}

}  // namespace assay::client
