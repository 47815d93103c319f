#include "client/replica.h"

#include <utility>

namespace assay::client {

Replica::Replica(std::string address, std::shared_ptr<grpc::Channel> channel)
    : address_(std::move(address)),
      channel_(std::move(channel)),
      stub_(v1::RewardService::NewStub(channel_)) {}

Replica::Replica(std::string address, std::unique_ptr<v1::RewardService::StubInterface> stub)
    : address_(std::move(address)), stub_(std::move(stub)) {}

Readiness Replica::readiness() const {
  if (channel_ == nullptr) return Readiness::kReady;
  switch (channel_->GetState(/*try_to_connect=*/true)) {
    case GRPC_CHANNEL_READY:
      return Readiness::kReady;
    case GRPC_CHANNEL_IDLE:
    case GRPC_CHANNEL_CONNECTING:
      return Readiness::kUnknown;
    case GRPC_CHANNEL_TRANSIENT_FAILURE:
    case GRPC_CHANNEL_SHUTDOWN:
      break;
  }
  return Readiness::kFailing;
}

}  // namespace assay::client
