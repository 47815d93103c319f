// client/reward_client.h
// The client library: scores responses on an Assay server. Made for a training loop: plain structs
// in and out, one line to connect, retries where they are safe, and a bulk call that keeps a server
// busy from one thread.
//
//   ASSAY_ASSIGN_OR_RETURN(auto client, assay::RewardClient::Connect("127.0.0.1:50051"));
//   ASSAY_ASSIGN_OR_RETURN(auto reply, client->Score({.prompt = {{"user", "Name a prime."}},
//                                                     .responses = {"Seven.", "Four."}},
//                                                     absl::Seconds(30)));
//   if (reply.results[0].ok()) Use(reply.results[0]->score);
//
// Link `reward_client`. Every call takes a timeout, > 0, without a default: how long a score is
// worth waiting for is the caller's to know.
#ifndef ASSAY_CLIENT_REWARD_CLIENT_H_
#define ASSAY_CLIENT_REWARD_CLIENT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "assay/v1/reward.grpc.pb.h"
#include "base/mutex.h"
#include "client/affinity.h"
#include "client/bulk_scorer.h"
#include "client/connection_options.h"
#include "client/hedge_budget.h"
#include "client/model_query.h"
#include "client/replica_set.h"
#include "client/request_pump.h"
#include "client/retry_policy.h"
#include "client/types.h"

namespace assay::client {

struct ClientOptions {
  RetryPolicy retry = {};
  ConnectionOptions connection = {};
  Affinity affinity = Affinity::kNone;
  HedgeOptions hedge = {};  // Of Score() and ScoreAsync(); off as it is.
};

// Thread-safe: calls may be made, and be under way, on any number of threads.
class RewardClient {
 public:
  using Callback = absl::AnyInvocable<void(absl::StatusOr<ScoreReply>) &&>;

  // A client of the servers at `addresses`, parted by commas (addresses.h): each "HOST:PORT", or
  // any gRPC target; plaintext unless options.connection say TLS. Every address of the name in
  // "dns:///NAME:PORT" is a server; the name is looked up now, and again while the client lives.
  // Several must serve one model; whether they do is the caller's to ask (GetModels()). Proxies of the
  // environment are not used. Nothing is waited for but the first look-up: a server that is not there,
  // or a name that is not found, shows in the first call.
  //   INVALID_ARGUMENT  options.retry or options.hedge out of range; from ReplicaSet::Connect().
  //   others            those of ReplicaSet::Connect(), see replica_set.h.
  static absl::StatusOr<std::unique_ptr<RewardClient>> Connect(const std::string& addresses,
                                                               ClientOptions options = {});

  // For tests, and for a channel of the caller's own making. `options` must be valid.
  explicit RewardClient(std::unique_ptr<v1::RewardService::StubInterface> stub,
                        ClientOptions options = {});
  explicit RewardClient(std::unique_ptr<ReplicaSet> replicas, ClientOptions options = {});

  // Cancels what is under way and waits for it: every callback has run, every call that
  // blocks another thread has returned, a ScoreAll() after answering its open requests CANCELLED.
  // Not from a callback.
  ~RewardClient();
  RewardClient(const RewardClient&) = delete;
  RewardClient& operator=(const RewardClient&) = delete;

  // Scores one prompt's responses; blocks. `timeout` covers the call with its retries. A response
  // may fail alone: its result is then that error. Of several servers, calls go to one after
  // another, or as options.affinity says, but to none that is not reached or says that it does not
  // serve; one request goes to one server whole. An attempt that met UNAVAILABLE, or
  // RESOURCE_EXHAUSTED with a time to wait, as a whole or in a result, is made again while time
  // lasts: at once on another server, else after the server's wait or with backoff; then the last
  // outcome stands. With options.hedge an attempt without an answer is joined by one on another
  // server. How both go is score_call.h's. Errors of the whole:
  //   INVALID_ARGUMENT     the request, naming the field; or `timeout` <= 0.
  //   FAILED_PRECONDITION  another model revision than the request names.
  //   UNAUTHENTICATED, PERMISSION_DENIED
  //                        the token is unknown or missing there, or another tenant's.
  //   RESOURCE_EXHAUSTED   the server stayed full to the end; or, without RetryAfter(), the request
  //                        is too large for it.
  //   UNAVAILABLE          no server, or one that is stopping, or a name that is not found, to the
  //                        end.
  //   DEADLINE_EXCEEDED    `timeout` is over.
  //   CANCELLED            the client was destroyed.
  //   INTERNAL             a defect of the server.
  absl::StatusOr<ScoreReply> Score(const ScoreRequest& request, absl::Duration timeout)
      ABSL_LOCKS_EXCLUDED(mu_);

  // The same without blocking. `done` runs exactly once: on a gRPC thread, where it must not block;
  // or, for INVALID_ARGUMENT and for a name that is not found, on this one before the call returns.
  void ScoreAsync(const ScoreRequest& request, absl::Duration timeout, Callback done)
      ABSL_LOCKS_EXCLUDED(mu_);

  // Scores everything `source` gives, over one stream to each server there is at the time; blocks until
  // each request has had its one answer. Never holds more than options.max_in_flight requests for each
  // server that are not answered. A request goes to the server that has the fewest. A server that
  // leaves is asked for nothing more and answers what it has; where there is no server, requests wait.
  //   `source` runs on a thread of its own, one call at a time; it may wait. ScoreAll returns after
  //   its last call has.
  //   `sink` runs on the calling thread, in order of completion; while it works, nothing is sent.
  // A stream that breaks is opened again, with backoff, and what it left unanswered is sent again, at
  // once where another server's stream is open.
  // Where a server ended the stream with an error that a request may be the cause of, each that was on
  // it is tried alone; one that ends streams alone, of two servers where there are two, is answered
  // with that error (bulk_ledger.h).
  // What RetryableStatus() knows (retry_policy.h) is retried as in Score(). `timeout` is a
  // request's own, from the moment it is pulled: then it is answered with the last error it met, or
  // DEADLINE_EXCEEDED. Requests' errors are those of Score().
  // OK when every request had an answer of its own. Otherwise the source is stopped and the open
  // requests are answered with the same status:
  //   INVALID_ARGUMENT   `timeout` <= 0, or the options, by name; nothing was pulled.
  //   DEADLINE_EXCEEDED  no reply to anything for `timeout`; where streams broke meanwhile, what
  //                      broke the last one instead, UNAVAILABLE for a server that is gone, or for a
  //                      name that is not found.
  //   UNIMPLEMENTED, UNAUTHENTICATED, PERMISSION_DENIED
  //                      no server will take a stream from us.
  //   FAILED_PRECONDITION  with options.one_revision: no server has that model.
  //   CANCELLED          the client was destroyed.
  absl::Status ScoreAll(RequestSource source, const ResultSink& sink, BulkOptions options,
                        absl::Duration timeout) ABSL_LOCKS_EXCLUDED(mu_);

  // What is loaded there, its limits and counters. Asks once, without retries: the caller wants to
  // know how it is now. Of several servers, the first that answers.
  //   INVALID_ARGUMENT   `timeout` <= 0.
  //   UNAVAILABLE        no server at the address, of several at the last; a name that is not found.
  //   DEADLINE_EXCEEDED  no answer within `timeout`.
  //   CANCELLED          the client was destroyed.
  absl::StatusOr<ModelInfo> GetModel(absl::Duration timeout) ABSL_LOCKS_EXCLUDED(mu_);

  // The same of each server that is known now, asked all at once; none where a name is not found.
  // `timeout` > 0.
  std::vector<ServerModel> GetModels(absl::Duration timeout) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  // A call under way, and how to end it.
  using CallId = int64_t;
  CallId NewCallId() ABSL_LOCKS_EXCLUDED(mu_);
  void Register(CallId id, std::function<void()> cancel) ABSL_LOCKS_EXCLUDED(mu_);
  void Unregister(CallId id) ABSL_LOCKS_EXCLUDED(mu_);

  absl::StatusOr<ModelInfo> AskModel(v1::RewardService::StubInterface* stub, absl::Time deadline)
      ABSL_LOCKS_EXCLUDED(mu_);

  // Constant after construction.
  const ClientOptions options_;
  const std::unique_ptr<ReplicaSet> replicas_;

  HedgeBudget hedge_budget_;

  Mutex mu_;
  CondVar changed_;
  CallId next_id_ ABSL_GUARDED_BY(mu_) = 0;
  absl::flat_hash_map<CallId, std::function<void()>> calls_ ABSL_GUARDED_BY(mu_);
};

}  // namespace assay::client

namespace assay {
using client::RewardClient;
}

#endif  // ASSAY_CLIENT_REWARD_CLIENT_H_
