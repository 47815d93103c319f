#include "client/bulk_scorer.h"

#include <algorithm>
#include <set>
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

BulkScorer::BulkScorer(const std::vector<v1::RewardService::StubInterface*>& stubs, Clock* clock,
                       const RetryPolicy& retry, absl::Duration item_timeout, BulkOptions options)
    : clock_(clock), options_(std::move(options)), ledger_(item_timeout, retry, stubs.size()) {
  for (v1::RewardService::StubInterface* stub : stubs) {
    auto lane = std::make_unique<Lane>();
    lane->scorer = this;
    lane->index = lanes_.size();
    lane->stub = stub;
    lanes_.push_back(std::move(lane));
  }
}

absl::Status BulkScorer::Run(RequestSource source, const ResultSink& sink) {
  const int64_t room = options_.max_in_flight * static_cast<int64_t>(lanes_.size());
  RequestPump pump(std::move(source), room, [this] { Wake(); });
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

    SendWhatCanBe();
    News news = AwaitNews(NextWakeup());
    for (auto& [lane, reply] : news.replies) TakeReply(lane, std::move(reply));
    HandOver(pump, sink);  // Before what comes next can give everything up.
    for (const size_t lane : news.writable) lanes_[lane]->writable = true;
    for (const auto& [lane, status] : news.ends) TakeStreamEnd(*lanes_[lane], status);
    if (news.cancelled) Deliver(ledger_.GiveUp(absl::CancelledError("the client was closed")));
  }
  CloseStreams();
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

void BulkScorer::TakeReply(size_t lane, v1::ScoreStreamResponse reply) {
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
      index, std::move(outcome), clock_->Now(), absl::Uniform<double>(random_, 0, 1), lane);
  if (!answer.has_value()) return;
  requests_.erase(answer->index);
  answers_.push_back(*std::move(answer));
}

void BulkScorer::TakeStreamEnd(Lane& lane, const absl::Status& status) {
  lane.stream.reset();
  lane.writable = false;
  Deliver(
      ledger_.OnStreamEnd(status, clock_->Now(), absl::Uniform<double>(random_, 0, 1), lane.index));
  if (ledger_.open() > 0 && options_.on_reconnect) options_.on_reconnect(status);
}

void BulkScorer::SendWhatCanBe() {
  const absl::Time now = clock_->Now();
  while (true) {
    Lane* least = nullptr;
    for (const std::unique_ptr<Lane>& lane : lanes_) {
      if (NextSend(*lane) > now) continue;
      if (least == nullptr || ledger_.on_stream(lane->index) < ledger_.on_stream(least->index)) {
        least = lane.get();
      }
    }
    if (least == nullptr) return;
    const std::optional<int64_t> item = ledger_.TakeNextToSend(now, least->index);
    if (!item.has_value()) return;
    Send(*least, *item);
  }
}

void BulkScorer::Send(Lane& lane, int64_t item) {
  if (lane.stream == nullptr) lane.stream = std::make_unique<ScoreStream>(lane.stub, &lane);
  v1::ScoreStreamRequest request;
  request.set_request_id(absl::StrCat(item));
  *request.mutable_request() = requests_.find(item)->second;
  lane.writable = false;
  lane.stream->Write(std::move(request));
}

absl::Time BulkScorer::NextSend(const Lane& lane) const {
  if (ledger_.on_stream(lane.index) >= options_.max_in_flight) return absl::InfiniteFuture();
  const absl::Time send = ledger_.NextSend(lane.index);
  if (lane.stream == nullptr) return std::max(send, ledger_.stream_ready_at(lane.index));
  return lane.writable ? send : absl::InfiniteFuture();
}

absl::Time BulkScorer::NextWakeup() const {
  absl::Time next = ledger_.NextDeadline();
  for (const std::unique_ptr<Lane>& lane : lanes_) next = std::min(next, NextSend(*lane));
  return next;
}

void BulkScorer::Deliver(std::vector<BulkLedger::Answer> answers) {
  for (BulkLedger::Answer& answer : answers) {
    requests_.erase(answer.index);
    answers_.push_back(std::move(answer));
  }
}

void BulkScorer::CloseStreams() {
  const absl::Time deadline = clock_->Now() + kCloseTimeout;
  std::vector<Lane*> open;
  for (const std::unique_ptr<Lane>& lane : lanes_) {
    if (lane->stream != nullptr && ledger_.verdict().ok()) open.push_back(lane.get());
  }
  std::set<size_t> closed;
  while (!open.empty() && clock_->Now() < deadline) {
    for (Lane* lane : open) {
      // The last reply may overtake the word that its request was written.
      if (lane->writable && closed.insert(lane->index).second) lane->stream->HalfClose();
    }
    const News news = AwaitNews(deadline);
    for (const size_t lane : news.writable) lanes_[lane]->writable = true;
    for (const auto& [ended, status] : news.ends) {
      std::erase_if(open, [ended = ended](const Lane* lane) { return lane->index == ended; });
    }
  }
  for (const std::unique_ptr<Lane>& lane : lanes_) lane->stream.reset();
}

BulkScorer::News BulkScorer::AwaitNews(absl::Time deadline) {
  MutexLock lock(&mu_);
  while (!awake_ && clock_->WaitUntil(mu_, changed_, deadline)) {
  }
  awake_ = false;
  return std::exchange(news_, News());
}

void BulkScorer::Lane::OnReply(v1::ScoreStreamResponse reply) {
  MutexLock lock(&scorer->mu_);
  scorer->news_.replies.emplace_back(index, std::move(reply));
  scorer->awake_ = true;
  scorer->changed_.notify_one();
}

void BulkScorer::Lane::OnWritable() {
  MutexLock lock(&scorer->mu_);
  scorer->news_.writable.push_back(index);
  scorer->awake_ = true;
  scorer->changed_.notify_one();
}

void BulkScorer::Lane::OnEnd(const absl::Status& status) {
  MutexLock lock(&scorer->mu_);
  scorer->news_.ends.emplace_back(index, status);
  scorer->awake_ = true;
  scorer->changed_.notify_one();
}

void BulkScorer::Wake() {
  MutexLock lock(&mu_);
  awake_ = true;
  changed_.notify_one();
}

}  // namespace assay::client
