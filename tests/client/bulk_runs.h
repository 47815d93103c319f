// tests/client/bulk_runs.h
// Bulk runs over servers of this machine, and what comes of them.
#ifndef ASSAY_TESTS_CLIENT_BULK_RUNS_H_
#define ASSAY_TESTS_CLIENT_BULK_RUNS_H_

#include <grpcpp/create_channel.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/bulk_scorer.h"
#include "client/replica_set.h"
#include "tests/client/fake_reward_service.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {

constexpr RetryPolicy kFastRetry = {.initial = absl::Milliseconds(1), .max = absl::Milliseconds(5)};

inline std::shared_ptr<Replica> ReplicaAt(const std::string& address) {
  return std::make_shared<Replica>(
      address, grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
}

inline ReplicaList ReplicasAt(const std::vector<std::string>& addresses) {
  ReplicaList replicas;
  for (const std::string& address : addresses) replicas.push_back(ReplicaAt(address));
  return replicas;
}

inline std::string TextOf(int64_t index) { return absl::StrCat("response ", index); }

inline ScoreRequest RequestOf(int64_t index) {
  return {.prompt = {{"user", "p"}}, .responses = {TextOf(index)}};
}

struct Outcome {
  absl::Status verdict;
  std::vector<absl::StatusOr<ScoreReply>> replies;  // By index.
  int64_t most_open = 0;                            // Pulled and not yet answered.
  int reconnects = 0;
};

inline void ExpectAllRight(const Outcome& outcome) {
  EXPECT_OK(outcome.verdict);
  for (size_t i = 0; i < outcome.replies.size(); ++i) {
    ASSERT_TRUE(outcome.replies[i].ok()) << i << ": " << outcome.replies[i].status();
    ASSERT_OK(outcome.replies[i]->results[0]);
    EXPECT_EQ(outcome.replies[i]->results[0]->score,
              assay::testing::FakeRewardService::ScoreOf("p", TextOf(i)))
        << i;
  }
}

}  // namespace assay::client

#endif  // ASSAY_TESTS_CLIENT_BULK_RUNS_H_
