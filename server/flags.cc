#include "server/flags.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/config_file.h"
#include "server/nearest_name.h"
#include "server/option_table.h"
#include "server/option_value.h"

namespace assay {
namespace {

constexpr const char* kConfigVariable = "ASSAY_CONFIG";
// Read elsewhere, or by the programs' tests; near to options' names all the same.
constexpr const char* kOtherVariables[] = {kConfigVariable, "ASSAY_MODELS", "ASSAY_ADDRESS",
                                           "ASSAY_FAKE_GATE"};

// What the command line says, before anything is judged.
struct CommandLine {
  std::map<std::string, std::string> values;  // By option.
  std::string config;
  bool print_config = false;
};

std::string HelpOf(const Option& option) {
  const std::string range = RangeOf(option);
  return absl::StrCat(option.help, range.empty() ? "" : "; ", range,
                      option.zero_too ? ", or 0" : "");
}

void AddOption(CLI::App* app, const Option& option, CommandLine* line) {
  const std::string fallback = ValueOf(option, AllOptions());
  const auto take = [line, name = std::string(option.name)](const std::string& value) {
    line->values[name] = value;
  };
  CLI::Option* flag;
  if (option.kind() == OptionKind::kSwitch && fallback == "false") {
    flag = app->add_flag(FlagOf(option.name))->each(take);
  } else {
    flag = app->add_option_function<std::string>(FlagOf(option.name), take);
  }
  // A switch alone means true. One that is on by default takes the next word, too.
  if (option.kind() == OptionKind::kSwitch && fallback == "true") {
    flag->expected(0, 1)->default_str("true");
  }
  flag->description(HelpOf(option))
      ->group(option.group)
      ->option_text(absl::StrCat(option.unit,
                                 fallback.empty() ? "" : absl::StrCat(" [", fallback, "]"), " (",
                                 VariableOf(option.name), ")"));
}

std::string Environment(const std::string& variable) {
  const char* value = std::getenv(variable.c_str());
  return value == nullptr ? "" : value;
}

// Puts values from all sources over each other, and remembers where each came from.
class Settings {
 public:
  absl::Status FromFile(const std::string& path) {
    ASSAY_ASSIGN_OR_RETURN(const std::vector<ConfigEntry> entries, ReadConfig(path));
    for (const ConfigEntry& entry : entries) {
      ASSAY_RETURN_IF_ERROR(Set(*entry.option, entry.value, "file",
                                absl::StrCat(path, ":", entry.line, ": ", entry.option->name)));
    }
    return absl::OkStatus();
  }

  // An empty variable is as good as none.
  absl::Status FromEnvironment() {
    for (const Option& option : OptionTable()) {
      const std::string variable = VariableOf(option.name);
      const std::string value = Environment(variable);
      if (value.empty()) continue;
      ASSAY_RETURN_IF_ERROR(Set(option, value, "environment", variable));
    }
    return absl::OkStatus();
  }

  absl::Status FromFlags(const std::map<std::string, std::string>& values) {
    for (const auto& [name, value] : values) {
      ASSAY_RETURN_IF_ERROR(Set(*FindOption(name), value, "flag", FlagOf(name)));
    }
    return absl::OkStatus();
  }

  const AllOptions& options() const { return options_; }

  std::vector<Setting> List() const {
    std::vector<Setting> list;
    for (const Option& option : OptionTable()) {
      const auto source = sources_.find(option.name);
      list.push_back({.name = option.name,
                      .value = ValueOf(option, options_),
                      .source = source == sources_.end() ? "default" : source->second});
    }
    std::sort(list.begin(), list.end(),
              [](const Setting& a, const Setting& b) { return a.name < b.name; });
    return list;
  }

 private:
  absl::Status Set(const Option& option, const std::string& value, const char* source,
                   const std::string& where) {
    const absl::Status set = SetOption(option, value, &options_);
    if (!set.ok()) return absl::Status(set.code(), absl::StrCat(where, ": ", set.message()));
    sources_[option.name] = source;
    return absl::OkStatus();
  }

  AllOptions options_;
  std::map<std::string, std::string> sources_;  // By option; absent: default.
};

// A misspelt variable would change nothing in silence.
std::vector<std::string> WarningsOfEnvironment() {
  std::vector<std::string> known(std::begin(kOtherVariables), std::end(kOtherVariables));
  for (const Option& option : OptionTable()) known.push_back(VariableOf(option.name));
  std::vector<std::string> warnings;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const absl::string_view variable =
        absl::string_view(*entry).substr(0, absl::string_view(*entry).find('='));
    if (!absl::StartsWith(variable, "ASSAY_")) continue;
    const std::string nearest = NearestName(variable, known);
    if (nearest.empty() || nearest == variable) continue;
    warnings.push_back(absl::StrCat("the environment's ", variable,
                                    " is no option and changes nothing; did you mean ", nearest,
                                    "?"));
  }
  return warnings;
}

constexpr const char* kFooter =
    "Each option can be set by its flag, its environment variable, or a line \"max_batch_tokens: "
    "16384\"\nof the configuration file; a flag wins over a variable, a variable over the file.\n"
    "Prints \"listening on HOST:PORT\" when ready. SIGTERM and SIGINT stop it once the requests\n"
    "in progress are answered.\n\n"
    "Example:\n"
    "  assay-server --model /models/ArmoRM-Llama3-8B-v0.1 --device cuda:0 --listen "
    "127.0.0.1:50051";

}  // namespace

absl::StatusOr<ServerFlags> ParseServerFlags(int argc, const char* const* argv) {
  ServerFlags flags;
  CommandLine line;
  CLI::App app("Serves a reward model over gRPC: scores assistant replies to a prompt.");
  app.name("assay-server");
  app.footer(kFooter);
  app.set_version_flag("--version", "assay-server " ASSAY_VERSION);
  app.add_option("--config", line.config, "Configuration file, YAML; see --print-config")
      ->option_text(absl::StrCat("FILE (", kConfigVariable, ")"));
  app.add_flag("--print-config", line.print_config,
               "Print what all options come to as a configuration file, and serve nothing");
  for (const Option& option : OptionTable()) AddOption(&app, option, &line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    flags.answer = app.help();
    return flags;
  } catch (const CLI::CallForVersion&) {
    flags.answer = app.version() + "\n";
    return flags;
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(error.what());
  }

  Settings settings;
  const std::string config = line.config.empty() ? Environment(kConfigVariable) : line.config;
  if (!config.empty()) ASSAY_RETURN_IF_ERROR(settings.FromFile(config));
  ASSAY_RETURN_IF_ERROR(settings.FromEnvironment());
  ASSAY_RETURN_IF_ERROR(settings.FromFlags(line.values));
  flags.server = settings.options().server;
  flags.model = settings.options().model;
  ASSAY_RETURN_IF_ERROR(flags.server.Validate());
  flags.settings = settings.List();
  flags.warnings = WarningsOfEnvironment();
  if (line.print_config) flags.answer = DumpConfig(flags.settings);
  return flags;
}

}  // namespace assay
