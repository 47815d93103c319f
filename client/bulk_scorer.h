// client/bulk_scorer.h
// Runs one ScoreAll: moves requests from the source to streams, one to each server, and replies to
// the sink. What is sent, sent again or answered when is BulkLedger's choice; this is the loop that
// asks it. Which server gets a request is BulkStreams' choice: the one that has the fewest. Requests of
// one prompt are not kept together: a request is a prompt with all its responses, which share it
// wherever they go, and the fewest are worth more than that.
//
//   source thread: RequestPump -> loop (the caller's thread): BulkLedger, BulkStreams, sink
//                                   gRPC's threads: replies -> BulkNews -> loop
#ifndef ASSAY_CLIENT_BULK_SCORER_H_
#define ASSAY_CLIENT_BULK_SCORER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "assay/v1/reward.grpc.pb.h"
#include "base/clock.h"
#include "client/bulk_ledger.h"
#include "client/bulk_news.h"
#include "client/bulk_streams.h"
#include "client/replica_set.h"
#include "client/request_pump.h"
#include "client/retry_policy.h"
#include "client/types.h"

namespace assay::client {

// Receives the outcome of the source's request number `index`, 0 the first. Must not throw.
using ResultSink = std::function<void(int64_t index, absl::StatusOr<ScoreReply> outcome)>;

struct BulkOptions {
  static constexpr int64_t kLargestInFlight = 65536;

  // Requests sent to one server and not yet answered, at most; pulled from the source are at most as
  // many for each server there is, and kLargestInFlight together, however many servers there are: the
  // memory of their texts is bounded by that. Enough to keep a server's batches full: a few times the
  // prompts of one batch. 1..kLargestInFlight.
  int64_t max_in_flight = 64;
  // All requests name the same model revision. A server that answers FAILED_PRECONDITION then serves
  // another model: requests go to others, and when there is no other the run ends with that code.
  // False: it is that request's answer.
  bool one_revision = false;
  // Told on the caller's thread how many requests may be open at once, before the first is pulled and
  // whenever servers came or went; may be empty.
  std::function<void(int64_t requests)> on_room = {};
  // Told on the caller's thread when a stream broke and its items are about to be sent again; may
  // be empty.
  std::function<void(const absl::Status& why)> on_reconnect = {};
  // Told once on the caller's thread, before the first answer that only says that everything was
  // given up (see RewardClient::ScoreAll); may be empty.
  std::function<void(const absl::Status& why)> on_give_up = {};

  // INVALID_ARGUMENT naming the field, its value and its range.
  absl::Status Validate() const;
};

// Thread-safe: Cancel() may come from any thread while Run() blocks.
class BulkScorer {
 public:
  // Borrows all but the options, until Run() has returned. All servers of the set have the same model.
  BulkScorer(ReplicaSet* replicas, Clock* clock, const RetryPolicy& retry,
             absl::Duration item_timeout, BulkOptions options);

  // As RewardClient::ScoreAll. Once.
  absl::Status Run(RequestSource source, const ResultSink& sink);

  // Ends Run() early: what is open is answered CANCELLED. Before Run() it has the same effect.
  void Cancel() { news_.TellCancelled(); }

 private:
  // Steps of the loop.
  void TakeRequests(RequestPump& pump);
  void TakeNews(BulkNews::Batch news, RequestPump& pump, const ResultSink& sink);
  void TakeReply(size_t stream, v1::ScoreStreamResponse reply);
  void SendWhatCanBe();
  // How many requests may be open.
  int64_t Room() const;
  // Lets the pump have it, where it is more than before; less comes about with answers.
  void GiveRoom(RequestPump& pump);
  void Deliver(std::vector<BulkLedger::Answer> answers);
  // answers_ to the sink.
  void HandOver(RequestPump& pump, const ResultSink& sink);

  // Constant after construction.
  ReplicaSet* const replicas_;  // Borrowed.
  Clock* const clock_;          // Borrowed.
  const BulkOptions options_;

  BulkNews news_;  // Thread-safe; the rest is the loop's own.
  BulkLedger ledger_;
  absl::BitGen random_;
  std::map<int64_t, v1::ScoreRequest> requests_;  // Open items', to be sent (again).
  int64_t next_index_ = 0;
  bool source_ended_ = false;
  int64_t room_ = 0;  // What the pump has been given.
  bool told_give_up_ = false;
  std::vector<BulkLedger::Answer> answers_;  // On their way to the sink.
  BulkStreams streams_;                      // Last: they end before the rest.
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_BULK_SCORER_H_
