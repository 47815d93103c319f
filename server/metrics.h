// server/metrics.h
// Counts what happens in a server and writes it down for Prometheus, with what state_metrics.h
// reads. Names and meanings are metric_table.h's. No label's value comes from a request but the
// tenant's name, of which there are at most 101.
#ifndef ASSAY_SERVER_METRICS_H_
#define ASSAY_SERVER_METRICS_H_

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_set>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "model/types.h"
#include "server/observer.h"
#include "server/server_state.h"
#include "server/state_metrics.h"

namespace assay {

// Where Text() looks; called on its caller's thread.
struct MetricSources {
  std::function<ServerState()> state;
  std::function<std::vector<DeviceMemoryReading>()> device_memory;  // Null: no GPU.
};

// Thread-safe.
class Metrics : public Observer {
 public:
  static constexpr size_t kTenants = 100;  // By name; the rest are "other".

  Metrics(const ModelInfo& model, MetricSources sources);

  // All families, in Prometheus' text format 0.0.4. The process's are left out where /proc cannot
  // be read.
  std::string Text() const;

  int64_t Refused(Refusal reason) const;
  int64_t DeadlinesMissed(DeadlineStage stage) const;

  void OnRequest(const RequestRecord& request) override ABSL_LOCKS_EXCLUDED(mu_);
  void OnBatch(const BatchRecord& batch) override;
  void OnRefusal(Refusal reason) override;
  void OnDeadlineMissed(DeadlineStage stage) override;

 private:
  struct Stages {
    prometheus::Histogram& wait_encode;
    prometheus::Histogram& encode;
    prometheus::Histogram& queue;
    prometheus::Histogram& forward;
  };

  // `tenant`, or "other" beyond the first kTenants.
  std::string TenantLabel(absl::string_view tenant) ABSL_LOCKS_EXCLUDED(mu_);

  const double flops_per_token_;
  const MetricSources sources_;

  // The rest refer into it; it is thread-safe, and so are they.
  prometheus::Registry registry_;
  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Family<prometheus::Histogram>& request_seconds_;
  const Stages stages_;
  prometheus::Family<prometheus::Counter>& tenant_requests_;
  prometheus::Counter& batches_;
  prometheus::Histogram& batch_tokens_;
  prometheus::Histogram& batch_sequences_;
  prometheus::Counter& input_tokens_;
  prometheus::Counter& computed_tokens_;
  prometheus::Family<prometheus::Histogram>& forward_seconds_;
  prometheus::Counter& responses_failed_;
  prometheus::Counter& model_flops_;
  const std::vector<prometheus::Counter*> refusals_;         // In the order of kRefusals.
  const std::vector<prometheus::Counter*> deadline_misses_;  // In the order of kDeadlineStages.

  Mutex mu_;
  std::unordered_set<std::string> tenants_ ABSL_GUARDED_BY(mu_);
};

}  // namespace assay

#endif  // ASSAY_SERVER_METRICS_H_
