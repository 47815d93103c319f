// Any bytes as a configuration file: an error that begins with the file's name, in printable text, or entries that name
// each option once. Where their values can be set, the options that come of it are the same after being written and read
// again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "server/config_file.h"
#include "server/option_value.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

void RequirePrintable(absl::string_view text) {
  Require(std::all_of(text.begin(), text.end(), absl::ascii_isprint));
}

std::vector<assay::Setting> SettingsOf(const assay::AllOptions& options) {
  std::vector<assay::Setting> settings;
  for (const assay::Option& option : assay::OptionTable()) {
    settings.push_back({.name = option.name, .value = assay::ValueOf(option, options)});
  }
  return settings;
}

// False where a value is refused.
bool Apply(const std::vector<assay::ConfigEntry>& entries, assay::AllOptions* options) {
  std::set<const assay::Option*> seen;
  for (const assay::ConfigEntry& entry : entries) {
    Require(entry.option != nullptr && entry.line >= 1 && seen.insert(entry.option).second);
    const absl::Status set = assay::SetOption(*entry.option, entry.value, options);
    if (set.ok()) continue;
    Require(set.code() == absl::StatusCode::kInvalidArgument && !set.message().empty());
    return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto entries = assay::ParseConfig({reinterpret_cast<const char*>(data), size}, "file");
  if (!entries.ok()) {
    Require(entries.status().code() == absl::StatusCode::kInvalidArgument);
    Require(absl::StartsWith(entries.status().message(), "file:"));
    RequirePrintable(entries.status().message());
    return 0;
  }
  assay::AllOptions options;
  if (!Apply(*entries, &options)) return 0;
  Require(assay::CheckRanges(options.server).ok());
  const std::string text = assay::DumpConfig(SettingsOf(options));
  const auto again = assay::ParseConfig(text, "file");
  assay::AllOptions read;
  Require(again.ok() && again->size() == assay::OptionTable().size() && Apply(*again, &read));
  Require(assay::DumpConfig(SettingsOf(read)) == text);
  return 0;
}
