// client/bulk_scorer.h
// Runs one ScoreAll: moves requests from the source to a stream and replies to the sink. What is
// sent, sent again or answered when is BulkLedger's choice; this is the loop that asks it.
//
//   source thread: RequestPump -> loop (the caller's thread): BulkLedger, ScoreStream, sink <- gRPC
//   threads: replies
#ifndef ASSAY_CLIENT_BULK_SCORER_H_
#define ASSAY_CLIENT_BULK_SCORER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
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

  // Requests pulled from the source and not yet answered, at most. Enough to keep the server's
  // batches full: a few times the prompts of one batch. 1..kLargestInFlight.
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
class BulkScorer final : private ScoreStream::Listener {
 public:
  // Borrows all but the options, until Run() has returned.
  BulkScorer(v1::RewardService::StubInterface* stub, Clock* clock, const RetryPolicy& retry,
             absl::Duration item_timeout, BulkOptions options);

  // As RewardClient::ScoreAll. Once.
  absl::Status Run(RequestSource source, const ResultSink& sink) ABSL_LOCKS_EXCLUDED(mu_);

  // Ends Run() early: what is open is answered CANCELLED. Before Run() it has the same effect.
  void Cancel() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  // What other threads have told since the loop last looked.
  struct News {
    std::vector<v1::ScoreStreamResponse> replies;
    bool writable = false;
    std::optional<absl::Status> stream_end;
    bool cancelled = false;
  };

  void OnReply(v1::ScoreStreamResponse reply) override ABSL_LOCKS_EXCLUDED(mu_);
  void OnWritable() override ABSL_LOCKS_EXCLUDED(mu_);
  void OnEnd(const absl::Status& status) override ABSL_LOCKS_EXCLUDED(mu_);
  void Wake() ABSL_LOCKS_EXCLUDED(mu_);
  // Waits for news until `deadline`.
  News AwaitNews(absl::Time deadline) ABSL_LOCKS_EXCLUDED(mu_);
  // Half-closes the stream, if there is one, and waits briefly for its end.
  void CloseStream() ABSL_LOCKS_EXCLUDED(mu_);

  // Steps of the loop.
  void TakeRequests(RequestPump& pump);
  void TakeReply(v1::ScoreStreamResponse reply);
  void TakeStreamEnd(const absl::Status& status);
  void SendNext();
  absl::Time NextWakeup() const;
  void Deliver(std::vector<BulkLedger::Answer> answers);
  // answers_ to the sink.
  void HandOver(RequestPump& pump, const ResultSink& sink);

  // Constant after construction.
  v1::RewardService::StubInterface* const stub_;  // Borrowed.
  Clock* const clock_;                            // Borrowed.
  const BulkOptions options_;

  // The loop's own.
  BulkLedger ledger_;
  absl::BitGen random_;
  std::map<int64_t, v1::ScoreRequest> requests_;  // Open items', to be sent (again).
  int64_t next_index_ = 0;
  bool source_ended_ = false;
  bool told_give_up_ = false;
  bool stream_writable_ = false;
  std::vector<BulkLedger::Answer> answers_;  // On their way to the sink.

  Mutex mu_;
  CondVar changed_;
  News news_ ABSL_GUARDED_BY(mu_);
  bool awake_ ABSL_GUARDED_BY(mu_) = false;

  std::unique_ptr<ScoreStream> stream_;  // Last: ends before the rest. Null: none is open.
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_BULK_SCORER_H_
