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

std::optional<int64_t> BulkLedger::TakeNextToSend(absl::Time now, size_t stream) {
  if (NextSend(stream) > now) return std::nullopt;
  const bool wants_suspect = waiting_suspects_ > 0;
  for (auto it = waiting_.begin(); it != waiting_.end() && it->first <= now; ++it) {
    const int64_t index = it->second;
    Item& item = items_.find(index)->second;
    if (wants_suspect && !item.suspect) continue;
    waiting_.erase(it);
    item.stream = stream;
    ++streams_[stream].items;
    streams_[stream].tries_suspect = item.suspect;
    if (item.suspect) --waiting_suspects_;
    return index;
  }
  return std::nullopt;
}

std::optional<BulkLedger::Answer> BulkLedger::OnReply(int64_t index,
                                                      absl::StatusOr<ScoreReply> outcome,
                                                      absl::Time now, double random,
                                                      size_t stream) {
  last_progress_ = now;
  streams_[stream].broken_in_a_row = 0;
  last_break_ = absl::OkStatus();
  const auto it = items_.find(index);
  if (it == items_.end() || it->second.stream != stream) return std::nullopt;

  Item& item = it->second;
  Leave(item);
  item.suspect = false;
  const std::optional<absl::Time> next =
      NextAttempt(retry_, RetryableStatus(outcome), ++item.failures, random, now, item.deadline);
  if (!next.has_value()) return Close(it, std::move(outcome));
  item.last_reply = std::move(outcome);
  Wait(index, item, *next);
  return std::nullopt;
}

std::vector<BulkLedger::Answer> BulkLedger::OnStreamEnd(const absl::Status& status, absl::Time now,
                                                        double random, size_t stream) {
  // Ended without an error, yet with items unanswered: as if the connection had gone.
  last_break_ = status.ok() ? absl::UnavailableError("the server ended the stream") : status;
  if (ConcernsEveryItem(last_break_.code())) return GiveUp(last_break_);
  Stream& ended = streams_[stream];
  ended.ready_at = now + WaitBefore(retry_, last_break_, ++ended.broken_in_a_row, random);

  const bool an_item_may_be_the_cause = !IsRetryableCallEnd(last_break_);
  std::vector<Answer> answers;
  for (auto it = items_.begin(); ended.items > 0 && it != items_.end();) {
    const auto here = it++;
    Item& item = here->second;
    if (item.stream != stream) continue;
    Leave(item);
    if (an_item_may_be_the_cause && item.suspect) {  // It was alone on the stream.
      answers.push_back(Close(here, last_break_));
      last_progress_ = now;
      ended.broken_in_a_row = 0;
      continue;
    }
    if (an_item_may_be_the_cause) item.suspect = true;
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

absl::Time BulkLedger::NextSend(size_t stream) const {
  const Stream& on = streams_[stream];
  if (on.tries_suspect) return absl::InfiniteFuture();
  if (waiting_suspects_ > 0) return on.items > 0 ? absl::InfiniteFuture() : absl::InfinitePast();
  return waiting_.empty() ? absl::InfiniteFuture() : waiting_.begin()->first;
}

int64_t BulkLedger::on_stream() const {
  int64_t items = 0;
  for (const Stream& stream : streams_) items += stream.items;
  return items;
}

void BulkLedger::Leave(Item& item) {
  if (!item.stream.has_value()) return;
  --streams_[*item.stream].items;
  streams_[*item.stream].tries_suspect = false;  // Was it one, it was alone.
  item.stream.reset();
}

void BulkLedger::Wait(int64_t index, Item& item, absl::Time ready_at) {
  item.ready_at = ready_at;
  waiting_.emplace(ready_at, index);
  if (item.suspect) ++waiting_suspects_;
}

BulkLedger::Answer BulkLedger::Close(std::map<int64_t, Item>::iterator it,
                                     absl::StatusOr<ScoreReply> outcome) {
  Answer answer{it->first, std::move(outcome)};
  Item& item = it->second;
  Leave(item);
  if (waiting_.erase({item.ready_at, it->first}) > 0 && item.suspect) --waiting_suspects_;
  items_.erase(it);
  return answer;
}

absl::Status BulkLedger::NoReplyError() const {
  if (!last_break_.ok()) return last_break_;
  return absl::DeadlineExceededError(
      absl::StrCat("no reply within ", absl::FormatDuration(item_timeout_)));
}

}  // namespace assay::client
