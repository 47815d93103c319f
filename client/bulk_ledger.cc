#include "client/bulk_ledger.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace assay::client {
namespace {

bool ConcernsEveryItem(absl::StatusCode code) {
  return code == absl::StatusCode::kUnimplemented || code == absl::StatusCode::kUnauthenticated ||
         code == absl::StatusCode::kPermissionDenied;
}

}  // namespace

void BulkLedger::Add(int64_t index, absl::Time now) {
  if (items_.empty()) last_progress_ = now;
  Item& item = items_.emplace_hint(items_.end(), index, Item{})->second;
  item.deadline = now + item_timeout_;
  Wait(index, item, now);
}

std::optional<int64_t> BulkLedger::TakeNextToSend(absl::Time now) {
  if (suspects_ > 0 && on_stream_ > 0) return std::nullopt;
  for (auto it = waiting_.begin(); it != waiting_.end() && it->first <= now; ++it) {
    const int64_t index = it->second;
    Item& item = items_.find(index)->second;
    if (suspects_ > 0 && !item.suspect) continue;
    waiting_.erase(it);
    item.on_stream = true;
    ++on_stream_;
    return index;
  }
  return std::nullopt;
}

std::optional<BulkLedger::Answer> BulkLedger::OnReply(int64_t index,
                                                      absl::StatusOr<ScoreReply> outcome,
                                                      absl::Time now, double random) {
  last_progress_ = now;
  broken_in_a_row_ = 0;
  last_break_ = absl::OkStatus();
  const auto it = items_.find(index);
  if (it == items_.end() || !it->second.on_stream) return std::nullopt;

  Item& item = it->second;
  item.on_stream = false;
  --on_stream_;
  if (item.suspect) --suspects_;
  item.suspect = false;
  const std::optional<absl::Time> next =
      NextAttempt(retry_, RetryableStatus(outcome), ++item.failures, random, now, item.deadline);
  if (!next.has_value()) return Close(it, std::move(outcome));
  item.last_reply = std::move(outcome);
  Wait(index, item, *next);
  return std::nullopt;
}

std::vector<BulkLedger::Answer> BulkLedger::OnStreamEnd(const absl::Status& status, absl::Time now,
                                                        double random) {
  // Ended without an error, yet with items unanswered: as if the connection had gone.
  last_break_ = status.ok() ? absl::UnavailableError("the server ended the stream") : status;
  if (ConcernsEveryItem(last_break_.code())) return GiveUp(last_break_);
  stream_ready_at_ = now + WaitBefore(retry_, last_break_, ++broken_in_a_row_, random);

  const bool an_item_may_be_the_cause = !IsRetryableCallEnd(last_break_);
  std::vector<Answer> answers;
  for (auto it = items_.begin(); on_stream_ > 0 && it != items_.end();) {
    const auto here = it++;
    Item& item = here->second;
    if (!item.on_stream) continue;
    item.on_stream = false;
    --on_stream_;
    if (an_item_may_be_the_cause && item.suspect) {  // A suspect was alone on the stream.
      answers.push_back(Close(here, last_break_));
      last_progress_ = now;
      broken_in_a_row_ = 0;
      continue;
    }
    if (an_item_may_be_the_cause) {
      item.suspect = true;
      ++suspects_;
    }
    Wait(here->first, item, now);
  }
  return answers;
}

std::vector<BulkLedger::Answer> BulkLedger::Expire(absl::Time now) {
  if (!items_.empty() && now >= last_progress_ + item_timeout_) return GiveUp(NoReplyError());
  std::vector<Answer> answers;
  while (!items_.empty() && items_.begin()->second.deadline <= now) {
    const auto it = items_.begin();
    answers.push_back(Close(it, it->second.last_reply.has_value()
                                    ? *std::move(it->second.last_reply)
                                    : NoReplyError()));
  }
  return answers;
}

std::vector<BulkLedger::Answer> BulkLedger::GiveUp(const absl::Status& status) {
  verdict_ = status;
  std::vector<Answer> answers;
  while (!items_.empty()) answers.push_back(Close(items_.begin(), status));
  return answers;
}

absl::Time BulkLedger::NextDeadline() const {
  if (items_.empty()) return absl::InfiniteFuture();
  return std::min(items_.begin()->second.deadline, last_progress_ + item_timeout_);
}

absl::Time BulkLedger::NextSend() const {
  if (suspects_ > 0) return on_stream_ > 0 ? absl::InfiniteFuture() : absl::InfinitePast();
  return waiting_.empty() ? absl::InfiniteFuture() : waiting_.begin()->first;
}

void BulkLedger::Wait(int64_t index, Item& item, absl::Time ready_at) {
  item.ready_at = ready_at;
  waiting_.emplace(ready_at, index);
}

BulkLedger::Answer BulkLedger::Close(std::map<int64_t, Item>::iterator it,
                                     absl::StatusOr<ScoreReply> outcome) {
  Answer answer{it->first, std::move(outcome)};
  Item& item = it->second;
  waiting_.erase({item.ready_at, it->first});
  if (item.on_stream) --on_stream_;
  if (item.suspect) --suspects_;
  items_.erase(it);
  return answer;
}

absl::Status BulkLedger::NoReplyError() const {
  if (!last_break_.ok()) return last_break_;
  return absl::DeadlineExceededError(
      absl::StrCat("no reply within ", absl::FormatDuration(item_timeout_)));
}

}  // namespace assay::client
