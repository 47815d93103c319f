#include "client/bulk_ledger.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace assay::client {
namespace {

bool RefusesEveryItem(absl::StatusCode code) {
  return code == absl::StatusCode::kUnimplemented || code == absl::StatusCode::kUnauthenticated ||
         code == absl::StatusCode::kPermissionDenied;
}

}  // namespace

size_t BulkLedger::AddStream() {
  streams_.emplace_hint(streams_.end(), next_stream_, Stream{});
  return next_stream_++;
}

void BulkLedger::RetireStream(size_t stream) {
  const auto it = streams_.find(stream);
  if (it == streams_.end()) return;
  it->second.retired = true;
  if (it->second.items == 0) streams_.erase(it);
}

void BulkLedger::Add(int64_t index, absl::Time now) {
  if (items_.empty()) last_progress_ = now;
  Item& item = items_.emplace_hint(items_.end(), index, Item{})->second;
  item.deadline = now + item_timeout_;
  Wait(index, item, now);
}

std::optional<int64_t> BulkLedger::TakeNextToSend(absl::Time now, size_t stream) {
  if (NextSend(stream) > now) return std::nullopt;
  const auto on = streams_.find(stream);
  std::optional<int64_t> index = SuspectFor(*on);
  if (!index.has_value()) index = waiting_.begin()->second;
  Item& item = items_.find(*index)->second;
  StopWaiting(*index, item);
  item.stream = stream;
  ++on->second.items;
  on->second.tries_suspect = item.suspect;
  return index;
}

std::vector<BulkLedger::Answer> BulkLedger::OnReply(int64_t index,
                                                    absl::StatusOr<ScoreReply> outcome,
                                                    absl::Time now, double random, size_t stream) {
  const auto on = streams_.find(stream);
  if (on == streams_.end()) return {};
  const auto it = items_.find(index);
  const bool is_there = it != items_.end() && it->second.stream == stream;
  std::vector<Answer> answers;
  if (one_revision_ && absl::IsFailedPrecondition(outcome.status())) {
    if (!is_there) return {};
    Leave(it->second);
    Wait(index, it->second, now);
    answers = Refuse(
        on->second,
        absl::FailedPreconditionError(absl::StrCat(
            "no server is left with the model revision of this run: ", outcome.status().message())),
        now, random);
  } else {
    last_progress_ = now;
    last_break_ = absl::OkStatus();
    on->second.broken_in_a_row = 0;
    on->second.refusal = absl::OkStatus();
    if (!is_there) return {};

    Item& item = it->second;
    Leave(item);
    item.suspect = false;
    item.broke.reset();
    const std::optional<absl::Time> next =
        NextAttempt(retry_, RetryableStatus(outcome), ++item.failures, random, now, item.deadline);
    if (next.has_value()) {
      item.last_error = std::move(outcome);
      Wait(index, item, *next);
    } else {
      answers.push_back(Close(it, std::move(outcome)));
    }
  }
  if (on->second.retired && on->second.items == 0) streams_.erase(on);
  return answers;
}

std::vector<BulkLedger::Answer> BulkLedger::OnStreamEnd(const absl::Status& status, absl::Time now,
                                                        double random, size_t stream) {
  const auto on = streams_.find(stream);
  if (on == streams_.end()) return {};
  Stream& ended = on->second;
  // Ended without an error, yet with items unanswered: as if the connection had gone.
  last_break_ = status.ok() ? absl::UnavailableError("the server ended the stream") : status;
  const bool refuses = RefusesEveryItem(last_break_.code());
  const bool an_item_may_be_the_cause = !refuses && !IsRetryableCallEnd(last_break_);
  std::vector<Answer> answers;
  if (refuses) {
    answers = Refuse(ended, last_break_, now, random);
  } else {
    ended.refusal = absl::OkStatus();
    ended.ready_at = now + WaitBefore(retry_, last_break_, ++ended.broken_in_a_row, random);
  }
  for (auto it = items_.begin(); ended.items > 0 && it != items_.end();) {
    const auto here = it++;
    Item& item = here->second;
    if (item.stream != stream) continue;
    Leave(item);
    if (an_item_may_be_the_cause && item.suspect) {  // It was alone on the stream.
      last_progress_ = now;
      ended.broken_in_a_row = 0;
      if (item.broke.has_value() || !AnotherWorks(stream)) {
        answers.push_back(Close(here, last_break_));
        continue;
      }
      item.broke = stream;
      item.last_error = last_break_;
    }
    if (an_item_may_be_the_cause) item.suspect = true;
    Wait(here->first, item, now);
  }
  if (ended.retired) streams_.erase(on);
  return answers;
}

std::vector<BulkLedger::Answer> BulkLedger::Refuse(Stream& stream, const absl::Status& why,
                                                   absl::Time now, double random) {
  last_break_ = why;
  stream.refusal = why;
  stream.ready_at = now + Backoff(retry_, ++stream.broken_in_a_row, random);
  if (stream.retired) return {};
  const bool all = std::all_of(streams_.begin(), streams_.end(), [](const auto& each) {
    return each.second.retired || !each.second.refusal.ok();
  });
  return all ? GiveUp(why) : std::vector<Answer>();
}

std::vector<BulkLedger::Answer> BulkLedger::Expire(absl::Time now) {
  if (!items_.empty() && now >= last_progress_ + item_timeout_) return GiveUp(NoReplyError());
  std::vector<Answer> answers;
  while (!items_.empty() && items_.begin()->second.deadline <= now) {
    const auto it = items_.begin();
    answers.push_back(Close(it, it->second.last_error.has_value()
                                    ? *std::move(it->second.last_error)
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
  const auto it = streams_.find(stream);
  if (it == streams_.end()) return absl::InfiniteFuture();
  const Stream& on = it->second;
  if (on.retired || on.tries_suspect) return absl::InfiniteFuture();
  if (SuspectFor(*it).has_value()) {
    return on.items > 0 ? absl::InfiniteFuture() : absl::InfinitePast();
  }
  if (waiting_.empty()) return absl::InfiniteFuture();
  const absl::Time ready_at = waiting_.begin()->first;
  if (on.refusal.ok()) return ready_at;
  return on.items > 0 ? absl::InfiniteFuture() : std::max(ready_at, on.ready_at);
}

int64_t BulkLedger::on_stream() const {
  int64_t items = 0;
  for (const auto& [number, stream] : streams_) items += stream.items;
  return items;
}

int64_t BulkLedger::on_stream(size_t stream) const {
  const auto it = streams_.find(stream);
  return it == streams_.end() ? 0 : it->second.items;
}

absl::Time BulkLedger::stream_ready_at(size_t stream) const {
  const auto it = streams_.find(stream);
  return it == streams_.end() ? absl::InfiniteFuture() : it->second.ready_at;
}

std::optional<int64_t> BulkLedger::SuspectFor(const Streams::value_type& stream) const {
  if (!stream.second.refusal.ok()) return std::nullopt;
  for (const int64_t index : waiting_suspects_) {
    if (items_.find(index)->second.broke != stream.first || !AnotherWorks(stream.first)) {
      return index;
    }
  }
  return std::nullopt;
}

bool BulkLedger::AnotherWorks(size_t stream) const {
  return std::any_of(streams_.begin(), streams_.end(), [stream](const auto& each) {
    const Stream& other = each.second;
    return each.first != stream && !other.retired && other.refusal.ok() &&
           other.broken_in_a_row == 0;
  });
}

void BulkLedger::Leave(Item& item) {
  if (!item.stream.has_value()) return;
  Stream& on = streams_.find(*item.stream)->second;
  --on.items;
  on.tries_suspect = false;  // Was it one, it was alone.
  item.stream.reset();
}

void BulkLedger::Wait(int64_t index, Item& item, absl::Time ready_at) {
  item.ready_at = ready_at;
  if (item.suspect) {
    waiting_suspects_.insert(index);
  } else {
    waiting_.emplace(ready_at, index);
  }
}

void BulkLedger::StopWaiting(int64_t index, const Item& item) {
  waiting_suspects_.erase(index);
  waiting_.erase({item.ready_at, index});
}

BulkLedger::Answer BulkLedger::Close(std::map<int64_t, Item>::iterator it,
                                     absl::StatusOr<ScoreReply> outcome) {
  Answer answer{it->first, std::move(outcome)};
  Leave(it->second);
  StopWaiting(it->first, it->second);
  items_.erase(it);
  return answer;
}

absl::Status BulkLedger::NoReplyError() const {
  if (!last_break_.ok()) return last_break_;
  return absl::DeadlineExceededError(
      absl::StrCat("no reply within ", absl::FormatDuration(item_timeout_)));
}

}  // namespace assay::client
