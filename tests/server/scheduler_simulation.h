// tests/server/scheduler_simulation.h
// Random schedules for a WorkQueue on a virtual clock, with devices that fail now and then: arrivals
// in bursts, tenants, priorities, sizes, deadlines, cancellations. Checks after every step what must
// hold of any schedule, so that a million of them can be tried in about a minute.
#ifndef ASSAY_TESTS_SERVER_SCHEDULER_SIMULATION_H_
#define ASSAY_TESTS_SERVER_SCHEDULER_SIMULATION_H_

#include <cstdint>
#include <string>

namespace assay {

struct SimulationCounts {
  int64_t schedules = 0;
  int64_t tasks = 0;
  int64_t scored = 0;
  int64_t refused = 0;
  int64_t expired = 0;
  int64_t cancelled = 0;
  int64_t batches = 0;
  int64_t predictions = 0;  // Accepted with a deadline that the prediction looked at.
};

// Runs the schedule numbered `seed` and adds to `counts`. Empty where everything held; else what
// did not, with the seed that shows it again:
//   - every task is answered exactly once, or refused with a time to wait;
//   - a batch holds at most the budget, or one task;
//   - nothing runs past its deadline or after it was cancelled;
//   - what is queued stays within twice the limit, but for a single request;
//   - a tenant's oldest interactive task is in one of the next batches: while it waits, no other
//     tenant is served more than it would be in even shares, plus a batch a device;
//   - the queue is empty at the end.
std::string Simulate(uint64_t seed, SimulationCounts* counts);

}  // namespace assay

#endif  // ASSAY_TESTS_SERVER_SCHEDULER_SIMULATION_H_
