// tests/client/temp_file.h
// Files that tests write and read back.
#ifndef ASSAY_TESTS_CLIENT_TEMP_FILE_H_
#define ASSAY_TESTS_CLIENT_TEMP_FILE_H_

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"

namespace assay::testing {

// A folder of this process alone, which goes with it.
class TempFolder {
 public:
  TempFolder() {
    std::string path = absl::StrCat(::testing::TempDir(), "/assay_client_XXXXXX");
    path_ = mkdtemp(path.data());
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A path of this process alone; nothing is there yet.
inline std::string TempPath(const std::string& name) {
  static const TempFolder folder;
  return absl::StrCat(folder.path(), "/", name);
}

// The path of a file that holds `bytes`.
inline std::string TempFile(const std::string& name, const std::string& bytes) {
  const std::string path = TempPath(name);
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

inline std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace assay::testing

#endif  // ASSAY_TESTS_CLIENT_TEMP_FILE_H_
