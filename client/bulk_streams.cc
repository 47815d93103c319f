#include "client/bulk_streams.h"

#include <algorithm>
#include <set>
#include <utility>

namespace assay::client {
namespace {

// A server that does not end the stream after its last reply is not waited for longer.
constexpr absl::Duration kCloseTimeout = absl::Seconds(2);
// A server that fails is looked at again after this, while others do not.
constexpr absl::Duration kPassOver = absl::Seconds(1);

}  // namespace

void BulkStreams::TakeReplicas() {
  const ReplicaList replicas = replicas_->Current();
  std::set<const Replica*> served;  // Those that have a lane.
  for (const auto& [number, lane] : lanes_) {
    if (lane->retired) continue;
    if (std::find(replicas.begin(), replicas.end(), lane->replica) != replicas.end()) {
      served.insert(lane->replica.get());
      continue;
    }
    lane->retired = true;
    ledger_->RetireStream(number);
  }
  for (const std::shared_ptr<Replica>& replica : replicas) {
    if (!served.insert(replica.get()).second) continue;
    auto lane = std::make_unique<Lane>();
    lane->news = news_;
    lane->number = ledger_->AddStream();
    lane->replica = replica;
    lanes_.emplace(lane->number, std::move(lane));
  }
  if (replicas.empty()) ledger_->OnNoServer(replicas_->WhyNone());
}

int64_t BulkStreams::serving() const {
  return std::count_if(lanes_.begin(), lanes_.end(),
                       [](const auto& lane) { return !lane.second->retired; });
}

std::optional<size_t> BulkStreams::ForNextItem(absl::Time now) {
  while (true) {
    Lane* least = nullptr;
    for (const auto& [number, lane] : lanes_) {
      if (NextSend(*lane) > now) continue;
      if (least == nullptr || ledger_->on_stream(number) < ledger_->on_stream(least->number)) {
        least = lane.get();
      }
    }
    if (least == nullptr) return std::nullopt;
    if (!PassOver(*least, now)) return least->number;
  }
}

bool BulkStreams::PassOver(Lane& lane, absl::Time now) {
  if (lane.replica->readiness() != Readiness::kFailing) return false;
  const bool another = std::any_of(lanes_.begin(), lanes_.end(), [](const auto& other) {
    return !other.second->retired && other.second->replica->readiness() != Readiness::kFailing;
  });
  if (another) lane.passed_over_until = now + kPassOver;
  return another;
}

void BulkStreams::Send(size_t stream, v1::ScoreStreamRequest request) {
  Lane& lane = *lanes_.at(stream);
  if (lane.stream == nullptr) {
    lane.stream = std::make_unique<ScoreStream>(lane.replica->stub(), &lane);
  }
  lane.writable = false;
  lane.stream->Write(std::move(request));
}

absl::Time BulkStreams::NextSend() const {
  absl::Time next = absl::InfiniteFuture();
  for (const auto& [number, lane] : lanes_) next = std::min(next, NextSend(*lane));
  return next;
}

absl::Time BulkStreams::NextSend(const Lane& lane) const {
  if (lane.retired || ledger_->on_stream(lane.number) >= max_in_flight_) {
    return absl::InfiniteFuture();
  }
  const absl::Time send = std::max(ledger_->NextSend(lane.number), lane.passed_over_until);
  if (lane.stream == nullptr) return std::max(send, ledger_->stream_ready_at(lane.number));
  return lane.writable ? send : absl::InfiniteFuture();
}

void BulkStreams::TakeWritable(size_t stream) { lanes_.at(stream)->writable = true; }

bool BulkStreams::TakeEnd(size_t stream, const absl::Status& status) {
  Lane& lane = *lanes_.at(stream);
  lane.stream.reset();
  lane.writable = false;
  if (lane.retired) return ledger_->on_stream(stream) > 0;
  if (absl::IsUnavailable(status)) replicas_->LookAgain();
  return true;
}

void BulkStreams::EndRetired() {
  for (auto it = lanes_.begin(); it != lanes_.end();) {
    const auto here = it++;
    Lane& lane = *here->second;
    if (!lane.retired || ledger_->on_stream(lane.number) > 0) continue;
    if (lane.stream == nullptr) {
      lane.replica->AddOutstanding(-lane.told_outstanding);
      lanes_.erase(here);
    } else {
      HalfClose(lane);
    }
  }
}

void BulkStreams::HalfClose(Lane& lane) {
  if (!lane.writable || lane.half_closed) return;
  lane.stream->HalfClose();
  lane.half_closed = true;
}

void BulkStreams::TellOutstanding() {
  for (const auto& [number, lane] : lanes_) {
    const int64_t outstanding = ledger_->on_stream(number);
    if (outstanding == lane->told_outstanding) continue;
    lane->replica->AddOutstanding(outstanding - lane->told_outstanding);
    lane->told_outstanding = outstanding;
  }
}

void BulkStreams::Close(bool in_good_order) {
  TellOutstanding();  // None.
  const absl::Time deadline = clock_->Now() + kCloseTimeout;
  std::set<size_t> open;
  for (const auto& [number, lane] : lanes_) {
    if (lane->stream != nullptr && in_good_order) open.insert(number);
  }
  while (!open.empty() && clock_->Now() < deadline) {
    for (const size_t number : open) HalfClose(*lanes_.at(number));
    const BulkNews::Batch news = news_->Await(clock_, deadline);
    for (const size_t number : news.writable) TakeWritable(number);
    for (const auto& [number, status] : news.ends) open.erase(number);
  }
  lanes_.clear();
}

void BulkStreams::Lane::OnReply(v1::ScoreStreamResponse reply) {
  news->TellReply(number, std::move(reply));
}

void BulkStreams::Lane::OnWritable() { news->TellWritable(number); }

void BulkStreams::Lane::OnEnd(const absl::Status& status) { news->TellEnd(number, status); }

}  // namespace assay::client
