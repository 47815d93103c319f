// server/reloaded_files.h
// The files that a running server looks at again: its tokens, and its certificates. New tokens are
// taken over here. New certificates are taken over by gRPC (credentials.h), for the connections that
// come then; here the log is told when they are wrong, or run out within two weeks.
#ifndef ASSAY_SERVER_RELOADED_FILES_H_
#define ASSAY_SERVER_RELOADED_FILES_H_

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "server/options.h"
#include "server/periodic_task.h"
#include "server/server_state.h"
#include "server/tls_files.h"
#include "server/token_store.h"

namespace assay {

class ReloadedFiles {
 public:
  // Reads what `options` name, which are valid, then looks again every options.reload_interval. A
  // file that is wrong by then is told in the log, once, and tokens stay as they were. Borrows
  // `clock`. Errors: those of CheckTlsFiles() and TokenStore::Create().
  static absl::StatusOr<std::unique_ptr<ReloadedFiles>> Create(const ServerOptions& options,
                                                               Clock* clock);

  // Null: no file of tokens was named.
  const TokenStore* tokens() const { return tokens_.get(); }

  // As the last look found them. Any thread.
  FilesState state() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  ReloadedFiles(const ServerOptions& options, Clock* clock);

  void Look() ABSL_LOCKS_EXCLUDED(mu_);
  void ReportCertificate(const absl::StatusOr<absl::Time>& good_until) ABSL_LOCKS_EXCLUDED(mu_);
  void SetTokensBad(bool bad) ABSL_LOCKS_EXCLUDED(mu_);

  Clock* const clock_;  // Borrowed.
  const TlsFiles tls_;  // Empty names: no TLS.

  // Create()'s, then the thread's own; tokens_ is thread-safe.
  std::unique_ptr<TokenStore> tokens_;
  std::string told_of_tokens_;  // What the log heard last; empty: nothing is wrong.
  std::string told_of_certificate_;

  mutable Mutex mu_;
  FilesState state_ ABSL_GUARDED_BY(mu_);

  std::unique_ptr<PeriodicTask> task_;  // Last: ends before the rest. Null: there are no files.
};

}  // namespace assay

#endif  // ASSAY_SERVER_RELOADED_FILES_H_
