#include "server/effective_settings.h"

#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace assay {

std::vector<Setting> EffectiveSettings(const ServerFlags& flags, const ModelInfo& info,
                                       absl::Span<const std::string> devices) {
  const std::set<std::string> distinct(devices.begin(), devices.end());
  const size_t workers = distinct.empty() ? 0 : devices.size() / distinct.size();
  const int64_t batch_tokens = WithDeviceDefaults(flags.server, devices).max_batch_tokens;
  const std::map<std::string, std::string> decided = {
      {"chat_template", info.chat_template},
      {"device", absl::StrJoin(distinct, ",")},
      {"dtype", info.dtype},
      {"max_batch_tokens", absl::StrCat(batch_tokens)},
      {"model_name", info.name},
      {"workers", absl::StrCat(workers)},
  };
  std::vector<Setting> settings = flags.settings;
  for (Setting& setting : settings) {
    const auto found = decided.find(setting.name);
    if (found != decided.end()) setting.value = found->second;
  }
  return settings;
}

std::string DescribeSettings(absl::Span<const Setting> settings) {
  std::vector<std::string> set;
  for (const Setting& setting : settings) {
    if (setting.source == "default") continue;
    set.push_back(absl::StrCat(setting.name, "=", setting.value, " (", setting.source, ")"));
  }
  if (set.empty()) return "configuration: all defaults";
  return absl::StrCat("configuration: ", absl::StrJoin(set, ", "), "; the rest defaults");
}

}  // namespace assay
