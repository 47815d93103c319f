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
// A server that fails is looked at again after this, while others do not.
constexpr absl::Duration kPassOver = absl::Seconds(1);

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
      ledger_(item_timeout, retry, options_.one_revision) {}

absl::Status BulkScorer::Run(RequestSource source, const ResultSink& sink) {
  const Subscription subscription(replicas_, [this] {
    MutexLock lock(&mu_);
    news_.replicas_changed = true;
    awake_ = true;
    changed_.notify_one();
  });
  TakeReplicas();
  room_ = Room();
  if (options_.on_room) options_.on_room(room_);
  RequestPump pump(std::move(source), room_, [this] { Wake(); });
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
    TellOutstanding();
    TakeNews(AwaitNews(NextWakeup()), pump, sink);
  }
  CloseStreams();
  return ledger_.verdict();
}

void BulkScorer::TakeNews(News news, RequestPump& pump, const ResultSink& sink) {
  for (auto& [lane, reply] : news.replies) TakeReply(lane, std::move(reply));
  HandOver(pump, sink);  // Before what comes next can give everything up.
  for (const size_t number : news.writable) {
    if (Lane* lane = FindLane(number)) lane->writable = true;
  }
  for (const auto& [number, status] : news.ends) {
    if (Lane* lane = FindLane(number)) TakeStreamEnd(*lane, status);
  }
  if (news.replicas_changed) {
    TakeReplicas();
    GiveRoom(pump);
  }
  EndRetiredLanes();
  if (news.cancelled) Deliver(ledger_.GiveUp(absl::CancelledError("the client was closed")));
}

void BulkScorer::TakeReplicas() {
  const ReplicaList replicas = replicas_->Current();
  std::set<const Replica*> served;  // Those that have a lane.
  for (const auto& [number, lane] : lanes_) {
    if (lane->retired) continue;
    if (std::find(replicas.begin(), replicas.end(), lane->replica) != replicas.end()) {
      served.insert(lane->replica.get());
      continue;
    }
    lane->retired = true;
    ledger_.RetireStream(number);
  }
  for (const std::shared_ptr<Replica>& replica : replicas) {
    if (!served.insert(replica.get()).second) continue;
    auto lane = std::make_unique<Lane>();
    lane->scorer = this;
    lane->number = ledger_.AddStream();
    lane->replica = replica;
    lanes_.emplace(lane->number, std::move(lane));
  }
  if (replicas.empty()) ledger_.OnNoServer(replicas_->WhyNone());
}

int64_t BulkScorer::Room() const {
  const int64_t serving = std::count_if(lanes_.begin(), lanes_.end(),
                                        [](const auto& lane) { return !lane.second->retired; });
  return std::min(options_.max_in_flight * std::max<int64_t>(serving, 1),
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
  Deliver(ledger_.OnReply(index, std::move(outcome), clock_->Now(),
                          absl::Uniform<double>(random_, 0, 1), lane));
}

void BulkScorer::TakeStreamEnd(Lane& lane, const absl::Status& status) {
  lane.stream.reset();
  lane.writable = false;
  const bool had_items = ledger_.on_stream(lane.number) > 0;
  Deliver(ledger_.OnStreamEnd(status, clock_->Now(), absl::Uniform<double>(random_, 0, 1),
                              lane.number));
  if (lane.retired && !had_items) return;  // The end that it was meant to have.
  if (!lane.retired && absl::IsUnavailable(status)) replicas_->LookAgain();
  if (ledger_.open() > 0 && options_.on_reconnect) options_.on_reconnect(status);
}

void BulkScorer::EndRetiredLanes() {
  for (auto it = lanes_.begin(); it != lanes_.end();) {
    const auto here = it++;
    Lane& lane = *here->second;
    if (!lane.retired || ledger_.on_stream(lane.number) > 0) continue;
    if (lane.stream == nullptr) {
      lane.replica->AddOutstanding(-lane.told_outstanding);
      lanes_.erase(here);
    } else if (lane.writable && !lane.half_closed) {
      lane.stream->HalfClose();
      lane.half_closed = true;
    }
  }
}

void BulkScorer::SendWhatCanBe() {
  const absl::Time now = clock_->Now();
  while (true) {
    Lane* least = nullptr;
    for (const auto& [number, lane] : lanes_) {
      if (NextSend(*lane) > now) continue;
      if (least == nullptr || ledger_.on_stream(number) < ledger_.on_stream(least->number)) {
        least = lane.get();
      }
    }
    if (least == nullptr) return;
    if (PassOver(*least, now)) continue;
    const std::optional<int64_t> item = ledger_.TakeNextToSend(now, least->number);
    if (!item.has_value()) return;
    Send(*least, *item);
  }
}

bool BulkScorer::PassOver(Lane& lane, absl::Time now) {
  if (lane.replica->readiness() != Readiness::kFailing) return false;
  const bool another = std::any_of(lanes_.begin(), lanes_.end(), [](const auto& other) {
    return !other.second->retired && other.second->replica->readiness() != Readiness::kFailing;
  });
  if (another) lane.passed_over_until = now + kPassOver;
  return another;
}

void BulkScorer::Send(Lane& lane, int64_t item) {
  if (lane.stream == nullptr) {
    lane.stream = std::make_unique<ScoreStream>(lane.replica->stub(), &lane);
  }
  v1::ScoreStreamRequest request;
  request.set_request_id(absl::StrCat(item));
  *request.mutable_request() = requests_.find(item)->second;
  lane.writable = false;
  lane.stream->Write(std::move(request));
}

void BulkScorer::TellOutstanding() {
  for (const auto& [number, lane] : lanes_) {
    const int64_t outstanding = ledger_.on_stream(number);
    if (outstanding == lane->told_outstanding) continue;
    lane->replica->AddOutstanding(outstanding - lane->told_outstanding);
    lane->told_outstanding = outstanding;
  }
}

absl::Time BulkScorer::NextSend(const Lane& lane) const {
  if (lane.retired || ledger_.on_stream(lane.number) >= options_.max_in_flight) {
    return absl::InfiniteFuture();
  }
  const absl::Time send = std::max(ledger_.NextSend(lane.number), lane.passed_over_until);
  if (lane.stream == nullptr) return std::max(send, ledger_.stream_ready_at(lane.number));
  return lane.writable ? send : absl::InfiniteFuture();
}

absl::Time BulkScorer::NextWakeup() const {
  absl::Time next = ledger_.NextDeadline();
  for (const auto& [number, lane] : lanes_) next = std::min(next, NextSend(*lane));
  return next;
}

void BulkScorer::Deliver(std::vector<BulkLedger::Answer> answers) {
  for (BulkLedger::Answer& answer : answers) {
    requests_.erase(answer.index);
    answers_.push_back(std::move(answer));
  }
}

BulkScorer::Lane* BulkScorer::FindLane(size_t number) const {
  const auto it = lanes_.find(number);
  return it == lanes_.end() ? nullptr : it->second.get();
}

void BulkScorer::CloseStreams() {
  TellOutstanding();  // None.
  const absl::Time deadline = clock_->Now() + kCloseTimeout;
  std::set<size_t> open;
  for (const auto& [number, lane] : lanes_) {
    if (lane->stream != nullptr && ledger_.verdict().ok()) open.insert(number);
  }
  while (!open.empty() && clock_->Now() < deadline) {
    for (const size_t number : open) {
      Lane& lane = *FindLane(number);
      // The last reply may overtake the word that its request was written.
      if (!lane.writable || lane.half_closed) continue;
      lane.stream->HalfClose();
      lane.half_closed = true;
    }
    const News news = AwaitNews(deadline);
    for (const size_t number : news.writable) {
      if (Lane* lane = FindLane(number)) lane->writable = true;
    }
    for (const auto& [number, status] : news.ends) open.erase(number);
  }
  lanes_.clear();
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
  scorer->news_.replies.emplace_back(number, std::move(reply));
  scorer->awake_ = true;
  scorer->changed_.notify_one();
}

void BulkScorer::Lane::OnWritable() {
  MutexLock lock(&scorer->mu_);
  scorer->news_.writable.push_back(number);
  scorer->awake_ = true;
  scorer->changed_.notify_one();
}

void BulkScorer::Lane::OnEnd(const absl::Status& status) {
  MutexLock lock(&scorer->mu_);
  scorer->news_.ends.emplace_back(number, status);
  scorer->awake_ = true;
  scorer->changed_.notify_one();
}

void BulkScorer::Wake() {
  MutexLock lock(&mu_);
  awake_ = true;
  changed_.notify_one();
}

}  // namespace assay::client
