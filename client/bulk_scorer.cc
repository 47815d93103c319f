#include "client/bulk_scorer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/wire.h"

namespace assay::client {
namespace {

// A server that does not end the stream after its last reply is not waited for longer.
constexpr absl::Duration kCloseTimeout = absl::Seconds(2);

}  // namespace

absl::Status BulkOptions::Validate() const {
  if (max_in_flight >= 1 && max_in_flight <= kLargestInFlight) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("max_in_flight is ", max_in_flight, "; it must be 1 to ", kLargestInFlight));
}

BulkScorer::BulkScorer(v1::RewardService::StubInterface* stub, Clock* clock,
                       const RetryPolicy& retry, absl::Duration item_timeout, BulkOptions options)
    : stub_(stub), clock_(clock), options_(std::move(options)), ledger_(item_timeout, retry) {}

absl::Status BulkScorer::Run(RequestSource source, const ResultSink& sink) {
  RequestPump pump(std::move(source), options_.max_in_flight, [this] { Wake(); });
  while (true) {
    TakeRequests(pump);
    Deliver(ledger_.Expire(clock_->Now()));
    if (!ledger_.verdict().ok()) {
      pump.Stop();
      if (options_.on_give_up && !told_give_up_) options_.on_give_up(ledger_.verdict());
      told_give_up_ = true;
    }
    HandOver(pump, sink);
    if (source_ended_ && ledger_.open() == 0) break;

    SendNext();
    News news = AwaitNews(NextWakeup());
    for (v1::ScoreStreamResponse& reply : news.replies) TakeReply(std::move(reply));
    HandOver(pump, sink);  // Before what comes next can give everything up.
    if (news.writable) stream_writable_ = true;
    if (news.stream_end.has_value()) TakeStreamEnd(*news.stream_end);
    if (news.cancelled) Deliver(ledger_.GiveUp(absl::CancelledError("the client was closed")));
  }
  CloseStream();
  return ledger_.verdict();
}

void BulkScorer::HandOver(RequestPump& pump, const ResultSink& sink) {
  for (BulkLedger::Answer& answer : std::exchange(answers_, {})) {
    sink(answer.index, std::move(answer.outcome));
    pump.Release(1);
  }
}

void BulkScorer::Cancel() {
  MutexLock lock(&mu_);
  news_.cancelled = true;
  awake_ = true;
  changed_.notify_one();
}

void BulkScorer::TakeRequests(RequestPump& pump) {
  RequestPump::Pulled pulled = pump.Take();
  source_ended_ = pulled.ended;
  for (const ScoreRequest& request : pulled.requests) {
    const int64_t index = next_index_++;
    absl::StatusOr<v1::ScoreRequest> wire = ToWire(request);
    if (!wire.ok() || !ledger_.verdict().ok()) {
      answers_.push_back({index, wire.ok() ? ledger_.verdict() : wire.status()});
      continue;
    }
    requests_.emplace_hint(requests_.end(), index, *std::move(wire));
    ledger_.Add(index, clock_->Now());
  }
}

void BulkScorer::TakeReply(v1::ScoreStreamResponse reply) {
  int64_t index = -1;
  if (!absl::SimpleAtoi(reply.request_id(), &index)) index = -1;
  const auto request = requests_.find(index);
  absl::StatusOr<ScoreReply> outcome =
      absl::InternalError("the server's reply holds neither response nor error");
  if (reply.has_error()) {
    outcome = FromWire(reply.error());
  } else if (reply.has_response() && request != requests_.end()) {
    outcome = FromWire(reply.response(), request->second.responses_size());
  }
  std::optional<BulkLedger::Answer> answer = ledger_.OnReply(
      index, std::move(outcome), clock_->Now(), absl::Uniform<double>(random_, 0, 1));
  if (!answer.has_value()) return;
  requests_.erase(answer->index);
  answers_.push_back(*std::move(answer));
}

void BulkScorer::TakeStreamEnd(const absl::Status& status) {
  stream_.reset();
  stream_writable_ = false;
  Deliver(ledger_.OnStreamEnd(status, clock_->Now(), absl::Uniform<double>(random_, 0, 1)));
  if (ledger_.open() > 0 && options_.on_reconnect) options_.on_reconnect(status);
}

void BulkScorer::SendNext() {
  const absl::Time now = clock_->Now();
  if (stream_ == nullptr) {
    if (ledger_.NextSend() > now || ledger_.stream_ready_at() > now) return;
    ScoreStream::Listener* const listener = this;
    stream_ = std::make_unique<ScoreStream>(stub_, listener);
    stream_writable_ = true;
  }
  if (!stream_writable_) return;
  const std::optional<int64_t> index = ledger_.TakeNextToSend(now);
  if (!index.has_value()) return;
  v1::ScoreStreamRequest item;
  item.set_request_id(absl::StrCat(*index));
  *item.mutable_request() = requests_.find(*index)->second;
  stream_writable_ = false;
  stream_->Write(std::move(item));
}

absl::Time BulkScorer::NextWakeup() const {
  absl::Time send = ledger_.NextSend();
  if (stream_ == nullptr) {
    send = std::max(send, ledger_.stream_ready_at());
  } else if (!stream_writable_) {
    send = absl::InfiniteFuture();
  }
  return std::min(ledger_.NextDeadline(), send);
}

void BulkScorer::Deliver(std::vector<BulkLedger::Answer> answers) {
  for (BulkLedger::Answer& answer : answers) {
    requests_.erase(answer.index);
    answers_.push_back(std::move(answer));
  }
}

void BulkScorer::CloseStream() {
  const absl::Time deadline = clock_->Now() + kCloseTimeout;
  bool ended = stream_ == nullptr || !ledger_.verdict().ok();
  // The last reply may overtake the word that its request was written.
  while (!ended && !stream_writable_ && clock_->Now() < deadline) {
    const News news = AwaitNews(deadline);
    stream_writable_ = news.writable;
    ended = news.stream_end.has_value();
  }
  if (!ended && stream_writable_) stream_->HalfClose();
  while (!ended && stream_writable_ && clock_->Now() < deadline) {
    ended = AwaitNews(deadline).stream_end.has_value();
  }
  stream_.reset();
}

BulkScorer::News BulkScorer::AwaitNews(absl::Time deadline) {
  MutexLock lock(&mu_);
  while (!awake_ && clock_->WaitUntil(mu_, changed_, deadline)) {
  }
  awake_ = false;
  return std::exchange(news_, News());
}

void BulkScorer::OnReply(v1::ScoreStreamResponse reply) {
  MutexLock lock(&mu_);
  news_.replies.push_back(std::move(reply));
  awake_ = true;
  changed_.notify_one();
}

void BulkScorer::OnWritable() {
  MutexLock lock(&mu_);
  news_.writable = true;
  awake_ = true;
  changed_.notify_one();
}

void BulkScorer::OnEnd(const absl::Status& status) {
  MutexLock lock(&mu_);
  news_.stream_end = status;
  awake_ = true;
  changed_.notify_one();
}

void BulkScorer::Wake() {
  MutexLock lock(&mu_);
  awake_ = true;
  changed_.notify_one();
}

}  // namespace assay::client
