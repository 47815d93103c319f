// model/model_flops.h
// How much arithmetic a model is and a device can do, for telling how well the one uses the other.
// Pure functions.
#ifndef ASSAY_MODEL_MODEL_FLOPS_H_
#define ASSAY_MODEL_MODEL_FLOPS_H_

#include "absl/strings/string_view.h"
#include "model/model_config.h"

namespace assay {

// Floating-point operations of the trunk's matrix products for one token: two for each value of
// its matrices. Attention between tokens, norms and heads are left out.
double TrunkFlopsPerToken(const ModelConfig& config);

// Dense operations per second that NVIDIA publishes for `device_name` (see DeviceName(),
// devices.h) at `dtype`; 0 where this table does not know the two together. Source: the data sheets
// of A100, H100 and H200, SXM forms, without sparsity.
double PublishedFlops(absl::string_view device_name, absl::string_view dtype);

}  // namespace assay

#endif  // ASSAY_MODEL_MODEL_FLOPS_H_
