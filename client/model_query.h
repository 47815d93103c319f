// client/model_query.h
// Asks each of several servers for its model, all at once, and takes no part in what they answer.
#ifndef ASSAY_CLIENT_MODEL_QUERY_H_
#define ASSAY_CLIENT_MODEL_QUERY_H_

#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "assay/v1/reward.pb.h"
#include "base/mutex.h"
#include "client/replica_set.h"
#include "client/types.h"

namespace assay::client {

// One server's answer.
struct ServerModel {
  std::string address;  // Replica::address().
  absl::StatusOr<ModelInfo> model;
};

// Thread-safe.
class ModelQuery {
 public:
  // Asks, without retries. Does not block.
  ModelQuery(const ReplicaList& replicas, absl::Time deadline);
  // Cancels what is under way and waits for it.
  ~ModelQuery();
  ModelQuery(const ModelQuery&) = delete;
  ModelQuery& operator=(const ModelQuery&) = delete;

  // What is not answered yet is CANCELLED.
  void Cancel();

  // In the order of the replicas; waits for the last of them. Errors are the calls':
  //   UNAVAILABLE        no server at the address.
  //   DEADLINE_EXCEEDED  no answer by the deadline.
  //   CANCELLED          by Cancel().
  std::vector<ServerModel> Await() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Call {
    std::shared_ptr<Replica> replica;
    grpc::ClientContext context;
    v1::GetModelRequest request;
    v1::ModelInfo reply;
    grpc::Status status;
  };

  std::deque<Call> calls_;  // Each gRPC's until it is answered.

  Mutex mu_;
  CondVar changed_;
  size_t unanswered_ ABSL_GUARDED_BY(mu_);
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_MODEL_QUERY_H_
