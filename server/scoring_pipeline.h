// server/scoring_pipeline.h
// A validated request from texts to scores: encoder threads (chat template, tokenizer), then the
// batch scheduler, then the results put back in the order of the responses. Knows neither gRPC nor
// torch, judges no request (that is request_validator.h) and computes no score.
#ifndef ASSAY_SERVER_SCORING_PIPELINE_H_
#define ASSAY_SERVER_SCORING_PIPELINE_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "model/conversation_encoder.h"
#include "model/scorer.h"
#include "model/types.h"
#include "server/batch_scheduler.h"
#include "server/flow.h"
#include "server/observer.h"
#include "server/refusal.h"
#include "server/score_reuse.h"
#include "server/score_task.h"
#include "server/scored_request.h"
#include "server/server_state.h"
#include "server/task_interest.h"
#include "server/thread_pool.h"

namespace assay {

struct PipelineOptions {
  int encoder_threads = 1;  // > 0.
  // Bytes of text that may wait for an encoder thread; each request also counts 1 KiB. > 0.
  int64_t max_waiting_bytes = int64_t{256} << 20;
  BatchSchedulerOptions batching = {};
  // Of results kept for equal conversations to come; 0: none.
  int64_t result_cache_bytes = 0;
  Observer* observer = Observer::Silent();  // Borrowed; the scheduler's, too.
};

struct PipelineRequest {
  std::vector<Message> prompt;         // At least one.
  std::vector<std::string> responses;  // At least one.
  EncodeOptions encode = {};
  Flow flow = {};
  Waiter waiter = {};
  OnFull on_full = OnFull::kRefuse;
};

// Thread-safe, except that the owner alone calls Drain() and the destructor.
class ScoringPipeline {
 public:
  // Borrows `clock`, `encoder` and `scorers`, which must outlive it; at least one scorer. All have
  // loaded the same model.
  ScoringPipeline(const PipelineOptions& options, Clock* clock, const ConversationEncoder* encoder,
                  std::vector<Scorer*> scorers);
  ~ScoringPipeline();  // As Drain(absl::InfinitePast()).
  ScoringPipeline(const ScoringPipeline&) = delete;
  ScoringPipeline& operator=(const ScoringPipeline&) = delete;

  // Never waits. `done` runs exactly once: on this thread where the request is refused at once,
  // else on an encoder or the completion thread; it must not block. Errors, for the whole request:
  //   INVALID_ARGUMENT              from the encoder.
  //   RESOURCE_EXHAUSTED            too much waits already, or for too long; with the time after
  //                                 which to retry.
  //   DEADLINE_EXCEEDED, CANCELLED  before the answer was ready.
  //   UNAVAILABLE                   draining, or no device is left; retry on another server.
  //   INTERNAL                      two devices failed with it.
  void Submit(PipelineRequest request, ScoredRequestCallback done) ABSL_LOCKS_EXCLUDED(mu_);

  // True where a request of `tenant` finds room. Else `on_change` runs once, on another thread, when
  // that may have changed.
  bool HasRoomOrTell(const std::string& tenant, const std::function<void()>& on_change) {
    return encoders_.HasRoomOrTell(tenant, on_change) &&
           scheduler_.HasRoomOrTell(tenant, on_change);
  }

  // Takes no more requests, answers every one taken, and joins the threads. Requests whose turn has
  // not come by `deadline` are answered UNAVAILABLE. Later calls do nothing.
  void Drain(absl::Time deadline) ABSL_LOCKS_EXCLUDED(mu_);

  PipelineState state() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  // Lives from Submit() until its answer.
  struct Job;

  // Why `request` must not be worked on, or OK.
  Admission CheckArrival(const PipelineRequest& request) ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status CheckAlive(const PipelineRequest& request) const ABSL_LOCKS_EXCLUDED(mu_);
  void EncodeAndSchedule(Job job) ABSL_LOCKS_EXCLUDED(mu_);
  void Schedule(const PipelineRequest& request, ScoreReuse::Own own,
                const ScoreReuse::Report& report);
  // `done`, but for an answer that comes too late.
  ScoredRequestCallback InTime(const Waiter& waiter, ScoredRequestCallback done);
  absl::Status Refuse(Admission admission) const;

  // Constant after construction.
  const PipelineOptions options_;
  Clock* const clock_;                        // Borrowed.
  Observer* const observer_;                  // Borrowed.
  const ConversationEncoder* const encoder_;  // Borrowed.

  mutable Mutex mu_;
  bool draining_ ABSL_GUARDED_BY(mu_) = false;  // False, then true for good.
  absl::Time drain_deadline_ ABSL_GUARDED_BY(mu_) = absl::InfiniteFuture();
  int64_t requests_ ABSL_GUARDED_BY(mu_) = 0;

  // In the order of the flow; drained in that order, too, so that what was taken goes through.
  ScoreReuse reuse_;
  BatchScheduler scheduler_;
  ThreadPool encoders_;
};

}  // namespace assay

#endif  // ASSAY_SERVER_SCORING_PIPELINE_H_
