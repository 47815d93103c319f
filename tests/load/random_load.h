// tests/load/random_load.h
// Many clients that behave badly: random sizes and deadlines, calls cancelled at random moments,
// connections dropped with calls under way. Counts the one outcome that each request must have.
#ifndef ASSAY_TESTS_LOAD_RANDOM_LOAD_H_
#define ASSAY_TESTS_LOAD_RANDOM_LOAD_H_

#include <cstdint>
#include <functional>
#include <string>

namespace assay::testing {

struct RandomLoadOptions {
  std::string address;
  int64_t requests = 1'000'000;
  int clients = 64;  // Each with a thread and a connection.
  uint64_t seed = 1;
  // One in so many bursts of calls ends with its connection dropped; 0: none does.
  int64_t drop_one_in = 50;
  // Told on the caller's thread about every `step` requests that are answered.
  int64_t step = 1000;
  std::function<void(int64_t answered)> on_step;
};

struct RandomLoadCounts {
  int64_t right = 0;
  int64_t wrong = 0;        // A score that is not the conversation's.
  int64_t cancelled = 0;    // By us.
  int64_t unasked = 0;      // CANCELLED, by nobody here.
  int64_t expired = 0;      // A short deadline passed.
  int64_t late = 0;         // A deadline of a minute passed.
  int64_t refused = 0;      // RESOURCE_EXHAUSTED.
  int64_t unavailable = 0;  // UNAVAILABLE.
  int64_t others = 0;       // Any other code.
  int64_t drops = 0;        // Connections dropped.

  // Requests that had not exactly one outcome.
  int64_t without_outcome = 0;
  int64_t with_several = 0;
};

// Blocks until every request has had its outcome.
RandomLoadCounts RunRandomLoad(const RandomLoadOptions& options);

}  // namespace assay::testing

#endif  // ASSAY_TESTS_LOAD_RANDOM_LOAD_H_
