// tests/client/bulk_ledger_steps.h
// A ledger's steps in few words, with times in seconds.
#ifndef ASSAY_TESTS_CLIENT_BULK_LEDGER_STEPS_H_
#define ASSAY_TESTS_CLIENT_BULK_LEDGER_STEPS_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/retry_after.h"
#include "client/bulk_ledger.h"

namespace assay::client {

constexpr RetryPolicy kRetry = {
    .initial = absl::Milliseconds(100), .max = absl::Seconds(1), .multiplier = 2};
constexpr absl::Duration kTimeout = absl::Seconds(10);

// A refusal whose wait is 40 ms with the least jitter, and 50 ms with the most.
inline absl::Status Full() {
  return WithRetryAfter(absl::ResourceExhaustedError("full"), absl::Milliseconds(40));
}

inline absl::Time At(double seconds) { return absl::UnixEpoch() + absl::Seconds(seconds); }

inline BulkLedger LedgerOf(int items, int streams = 1, bool one_revision = false) {
  BulkLedger ledger(kTimeout, kRetry, one_revision);
  for (int i = 0; i < streams; ++i) ledger.AddStream();
  for (int i = 0; i < items; ++i) ledger.Add(i, At(0));
  return ledger;
}

// The answer that the reply brings, of which there is one at most.
inline std::optional<BulkLedger::Answer> Reply(BulkLedger& ledger, int64_t index,
                                               absl::StatusOr<ScoreReply> outcome, absl::Time now,
                                               double random, size_t stream = 0) {
  std::vector<BulkLedger::Answer> answers =
      ledger.OnReply(index, std::move(outcome), now, random, stream);
  EXPECT_LE(answers.size(), 1);
  if (answers.empty()) return std::nullopt;
  return std::move(answers[0]);
}

inline std::vector<BulkLedger::Answer> End(BulkLedger& ledger, const absl::Status& status,
                                           absl::Time now, double random, size_t stream = 0) {
  return ledger.OnStreamEnd(status, now, random, stream);
}

inline std::vector<int64_t> TakeAll(BulkLedger& ledger, absl::Time now) {
  std::vector<int64_t> taken;
  while (const auto index = ledger.TakeNextToSend(now, 0)) taken.push_back(*index);
  return taken;
}

inline std::vector<int64_t> TakeAllOn(BulkLedger& ledger, absl::Time now, size_t stream, int most) {
  std::vector<int64_t> taken;
  while (static_cast<int>(taken.size()) < most) {
    const auto index = ledger.TakeNextToSend(now, stream);
    if (!index.has_value()) break;
    taken.push_back(*index);
  }
  return taken;
}

}  // namespace assay::client

#endif  // ASSAY_TESTS_CLIENT_BULK_LEDGER_STEPS_H_
