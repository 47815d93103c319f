// client/replica.h
// One server of a fleet as its client sees it: where it is, how to call it, whether it takes calls
// now, and how many of this client's calls it has. Decides nothing about who is called.
#ifndef ASSAY_CLIENT_REPLICA_H_
#define ASSAY_CLIENT_REPLICA_H_

#include <grpcpp/channel.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "assay/v1/reward.grpc.pb.h"
#include "client/readiness.h"

namespace assay::client {

// Thread-safe.
class Replica {
 public:
  Replica(std::string address, std::shared_ptr<grpc::Channel> channel);
  // Without a channel to look at: always ready.
  Replica(std::string address, std::unique_ptr<v1::RewardService::StubInterface> stub);

  const std::string& address() const { return address_; }
  v1::RewardService::StubInterface* stub() const { return stub_.get(); }

  // Asks the channel to connect where it does not yet.
  Readiness readiness() const;

  // Calls of this client, or requests on its stream, that are not answered.
  int64_t outstanding() const { return outstanding_.load(std::memory_order_relaxed); }
  void AddOutstanding(int64_t n) { outstanding_.fetch_add(n, std::memory_order_relaxed); }

 private:
  const std::string address_;
  const std::shared_ptr<grpc::Channel> channel_;  // Null: always ready.
  const std::unique_ptr<v1::RewardService::StubInterface> stub_;
  std::atomic<int64_t> outstanding_ = 0;
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_REPLICA_H_
