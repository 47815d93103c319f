// tests/testing/raw_call.h
// Calls with bytes instead of messages: for requests that no client library would send, and for
// services without a stub here. Blocking.
#ifndef ASSAY_TESTS_TESTING_RAW_CALL_H_
#define ASSAY_TESTS_TESTING_RAW_CALL_H_

#include <grpcpp/channel.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace assay::testing {

// `method` as in "/assay.v1.RewardService/Score". Fails after a minute.
absl::StatusOr<std::string> CallRaw(const std::shared_ptr<grpc::Channel>& channel,
                                    const std::string& method, const std::string& request);

struct RawStream {
  std::vector<std::string> replies;
  absl::Status status;
};

// Writes all of `requests`, then reads to the end. No more requests than the server reads ahead.
RawStream StreamRaw(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                    const std::vector<std::string>& requests);

}  // namespace assay::testing

#endif  // ASSAY_TESTS_TESTING_RAW_CALL_H_
