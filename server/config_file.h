// server/config_file.h
// The configuration file: YAML, one option a line, keys as in the option table.
//
//   listen: 0.0.0.0:50051
//   max_batch_tokens: 16384
//
// Values are texts here; what they mean is option_value.h's business.
#ifndef ASSAY_SERVER_CONFIG_FILE_H_
#define ASSAY_SERVER_CONFIG_FILE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/option_table.h"
#include "server/setting.h"

namespace assay {

struct ConfigEntry {
  const Option* option;  // Never null; of the table.
  std::string value;
  int line;  // From 1.
};

// In the file's order, each option at most once. `file` is what errors call the text.
//   INVALID_ARGUMENT  "FILE:LINE: KEY: ...": no such option, with the nearest there is; a key given
//                     twice; a list, a map, an alias or no value; or no YAML, or more than one
//                     document.
absl::StatusOr<std::vector<ConfigEntry>> ParseConfig(absl::string_view text,
                                                     absl::string_view file);

// The same of the file at `path`, of at most 1 MiB.
//   NOT_FOUND         it cannot be read; the message says why.
//   INVALID_ARGUMENT  it is larger, or as ParseConfig().
absl::StatusOr<std::vector<ConfigEntry>> ReadConfig(const std::string& path);

// The text of a configuration file that gives `settings`, all of the option table, with where each
// came from as a comment.
std::string DumpConfig(absl::Span<const Setting> settings);

}  // namespace assay

#endif  // ASSAY_SERVER_CONFIG_FILE_H_
