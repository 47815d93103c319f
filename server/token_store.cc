#include "server/token_store.h"

#include <spdlog/spdlog.h>

#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace assay {
namespace {

constexpr size_t kMaxBytes = size_t{16} << 20;

absl::StatusOr<std::string> ReadSmallFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes;
  if (file) {
    bytes.resize(kMaxBytes + 1);
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<size_t>(file.gcount()));
  }
  // A folder opens like a file, and fails when it is read.
  if (!file.is_open() || file.bad() || (file.fail() && !file.eof())) {
    return absl::NotFoundError(
        absl::StrCat("tokens: ", path, " cannot be read: name a file of tokens that is there"));
  }
  if (bytes.size() > kMaxBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("tokens: ", path, " is over ", kMaxBytes, " bytes: no file of tokens"));
  }
  return bytes;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TokenStore>> TokenStore::Create(const std::string& path) {
  std::unique_ptr<TokenStore> store(new TokenStore(path));
  ASSAY_RETURN_IF_ERROR(store->Reload());
  return store;
}

absl::Status TokenStore::Reload() {
  ASSAY_ASSIGN_OR_RETURN(std::string bytes, ReadSmallFile(path_));
  {
    MutexLock lock(&mu_);
    if (tokens_ != nullptr && bytes == bytes_) return absl::OkStatus();
  }
  ASSAY_ASSIGN_OR_RETURN(TokenFile file, TokenFile::Parse(bytes, absl::StrCat("tokens: ", path_)));
  auto tokens = std::make_shared<const TokenFile>(std::move(file));
  spdlog::info("{} tokens read from {}", tokens->size(), path_);
  MutexLock lock(&mu_);
  bytes_ = std::move(bytes);
  tokens_ = std::move(tokens);
  return absl::OkStatus();
}

std::shared_ptr<const TokenFile> TokenStore::Current() const {
  MutexLock lock(&mu_);
  return tokens_;
}

}  // namespace assay
