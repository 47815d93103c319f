#include "server/reloaded_files.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace assay {
namespace {

constexpr absl::Duration kWarnBefore = absl::Hours(24 * 14);

}  // namespace

absl::StatusOr<std::unique_ptr<ReloadedFiles>> ReloadedFiles::Create(const ServerOptions& options,
                                                                     Clock* clock) {
  std::unique_ptr<ReloadedFiles> files(new ReloadedFiles(options, clock));
  if (!files->tls_.certificate.empty()) {
    const absl::StatusOr<absl::Time> until = CheckTlsFiles(files->tls_, clock->Now());
    ASSAY_RETURN_IF_ERROR(until.status());
    files->ReportCertificate(until);
  }
  if (!options.tokens.empty()) {
    ASSAY_ASSIGN_OR_RETURN(files->tokens_, TokenStore::Create(options.tokens));
    files->SetTokensBad(false);
  }
  if (!files->tls_.certificate.empty() || files->tokens_ != nullptr) {
    files->task_ = std::make_unique<PeriodicTask>(clock, options.reload_interval,
                                                  [files = files.get()] { files->Look(); });
  }
  return files;
}

ReloadedFiles::ReloadedFiles(const ServerOptions& options, Clock* clock)
    : clock_(clock),
      tls_({.certificate = options.tls_certificate,
            .key = options.tls_key,
            .client_ca = options.tls_client_ca}) {}

FilesState ReloadedFiles::state() const {
  MutexLock lock(&mu_);
  return state_;
}

void ReloadedFiles::SetTokensBad(bool bad) {
  MutexLock lock(&mu_);
  state_.tokens_bad = bad;
}

void ReloadedFiles::Look() {
  if (!tls_.certificate.empty()) ReportCertificate(CheckTlsFiles(tls_, clock_->Now()));
  if (tokens_ == nullptr) return;
  const absl::Status reloaded = tokens_->Reload();
  if (!reloaded.ok() && reloaded.message() != told_of_tokens_) {
    spdlog::error("{}; the tokens known so far stay good", std::string(reloaded.message()));
  }
  told_of_tokens_ = std::string(reloaded.message());
  SetTokensBad(!reloaded.ok());
}

void ReloadedFiles::ReportCertificate(const absl::StatusOr<absl::Time>& good_until) {
  std::string message;
  if (!good_until.ok()) {
    message = absl::StrCat(good_until.status().message(),
                           "; new connections may fail until the files are right");
  } else if (*good_until < clock_->Now() + kWarnBefore) {
    // In whole days, so that the log hears of it once a day.
    message = absl::StrCat("tls_certificate: ", tls_.certificate, " expires in ",
                           absl::ToInt64Hours(*good_until - clock_->Now()) / 24,
                           " days: have a new one issued; it is taken over without a restart");
  }
  if (message != told_of_certificate_ && !message.empty()) {
    if (good_until.ok()) {
      spdlog::warn("{}", message);
    } else {
      spdlog::error("{}", message);
    }
  }
  told_of_certificate_ = std::move(message);
  MutexLock lock(&mu_);
  state_.tls_bad = !good_until.ok();
  if (good_until.ok()) state_.certificate_good_until = *good_until;
}

}  // namespace assay
