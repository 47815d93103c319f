#include "tests/testing/raw_call.h"

#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>

#include <chrono>

#include "base/grpc_status.h"

namespace assay::testing {
namespace {

grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

std::string ToString(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  if (!buffer.DumpToSingleSlice(&slice).ok()) return "";
  return std::string(reinterpret_cast<const char*>(slice.begin()), slice.size());
}

void SetDeadline(grpc::ClientContext* context) {
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(1));
}

// Waits for the one operation under way; whether it succeeded.
bool Next(grpc::CompletionQueue* queue) {
  void* tag;
  bool ok = false;
  return queue->Next(&tag, &ok) && ok;
}

}  // namespace

absl::StatusOr<std::string> CallRaw(const std::shared_ptr<grpc::Channel>& channel,
                                    const std::string& method, const std::string& request) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  SetDeadline(&context);
  grpc::CompletionQueue queue;
  const grpc::ByteBuffer bytes = ToBuffer(request);
  const auto call = stub.PrepareUnaryCall(&context, method, bytes, &queue);
  call->StartCall();
  grpc::ByteBuffer reply;
  grpc::Status status;
  call->Finish(&reply, &status, nullptr);
  Next(&queue);
  if (!status.ok()) return FromGrpcStatus(status);
  return ToString(reply);
}

RawStream StreamRaw(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                    const std::vector<std::string>& requests) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  SetDeadline(&context);
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareCall(&context, method, &queue);
  call->StartCall(nullptr);
  bool writable = Next(&queue);
  for (const std::string& request : requests) {
    if (!writable) break;
    call->Write(ToBuffer(request), nullptr);
    writable = Next(&queue);
  }
  if (writable) {
    call->WritesDone(nullptr);
    Next(&queue);
  }
  RawStream stream;
  while (true) {
    grpc::ByteBuffer reply;
    call->Read(&reply, nullptr);
    if (!Next(&queue)) break;
    stream.replies.push_back(ToString(reply));
  }
  grpc::Status status;
  call->Finish(&status, nullptr);
  Next(&queue);
  stream.status = FromGrpcStatus(status);
  return stream;
}

}  // namespace assay::testing
