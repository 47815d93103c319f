// server/option_table.h
// The one table of everything that can be set: flags, ASSAY_* variables, the configuration file,
// --help and the checks of ranges are all made from it. Reading and writing values is
// option_value.h's business; what contradicts what is ServerOptions::Validate()'s.
#ifndef ASSAY_SERVER_OPTION_TABLE_H_
#define ASSAY_SERVER_OPTION_TABLE_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/options.h"

namespace assay {

struct AllOptions {
  ServerOptions server;
  ModelOptions model;
};

using OptionMember =
    std::variant<std::string ServerOptions::*, int64_t ServerOptions::*,
                 absl::Duration ServerOptions::*, bool ServerOptions::*, std::string ModelOptions::*,
                 int64_t ModelOptions::*, bool ModelOptions::*>;

enum class OptionKind {
  kText,
  kChoice,   // One of `choices`.
  kInteger,  // `low`..`high`.
  kSeconds,  // The same, fractions allowed.
  kSwitch,   // true or false.
};

struct Option {
  const char* name;   // Of the file's key; the flag is --max-batch-tokens, see FlagOf().
  const char* group;  // Its heading in --help.
  const char* unit;   // "TOKENS"; what stands for the value in --help.
  const char* help;   // Without range, choices and default.
  OptionMember member;
  int64_t low = 0;
  int64_t high = 0;
  bool zero_too = false;  // 0 is allowed beside low..high.
  std::vector<const char*> choices = {};

  OptionKind kind() const;
  bool OfServer() const;  // Of ServerOptions; else of ModelOptions.
};

// In the order of --help. Names are unique.
absl::Span<const Option> OptionTable();

// Null where there is none.
const Option* FindOption(absl::string_view name);

// Names as users write them: "--max-batch-tokens", "ASSAY_MAX_BATCH_TOKENS".
std::string FlagOf(absl::string_view name);
std::string VariableOf(absl::string_view name);

}  // namespace assay

#endif  // ASSAY_SERVER_OPTION_TABLE_H_
