#include "client/bulk_scorer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/wire.h"

namespace assay::client {
namespace {

// Subscribed while it lives.
class Subscription {
 public:
  Subscription(ReplicaSet* replicas, std::function<void()> changed)
      : replicas_(replicas), number_(replicas->Subscribe(std::move(changed))) {}
  ~Subscription() { replicas_->Unsubscribe(number_); }
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

 private:
  ReplicaSet* const replicas_;
  const int64_t number_;
};

}  // namespace

absl::Status BulkOptions::Validate() const {
  if (max_in_flight >= 1 && max_in_flight <= kLargestInFlight) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("max_in_flight is ", max_in_flight, "; it must be 1 to ", kLargestInFlight));
}

BulkScorer::BulkScorer(ReplicaSet* replicas, Clock* clock, const RetryPolicy& retry,
                       absl::Duration item_timeout, BulkOptions options)
    : replicas_(replicas),
      clock_(clock),
      options_(std::move(options)),
      ledger_(item_timeout, retry, options_.one_revision),
      streams_(replicas, clock, options_.max_in_flight, &ledger_, &news_) {}

absl::Status BulkScorer::Run(RequestSource source, const ResultSink& sink) {
  const Subscription subscription(replicas_, [this] { news_.TellReplicasChanged(); });
  streams_.TakeReplicas();
  room_ = Room();
  if (options_.on_room) options_.on_room(room_);
  RequestPump pump(std::move(source), room_, [this] { news_.Wake(); });
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
    streams_.TellOutstanding();
    const absl::Time next = std::min(ledger_.NextDeadline(), streams_.NextSend());
    TakeNews(news_.Await(clock_, next), pump, sink);
  }
  streams_.Close(/*in_good_order=*/ledger_.verdict().ok());
  return ledger_.verdict();
}

void BulkScorer::TakeNews(BulkNews::Batch news, RequestPump& pump, const ResultSink& sink) {
  for (auto& [stream, reply] : news.replies) TakeReply(stream, std::move(reply));
  HandOver(pump, sink);  // Before what comes next can give everything up.
  for (const size_t stream : news.writable) streams_.TakeWritable(stream);
  for (const auto& [stream, status] : news.ends) {
    const bool broke = streams_.TakeEnd(stream, status);
    Deliver(
        ledger_.OnStreamEnd(status, clock_->Now(), absl::Uniform<double>(random_, 0, 1), stream));
    if (broke && ledger_.open() > 0 && options_.on_reconnect) options_.on_reconnect(status);
  }
  if (news.replicas_changed) {
    streams_.TakeReplicas();
    GiveRoom(pump);
  }
  streams_.EndRetired();
  if (news.cancelled) Deliver(ledger_.GiveUp(absl::CancelledError("the client was closed")));
}

int64_t BulkScorer::Room() const {
  return std::min(options_.max_in_flight * std::max<int64_t>(streams_.serving(), 1),
                  BulkOptions::kLargestInFlight);
}

void BulkScorer::GiveRoom(RequestPump& pump) {
  const int64_t room = Room();
  if (options_.on_room) options_.on_room(room);
  if (room <= room_) return;
  pump.Release(room - room_);
  room_ = room;
}

void BulkScorer::HandOver(RequestPump& pump, const ResultSink& sink) {
  for (BulkLedger::Answer& answer : std::exchange(answers_, {})) {
    sink(answer.index, std::move(answer.outcome));
    if (room_ > Room()) {
      --room_;  // Servers went: their room goes with the answers.
    } else {
      pump.Release(1);
    }
  }
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

void BulkScorer::TakeReply(size_t stream, v1::ScoreStreamResponse reply) {
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
  Deliver(ledger_.OnReply(index, std::move(outcome), clock_->Now(),
                          absl::Uniform<double>(random_, 0, 1), stream));
}

void BulkScorer::SendWhatCanBe() {
  const absl::Time now = clock_->Now();
  while (const std::optional<size_t> stream = streams_.ForNextItem(now)) {
    const std::optional<int64_t> item = ledger_.TakeNextToSend(now, *stream);
    if (!item.has_value()) return;
    v1::ScoreStreamRequest request;
    request.set_request_id(absl::StrCat(*item));
    *request.mutable_request() = requests_.find(*item)->second;
    streams_.Send(*stream, std::move(request));
  }
}

void BulkScorer::Deliver(std::vector<BulkLedger::Answer> answers) {
  for (BulkLedger::Answer& answer : answers) {
    requests_.erase(answer.index);
    answers_.push_back(std::move(answer));
  }
}

}  // namespace assay::client
