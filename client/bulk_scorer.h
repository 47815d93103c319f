// client/bulk_scorer.h
// Runs one ScoreAll: moves requests from the source to streams, one to each server, and replies to
// the sink. What is sent, sent again or answered when is BulkLedger's choice; this is the loop that
// asks it. A request goes to the stream that has the fewest.
//
//   source thread: RequestPump -> loop (the caller's thread): BulkLedger, ScoreStreams, sink <- gRPC
//   threads: replies
#ifndef ASSAY_CLIENT_BULK_SCORER_H_
#define ASSAY_CLIENT_BULK_SCORER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "assay/v1/reward.grpc.pb.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "client/bulk_ledger.h"
#include "client/request_pump.h"
#include "client/retry_policy.h"
#include "client/score_stream.h"
#include "client/types.h"

namespace assay::client {

// Receives the outcome of the source's request number `index`, 0 the first. Must not throw.
using ResultSink = std::function<void(int64_t index, absl::StatusOr<ScoreReply> outcome)>;

struct BulkOptions {
  static constexpr int64_t kLargestInFlight = 65536;

  // Requests sent to one server and not yet answered, at most; pulled from the source are at most as
  // many for each server. Enough to keep a server's batches full: a few times the prompts of one
  // batch. 1..kLargestInFlight.
  int64_t max_in_flight = 64;
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
  // Borrows all but the options, until Run() has returned.
  // `stubs`: at least one, each of a server with the same model.
  BulkScorer(const std::vector<v1::RewardService::StubInterface*>& stubs, Clock* clock,
             const RetryPolicy& retry, absl::Duration item_timeout, BulkOptions options);

  // As RewardClient::ScoreAll. Once.
  absl::Status Run(RequestSource source, const ResultSink& sink) ABSL_LOCKS_EXCLUDED(mu_);

  // Ends Run() early: what is open is answered CANCELLED. Before Run() it has the same effect.
  void Cancel() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  // One server's stream, and what gRPC tells of it.
  struct Lane final : ScoreStream::Listener {
    void OnReply(v1::ScoreStreamResponse reply) override;
    void OnWritable() override;
    void OnEnd(const absl::Status& status) override;

    BulkScorer* scorer;                      // Its owner.
    size_t index;                            // In lanes_.
    v1::RewardService::StubInterface* stub;  // Borrowed.
    // The loop's own.
    bool writable = false;
    std::unique_ptr<ScoreStream> stream;  // Last: ends before the rest. Null: none is open.
  };
  // What other threads have told since the loop last looked.
  struct News {
    std::vector<std::pair<size_t, v1::ScoreStreamResponse>> replies;  // By lane.
    std::vector<size_t> writable;
    std::vector<std::pair<size_t, absl::Status>> ends;
    bool cancelled = false;
  };

  void Wake() ABSL_LOCKS_EXCLUDED(mu_);
  // Waits for news until `deadline`.
  News AwaitNews(absl::Time deadline) ABSL_LOCKS_EXCLUDED(mu_);
  // Half-closes the streams that are open, and waits briefly for their ends.
  void CloseStreams() ABSL_LOCKS_EXCLUDED(mu_);

  // Steps of the loop.
  void TakeRequests(RequestPump& pump);
  void TakeReply(size_t lane, v1::ScoreStreamResponse reply);
  void TakeStreamEnd(Lane& lane, const absl::Status& status);
  void SendWhatCanBe();
  void Send(Lane& lane, int64_t item);
  // When an item may be sent on the lane; InfiniteFuture(): not before it is told something.
  absl::Time NextSend(const Lane& lane) const;
  absl::Time NextWakeup() const;
  void Deliver(std::vector<BulkLedger::Answer> answers);
  // answers_ to the sink.
  void HandOver(RequestPump& pump, const ResultSink& sink);

  // Constant after construction.
  Clock* const clock_;  // Borrowed.
  const BulkOptions options_;

  // The loop's own.
  BulkLedger ledger_;
  absl::BitGen random_;
  std::map<int64_t, v1::ScoreRequest> requests_;  // Open items', to be sent (again).
  int64_t next_index_ = 0;
  bool source_ended_ = false;
  bool told_give_up_ = false;
  std::vector<BulkLedger::Answer> answers_;  // On their way to the sink.

  Mutex mu_;
  CondVar changed_;
  News news_ ABSL_GUARDED_BY(mu_);
  bool awake_ ABSL_GUARDED_BY(mu_) = false;

  std::vector<std::unique_ptr<Lane>> lanes_;  // Last: their streams end before the rest.
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_BULK_SCORER_H_
