// server/scoring_pipeline.h
// A validated request from texts to scores: encoder threads (chat template, tokenizer), then the
// batch scheduler, then the results put back in the order of the responses. Knows neither gRPC nor
// torch, judges no request (that is request_validator.h) and computes no score.
#ifndef ASSAY_SERVER_SCORING_PIPELINE_H_
#define ASSAY_SERVER_SCORING_PIPELINE_H_

#include <cstdint>
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
#include "server/score_task.h"
#include "server/scored_request.h"
#include "server/thread_pool.h"

namespace assay {

struct PipelineOptions {
  int encoder_threads = 1;  // > 0.
  // Bytes of text that may wait for an encoder thread; each request also counts 1 KiB. > 0.
  int64_t max_waiting_bytes = int64_t{256} << 20;
  BatchSchedulerOptions batching = {};
};

struct PipelineRequest {
  std::vector<Message> prompt;         // At least one.
  std::vector<std::string> responses;  // At least one.
  EncodeOptions encode = {};
  absl::Time deadline = absl::InfiniteFuture();
  CancelFlag cancelled = nullptr;  // Null: never cancelled.
  std::string tenant = "default";
  Priority priority = Priority::kInteractive;
};

// Thread-safe, except that the owner alone calls Drain() and the destructor.
class ScoringPipeline {
 public:
  // Borrows `clock`, `encoder` and `scorers`, which must outlive it; at least one scorer.
  ScoringPipeline(const PipelineOptions& options, Clock* clock, const ConversationEncoder* encoder,
                  std::vector<Scorer*> scorers);
  ~ScoringPipeline();  // As Drain(absl::InfinitePast()).
  ScoringPipeline(const ScoringPipeline&) = delete;
  ScoringPipeline& operator=(const ScoringPipeline&) = delete;

  // Never waits. `done` runs exactly once: on this thread where the request is refused at once,
  // else on an encoder or the completion thread; it must not block. Errors, for the whole request:
  //   INVALID_ARGUMENT              from the encoder.
  //   RESOURCE_EXHAUSTED            too much text or too many tokens wait already; retry with
  //   backoff. DEADLINE_EXCEEDED, CANCELLED  before a forward pass began. UNAVAILABLE draining;
  //   retry on another server.
  void Submit(PipelineRequest request, ScoredRequestCallback done) ABSL_LOCKS_EXCLUDED(mu_);

  // Takes no more requests, answers every one taken, and joins the threads. Requests whose turn has
  // not come by `deadline` are answered UNAVAILABLE. Later calls do nothing.
  void Drain(absl::Time deadline) ABSL_LOCKS_EXCLUDED(mu_);

  PipelineState state() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void EncodeAndSchedule(PipelineRequest request, absl::Time arrived, ScoredRequestCallback done)
      ABSL_LOCKS_EXCLUDED(mu_);
  // Why `request` must not be worked on any more, or OK.
  absl::Status CheckAlive(const PipelineRequest& request) const ABSL_LOCKS_EXCLUDED(mu_);

  // Constant after construction.
  const PipelineOptions options_;
  Clock* const clock_;                        // Borrowed.
  const ConversationEncoder* const encoder_;  // Borrowed.

  mutable Mutex mu_;
  bool draining_ ABSL_GUARDED_BY(mu_) = false;  // False, then true for good.
  absl::Time drain_deadline_ ABSL_GUARDED_BY(mu_) = absl::InfiniteFuture();
  int64_t requests_ ABSL_GUARDED_BY(mu_) = 0;

  // In the order of the flow; drained in that order, too, so that what was taken goes through.
  BatchScheduler scheduler_;
  ThreadPool encoders_;
};

}  // namespace assay

#endif  // ASSAY_SERVER_SCORING_PIPELINE_H_
