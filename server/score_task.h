// server/score_task.h
// The unit of work between the pipeline and the device. A task moves: the pipeline makes it, the
// scheduler's queue owns it, then the batch it runs in, then the completion that answers it.
// Exactly one of them at a time.
#ifndef ASSAY_SERVER_SCORE_TASK_H_
#define ASSAY_SERVER_SCORE_TASK_H_

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "model/types.h"

namespace assay {

// Set once, by the RPC whose caller is gone; read by every stage that would otherwise work for
// nobody.
using CancelFlag = std::shared_ptr<std::atomic<bool>>;

// Of one tenant's work, bulk yields to interactive.
enum class Priority { kInteractive, kBulk };

// What the forward pass of a task's batch made of it.
struct TaskScores {
  std::vector<absl::StatusOr<RewardScore>> scores;  // One for each response of the group, in order.
  absl::Time forward_began;
  absl::Duration forward;  // Of the whole batch.
};

struct ScoreTask {
  PromptGroup group = {};                        // At least one response.
  absl::Time deadline = absl::InfiniteFuture();  // A task past it is never run.
  std::string tenant = "default";                // Tenants share the devices evenly.
  Priority priority = Priority::kInteractive;
  // Shared with the RPC; null: never cancelled.
  std::shared_ptr<const std::atomic<bool>> cancelled = nullptr;

  // Runs exactly once, on the completion thread. An error is about the whole task, which was not
  // run:
  //   DEADLINE_EXCEEDED, CANCELLED  when its batch would have formed.
  //   UNAVAILABLE                   the time to drain was over before its turn came.
  absl::AnyInvocable<void(absl::StatusOr<TaskScores>)&&> done = nullptr;
};

}  // namespace assay

#endif  // ASSAY_SERVER_SCORE_TASK_H_
