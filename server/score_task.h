// server/score_task.h
// The unit of work between the pipeline and the device. A task moves: the pipeline makes it, the
// scheduler's queue owns it, then the batch it runs in, then the completion that answers it.
// Exactly one of them at a time.
#ifndef ASSAY_SERVER_SCORE_TASK_H_
#define ASSAY_SERVER_SCORE_TASK_H_

#include <memory>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "model/types.h"
#include "server/flow.h"
#include "server/task_interest.h"

namespace assay {

// What the forward pass of a task's batch made of it.
struct TaskScores {
  std::vector<absl::StatusOr<RewardScore>> scores;  // One for each response of the group, in order.
  absl::Time forward_began;
  absl::Duration forward;  // Of the whole batch.
};

struct ScoreTask {
  PromptGroup group = {};  // At least one response.
  Flow flow = {};
  // A task that nobody waits for is never run; null: always wanted.
  std::shared_ptr<TaskInterest> interest = nullptr;
  // Passes it was part of that broke their device.
  int devices_broken = 0;

  // Runs exactly once, on the completion thread. An error is about the whole task, which was not
  // run:
  //   DEADLINE_EXCEEDED, CANCELLED  when its batch would have formed.
  //   UNAVAILABLE                   the time to drain was over before its turn came, or no device
  //                                 is left.
  //   INTERNAL                      two devices broke with it.
  absl::AnyInvocable<void(absl::StatusOr<TaskScores>)&&> done = nullptr;
};

}  // namespace assay

#endif  // ASSAY_SERVER_SCORE_TASK_H_
