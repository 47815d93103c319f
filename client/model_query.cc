#include "client/model_query.h"

#include <utility>

#include "base/grpc_status.h"
#include "client/wire.h"

namespace assay::client {

ModelQuery::ModelQuery(const ReplicaList& replicas, absl::Time deadline)
    : unanswered_(replicas.size()) {
  for (const std::shared_ptr<Replica>& replica : replicas) {
    Call& call = calls_.emplace_back();
    call.replica = replica;
    call.context.set_deadline(absl::ToChronoTime(deadline));
    replica->stub()->async()->GetModel(&call.context, &call.request, &call.reply,
                                       [this, &call](grpc::Status status) {
                                         call.status = std::move(status);
                                         MutexLock lock(&mu_);
                                         --unanswered_;
                                         changed_.notify_all();
                                       });
  }
}

ModelQuery::~ModelQuery() {
  Cancel();
  Await();
}

void ModelQuery::Cancel() {
  for (Call& call : calls_) call.context.TryCancel();
}

std::vector<ServerModel> ModelQuery::Await() {
  MutexLock lock(&mu_);
  while (unanswered_ > 0) changed_.wait(mu_);
  std::vector<ServerModel> models;
  for (const Call& call : calls_) {
    models.push_back({call.replica->address(), call.status.ok()
                                                   ? absl::StatusOr<ModelInfo>(FromWire(call.reply))
                                                   : FromGrpcStatus(call.status)});
  }
  return models;
}

}  // namespace assay::client
