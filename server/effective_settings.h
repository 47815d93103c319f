// server/effective_settings.h
// What the options came to once the model was loaded: "auto" and 0 are answers to no one who asks
// how a server runs.
#ifndef ASSAY_SERVER_EFFECTIVE_SETTINGS_H_
#define ASSAY_SERVER_EFFECTIVE_SETTINGS_H_

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "model/types.h"
#include "server/flags.h"

namespace assay {

// flags.settings, their sources unchanged, with the values that `info` and `devices`, one a worker,
// decided: chat_template, device, dtype, max_batch_tokens, model_name and workers. cpu_threads
// stays 0 where it is left to the machine.
std::vector<Setting> EffectiveSettings(const ServerFlags& flags, const ModelInfo& info,
                                       absl::Span<const std::string> devices);

// One line for the log: those that are not defaults, with where each came from.
std::string DescribeSettings(absl::Span<const Setting> settings);

}  // namespace assay

#endif  // ASSAY_SERVER_EFFECTIVE_SETTINGS_H_
