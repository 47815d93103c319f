#include "server/config_file.h"

#include <yaml-cpp/emitter.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "server/nearest_name.h"

namespace assay {
namespace {

constexpr size_t kMaxFileBytes = size_t{1} << 20;

// A file's bytes as errors repeat them, which may be anything.
std::string Shown(absl::string_view text) {
  std::string shown;
  for (const char c : text.substr(0, 64)) shown += absl::ascii_isprint(c) ? c : '?';
  return text.size() > 64 ? shown + "..." : shown;
}

std::string Suggestion(absl::string_view key) {
  std::vector<std::string> names;
  for (const Option& option : OptionTable()) names.emplace_back(option.name);
  const std::string nearest = NearestName(key, names);
  return nearest.empty() ? "; --help lists them all"
                         : absl::StrCat("; did you mean ", nearest, "?");
}

// Takes one document as it is parsed; after the first error it listens no more.
class FlatMap : public YAML::EventHandler {
 public:
  explicit FlatMap(absl::string_view file) : file_(file) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    if (depth_ > 0) OnValueOfKind(mark, "no value", std::nullopt);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    OnValueOfKind(mark, "an alias", std::nullopt);
  }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                const std::string& value) override {
    OnValueOfKind(mark, "a single value", value);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    OnValueOfKind(mark, "a list", std::nullopt);
    ++depth_;
  }
  void OnSequenceEnd() override { --depth_; }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    if (depth_ > 0) OnValueOfKind(mark, "a map", std::nullopt);
    ++depth_;
  }
  void OnMapEnd() override { --depth_; }

  absl::StatusOr<std::vector<ConfigEntry>> Take() {
    ASSAY_RETURN_IF_ERROR(error_);
    return std::move(entries_);
  }

 private:
  template <typename... Parts>
  void Refuse(int line, const Parts&... parts) {
    error_ = absl::InvalidArgumentError(absl::StrCat(file_, ":", line, ": ", parts...));
  }

  // A scalar has a `text`; anything else only a name for what it is.
  void OnValueOfKind(const YAML::Mark& mark, const char* kind,
                     const std::optional<std::string>& text) {
    if (!error_.ok()) return;
    if (depth_ == 0) return Refuse(mark.line + 1, "holds ", kind, ", must hold \"KEY: VALUE\"");
    if (key_ == nullptr) return TakeKey(mark.line + 1, kind, text);
    if (!text.has_value()) {
      return Refuse(line_, key_->name, ": has ", kind, ", must have a single one");
    }
    entries_.push_back({.option = key_, .value = *text, .line = line_});
    key_ = nullptr;
  }

  void TakeKey(int line, const char* kind, const std::optional<std::string>& text) {
    if (!text.has_value()) return Refuse(line, "a key is ", kind, ", must be an option's name");
    key_ = FindOption(*text);
    line_ = line;
    if (key_ == nullptr) return Refuse(line, Shown(*text), ": no such option", Suggestion(*text));
    for (const ConfigEntry& entry : entries_) {
      if (entry.option == key_) {
        return Refuse(line, *text, ": given before, in line ", entry.line, ": keep one of them");
      }
    }
  }

  const absl::string_view file_;
  absl::Status error_;
  std::vector<ConfigEntry> entries_;
  int depth_ = 0;  // Maps and lists that are open.
  // Of the pair that is open; null: a key comes next.
  const Option* key_ = nullptr;
  int line_ = 0;
};

}  // namespace

absl::StatusOr<std::vector<ConfigEntry>> ParseConfig(absl::string_view text,
                                                     absl::string_view file) {
  FlatMap map(file);
  std::istringstream stream{std::string(text)};
  try {
    YAML::Parser parser(stream);
    if (parser.HandleNextDocument(map)) {
      ASSAY_ASSIGN_OR_RETURN(std::vector<ConfigEntry> entries, map.Take());
      FlatMap second(file);
      if (parser.HandleNextDocument(second)) {
        return absl::InvalidArgumentError(
            absl::StrCat(file, ": holds more than one YAML document: keep one of them"));
      }
      return entries;
    }
  } catch (const YAML::Exception& error) {
    // What was read before the place where YAML ends comes first in the file.
    ASSAY_RETURN_IF_ERROR(map.Take().status());
    return absl::InvalidArgumentError(
        absl::StrCat(file, ":", error.mark.line + 1, ": not YAML: ", Shown(error.msg)));
  }
  return std::vector<ConfigEntry>();
}

absl::StatusOr<std::vector<ConfigEntry>> ReadConfig(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxFileBytes + 1, '\0');
  // Reading, not opening, is what fails of a folder.
  if (!file || !file.read(text.data(), static_cast<std::streamsize>(text.size()))) {
    if (!file.eof()) {
      return absl::NotFoundError(
          absl::StrCat(path, ": the configuration file cannot be read: ", std::strerror(errno)));
    }
  }
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kMaxFileBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": larger than ", kMaxFileBytes, " bytes: not a configuration file"));
  }
  return ParseConfig(text, path);
}

std::string DumpConfig(absl::Span<const Setting> settings) {
  YAML::Emitter yaml;
  yaml << YAML::BeginMap;
  for (const Setting& setting : settings) {
    const Option* option = FindOption(setting.name);
    const bool text = option == nullptr || option->kind() == OptionKind::kText;
    yaml << YAML::Key << setting.name << YAML::Value;
    if (text) yaml << YAML::DoubleQuoted;
    yaml << setting.value << YAML::Comment(setting.source);
  }
  yaml << YAML::EndMap;
  return absl::StrCat(yaml.c_str(), "\n");
}

}  // namespace assay
