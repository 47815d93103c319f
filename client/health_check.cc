#include "client/health_check.h"

#include <google/protobuf/wrappers.pb.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "base/grpc_status.h"

namespace assay::client {
namespace {

// On the wire HealthCheckRequest{string service = 1} and HealthCheckResponse{enum status = 1} are
// these two, so that gRPC's own .proto need not be here.
using Request = google::protobuf::StringValue;
using Response = google::protobuf::Int32Value;
constexpr int kServing = 1;

absl::StatusOr<bool> Ask(const std::shared_ptr<grpc::Channel>& channel, const Request& request,
                         absl::Time deadline, bool wait_for_ready) {
  grpc::TemplatedGenericStub<Request, Response> stub(channel);
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(deadline));
  context.set_wait_for_ready(wait_for_ready);
  grpc::CompletionQueue queue;
  const auto call =
      stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check", request, &queue);
  call->StartCall();
  Response response;
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool done = false;
  queue.Next(&tag, &done);
  if (!status.ok()) return FromGrpcStatus(status);
  return response.value() == kServing;
}

}  // namespace

absl::StatusOr<bool> IsServing(const std::shared_ptr<grpc::Channel>& channel,
                               const std::string& service, absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  Request request;
  request.set_value(service);
  // Only a call that does not wait for a connection tells why there is none.
  const absl::StatusOr<bool> first = Ask(channel, request, deadline, /*wait_for_ready=*/false);
  if (first.status().code() != absl::StatusCode::kUnavailable) return first;
  absl::StatusOr<bool> later = Ask(channel, request, deadline, /*wait_for_ready=*/true);
  if (later.status().code() == absl::StatusCode::kDeadlineExceeded) return first;
  return later;
}

}  // namespace assay::client
