// tests/client/await_readiness.h
// Waits for what a replica's connection tells. For servers in this process: long before the limit.
#ifndef ASSAY_TESTS_CLIENT_AWAIT_READINESS_H_
#define ASSAY_TESTS_CLIENT_AWAIT_READINESS_H_

#include <gtest/gtest.h>

#include <thread>

#include "absl/time/clock.h"
#include "client/replica.h"

namespace assay::testing {

inline void AwaitReadiness(const client::Replica& replica, client::Readiness readiness) {
  const absl::Time deadline = absl::Now() + absl::Seconds(50);
  while (replica.readiness() != readiness && absl::Now() < deadline) std::this_thread::yield();
  ASSERT_EQ(replica.readiness(), readiness);
}

}  // namespace assay::testing

#endif  // ASSAY_TESTS_CLIENT_AWAIT_READINESS_H_
