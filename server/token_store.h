// server/token_store.h
// The tokens a server knows right now: a TokenFile on disk, read again when asked. When to ask is
// the owner's business (periodic_task.h).
#ifndef ASSAY_SERVER_TOKEN_STORE_H_
#define ASSAY_SERVER_TOKEN_STORE_H_

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "server/token_file.h"

namespace assay {

// Thread-safe.
class TokenStore {
 public:
  //   NOT_FOUND         `path` cannot be read.
  //   INVALID_ARGUMENT  from TokenFile::Parse(), or a file over 16 MiB.
  static absl::StatusOr<std::unique_ptr<TokenStore>> Create(const std::string& path);

  // Takes the file over where its bytes changed: calls that begin from now on are judged by it. On
  // an error, one of Create()'s, the tokens stay as they were.
  absl::Status Reload() ABSL_LOCKS_EXCLUDED(mu_);

  // The tokens in use; stays good while it is held.
  std::shared_ptr<const TokenFile> Current() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  explicit TokenStore(std::string path) : path_(std::move(path)) {}

  const std::string path_;

  mutable Mutex mu_;
  std::string bytes_ ABSL_GUARDED_BY(mu_);  // Of the file in use.
  std::shared_ptr<const TokenFile> tokens_ ABSL_GUARDED_BY(mu_);
};

}  // namespace assay

#endif  // ASSAY_SERVER_TOKEN_STORE_H_
