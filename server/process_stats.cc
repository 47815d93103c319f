#include "server/process_stats.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"

namespace assay {
namespace {

// Fields of /proc/PID/stat after the program's name, which may hold anything: see proc(5), whose
// number is three more.
constexpr size_t kUserTicks = 11;
constexpr size_t kSystemTicks = 12;
constexpr size_t kStartTicks = 19;
constexpr size_t kResidentPages = 21;

absl::StatusOr<std::string> ReadAll(const std::string& path) {
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

absl::StatusOr<int64_t> BootTime(const std::string& path) {
  ASSAY_ASSIGN_OR_RETURN(const std::string text, ReadAll(path));
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    int64_t seconds = 0;
    if (absl::ConsumePrefix(&line, "btime ") && absl::SimpleAtoi(line, &seconds)) return seconds;
  }
  return absl::DataLossError(absl::StrCat(path, ": no btime"));
}

absl::StatusOr<int64_t> CountEntries(const std::string& folder) {
  std::error_code error;
  int64_t entries = 0;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    ++entries;
  }
  if (error) return absl::NotFoundError(absl::StrCat(folder, ": ", error.message()));
  return entries;
}

}  // namespace

absl::StatusOr<ProcessStats> ReadProcessStats(const std::string& proc) {
  const std::string path = absl::StrCat(proc, "/self/stat");
  ASSAY_ASSIGN_OR_RETURN(const std::string text, ReadAll(path));
  const size_t name_end = text.rfind(") ");
  std::vector<absl::string_view> fields;
  if (name_end != std::string::npos) {
    fields = absl::StrSplit(absl::string_view(text).substr(name_end + 2), ' ');
  }
  int64_t user = 0;
  int64_t system = 0;
  int64_t start = 0;
  int64_t pages = 0;
  if (fields.size() <= kResidentPages || !absl::SimpleAtoi(fields[kUserTicks], &user) ||
      !absl::SimpleAtoi(fields[kSystemTicks], &system) ||
      !absl::SimpleAtoi(fields[kStartTicks], &start) ||
      !absl::SimpleAtoi(fields[kResidentPages], &pages)) {
    return absl::DataLossError(absl::StrCat(path, ": not the fields of proc(5)"));
  }
  ASSAY_ASSIGN_OR_RETURN(const int64_t booted, BootTime(absl::StrCat(proc, "/stat")));
  ASSAY_ASSIGN_OR_RETURN(const int64_t fds, CountEntries(absl::StrCat(proc, "/self/fd")));
  const auto ticks_per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  return ProcessStats{.cpu_seconds = static_cast<double>(user + system) / ticks_per_second,
                      .resident_bytes = pages * sysconf(_SC_PAGESIZE),
                      .open_fds = fds,
                      .start_time_seconds = static_cast<double>(booted) +
                                            static_cast<double>(start) / ticks_per_second};
}

}  // namespace assay
