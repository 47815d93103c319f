#include "client/text_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>

#include "absl/strings/str_cat.h"

namespace assay::client {

absl::Status WriteTextFile(const std::string& path, absl::string_view text) {
  const std::string temporary = absl::StrCat(path, ".", getpid(), ".tmp");
  errno = 0;
  std::ofstream file(temporary, std::ios::binary);
  if (!file.is_open()) return absl::ErrnoToStatus(errno, absl::StrCat(path, " cannot be written"));
  file << text;
  file.close();
  if (!file.good()) {
    std::remove(temporary.c_str());
    return absl::DataLossError(absl::StrCat(path, " could not be written"));
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    const absl::Status status =
        absl::ErrnoToStatus(errno, absl::StrCat(path, " cannot be written"));
    std::remove(temporary.c_str());
    return status;
  }
  return absl::OkStatus();
}

}  // namespace assay::client
