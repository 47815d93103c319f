#include "server/metrics.h"

#include <prometheus/gauge.h>
#include <prometheus/text_serializer.h>

#include <iterator>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/metric_table.h"
#include "server/observer_names.h"
#include "server/process_stats.h"

namespace assay {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Registry;

using Boundaries = Histogram::BucketBoundaries;

// A lone short request on a GPU takes a millisecond; one that waits behind a full queue on a CPU,
// minutes.
const Boundaries& Seconds() {
  static const auto* const kSeconds = new Boundaries{
      0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250};
  return *kSeconds;
}

// From one to 2^24, the largest batch that options allow.
const Boundaries& Tokens() {
  static const auto* const kTokens =
      new Boundaries{16, 64, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 262144};
  return *kTokens;
}

const Boundaries& Sequences() {
  static const auto* const kSequences =
      new Boundaries{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096};
  return *kSequences;
}

Family<Counter>& CounterFamily(Registry* registry, const MetricText& text) {
  return prometheus::BuildCounter().Name(text.name).Help(text.help).Register(*registry);
}

Family<Histogram>& HistogramFamily(Registry* registry, const MetricText& text) {
  return prometheus::BuildHistogram().Name(text.name).Help(text.help).Register(*registry);
}

Family<Gauge>& GaugeFamily(Registry* registry, const MetricText& text) {
  return prometheus::BuildGauge().Name(text.name).Help(text.help).Register(*registry);
}

// A counter for each of `kinds`, so that each is there, at zero, before it first happens.
template <typename Kinds>
std::vector<Counter*> CounterOfEach(Registry* registry, const MetricText& text, const char* label,
                                    const Kinds& kinds) {
  Family<Counter>& family = CounterFamily(registry, text);
  std::vector<Counter*> counters;
  for (const auto kind : kinds) counters.push_back(&family.Add({{label, NameOf(kind)}}));
  return counters;
}

template <typename Kinds, typename Kind>
size_t IndexOf(const Kinds& kinds, Kind kind) {
  size_t i = 0;
  while (kinds[i] != kind) ++i;
  return i;
}

}  // namespace

Metrics::Metrics(const ModelInfo& model, MetricSources sources)
    : flops_per_token_(model.flops_per_token),
      sources_(std::move(sources)),
      requests_(CounterFamily(&registry_, metric::kRequests)),
      request_seconds_(HistogramFamily(&registry_, metric::kRequestSeconds)),
      stages_([this]() -> Stages {
        Family<Histogram>& family = HistogramFamily(&registry_, metric::kStageSeconds);
        return {.wait_encode = family.Add({{"stage", "wait_encode"}}, Seconds()),
                .encode = family.Add({{"stage", "encode"}}, Seconds()),
                .queue = family.Add({{"stage", "queue"}}, Seconds()),
                .forward = family.Add({{"stage", "forward"}}, Seconds())};
      }()),
      tenant_requests_(CounterFamily(&registry_, metric::kTenantRequests)),
      batches_(CounterFamily(&registry_, metric::kBatches).Add({})),
      batch_tokens_(HistogramFamily(&registry_, metric::kBatchTokens).Add({}, Tokens())),
      batch_sequences_(HistogramFamily(&registry_, metric::kBatchSequences).Add({}, Sequences())),
      input_tokens_(CounterFamily(&registry_, metric::kTokens).Add({{"kind", "input"}})),
      computed_tokens_(CounterFamily(&registry_, metric::kTokens).Add({{"kind", "computed"}})),
      forward_seconds_(HistogramFamily(&registry_, metric::kForwardSeconds)),
      responses_failed_(CounterFamily(&registry_, metric::kResponsesFailed).Add({})),
      model_flops_(CounterFamily(&registry_, metric::kModelFlops).Add({})),
      refusals_(CounterOfEach(&registry_, metric::kRefusals, "reason", kRefusals)),
      deadline_misses_(
          CounterOfEach(&registry_, metric::kDeadlineMisses, "stage", kDeadlineStages)) {
  GaugeFamily(&registry_, metric::kModelInfo)
      .Add({{"name", model.name},
            {"revision", model.revision},
            {"dtype", model.dtype},
            {"heads", model.heads},
            {"architecture", model.architecture}})
      .Set(1);
  GaugeFamily(&registry_, metric::kBuildInfo).Add({{"version", ASSAY_VERSION}}).Set(1);
  if (model.peak_flops > 0) {
    GaugeFamily(&registry_, metric::kPeakFlops).Add({}).Set(model.peak_flops);
  }
}

std::string Metrics::Text() const {
  std::vector<prometheus::MetricFamily> families = registry_.Collect();
  const auto append = [&families](std::vector<prometheus::MetricFamily> more) {
    families.insert(families.end(), std::make_move_iterator(more.begin()),
                    std::make_move_iterator(more.end()));
  };
  append(StateMetrics(sources_.state()));
  if (sources_.device_memory) append(DeviceMemoryMetrics(sources_.device_memory()));
  if (const auto stats = ReadProcessStats(); stats.ok()) append(ProcessMetrics(*stats));
  return prometheus::TextSerializer().Serialize(families);
}

int64_t Metrics::Refused(Refusal reason) const {
  return static_cast<int64_t>(refusals_[IndexOf(kRefusals, reason)]->Value());
}

int64_t Metrics::DeadlinesMissed(DeadlineStage stage) const {
  return static_cast<int64_t>(deadline_misses_[IndexOf(kDeadlineStages, stage)]->Value());
}

void Metrics::OnRequest(const RequestRecord& request) {
  const std::string method(request.method);
  requests_.Add({{"method", method}, {"code", absl::StatusCodeToString(request.code)}}).Increment();
  request_seconds_.Add({{"method", method}}, Seconds())
      .Observe(absl::ToDoubleSeconds(request.total));
  tenant_requests_.Add({{"tenant", TenantLabel(request.tenant)}}).Increment();
  // A request that was not scored has no times of the stages it never reached.
  if (request.code != absl::StatusCode::kOk || request.method == "GetModel") return;
  stages_.wait_encode.Observe(absl::ToDoubleSeconds(request.stages.wait_encode));
  stages_.encode.Observe(absl::ToDoubleSeconds(request.stages.encode));
  stages_.queue.Observe(absl::ToDoubleSeconds(request.stages.queue));
  stages_.forward.Observe(absl::ToDoubleSeconds(request.stages.forward));
}

void Metrics::OnBatch(const BatchRecord& batch) {
  const auto computed = static_cast<double>(batch.computed_tokens);
  batches_.Increment();
  batch_tokens_.Observe(computed);
  batch_sequences_.Observe(static_cast<double>(batch.responses));
  input_tokens_.Increment(static_cast<double>(batch.input_tokens));
  computed_tokens_.Increment(computed);
  forward_seconds_.Add({{"device", std::string(batch.device)}}, Seconds())
      .Observe(absl::ToDoubleSeconds(batch.forward));
  responses_failed_.Increment(static_cast<double>(batch.failed));
  model_flops_.Increment(computed * flops_per_token_);
}

void Metrics::OnRefusal(Refusal reason) { refusals_[IndexOf(kRefusals, reason)]->Increment(); }

void Metrics::OnDeadlineMissed(DeadlineStage stage) {
  deadline_misses_[IndexOf(kDeadlineStages, stage)]->Increment();
}

std::string Metrics::TenantLabel(absl::string_view tenant) {
  std::string name(tenant);
  MutexLock lock(&mu_);
  if (tenants_.count(name) == 0) {
    if (tenants_.size() == kTenants) return "other";
    tenants_.insert(name);
  }
  return name;
}

}  // namespace assay
