#include "model/machine.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace assay {
namespace {

constexpr int64_t kKibibyte = 1024;

// What follows "key", blanks and a colon on the first line that begins so; nullopt where none does.
std::optional<std::string> FieldOf(const std::string& path, absl::string_view key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(line, absl::MaxSplits(':', 1));
    if (absl::StripAsciiWhitespace(parts.first) == key) {
      return std::string(absl::StripAsciiWhitespace(parts.second));
    }
  }
  return std::nullopt;
}

// The number that the file holds; nullopt where it is not there or says "max".
std::optional<int64_t> LimitIn(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  int64_t limit = 0;
  if (!std::getline(file, line) || !absl::SimpleAtoi(line, &limit)) return std::nullopt;
  return limit;
}

// Lowers `memory` to the limits of the group at `path` under `mount` and of all groups above it.
void ApplyLimits(const std::string& mount, absl::string_view path, absl::string_view file,
                 int64_t& memory) {
  while (true) {
    path = absl::StripSuffix(path, "/");
    const std::optional<int64_t> limit = LimitIn(absl::StrCat(mount, path, "/", file));
    if (limit.has_value()) memory = std::min(memory, *limit);
    if (path.empty()) return;
    path = path.substr(0, path.rfind('/'));
  }
}

}  // namespace

absl::StatusOr<int64_t> AvailableMemory(const std::string& root) {
  const std::string meminfo = absl::StrCat(root, "/proc/meminfo");
  const std::optional<std::string> field = FieldOf(meminfo, "MemAvailable");
  int64_t kibibytes = 0;
  if (!field.has_value() ||
      !absl::SimpleAtoi(absl::StripAsciiWhitespace(absl::StripSuffix(*field, "kB")), &kibibytes)) {
    return absl::UnknownError(absl::StrCat(meminfo, ": no MemAvailable"));
  }
  int64_t memory = kibibytes * kKibibyte;
  // A line is "number:controllers:/path"; version 2 has no controllers.
  std::ifstream groups(absl::StrCat(root, "/proc/self/cgroup"));
  for (std::string line; std::getline(groups, line);) {
    const std::vector<std::string> parts = absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (parts.size() != 3) continue;
    const std::vector<std::string> controllers = absl::StrSplit(parts[1], ',');
    if (parts[1].empty()) {
      ApplyLimits(absl::StrCat(root, "/sys/fs/cgroup"), parts[2], "memory.max", memory);
    } else if (std::find(controllers.begin(), controllers.end(), "memory") != controllers.end()) {
      ApplyLimits(absl::StrCat(root, "/sys/fs/cgroup/memory"), parts[2], "memory.limit_in_bytes",
                  memory);
    }
  }
  return memory;
}

std::string ProcessorName(const std::string& root) {
  return FieldOf(absl::StrCat(root, "/proc/cpuinfo"), "model name").value_or("");
}

}  // namespace assay
