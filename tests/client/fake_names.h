// tests/client/fake_names.h
// A resolver that a test tells what each name resolves to.
#ifndef ASSAY_TESTS_CLIENT_FAKE_NAMES_H_
#define ASSAY_TESTS_CLIENT_FAKE_NAMES_H_

#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "client/name_watch.h"

namespace assay::testing {

// Thread-safe. A name that no test has set is UNAVAILABLE.
class FakeNames {
 public:
  using Addresses = std::vector<std::string>;

  void Set(const std::string& host, absl::StatusOr<Addresses> outcome) {
    MutexLock lock(&mu_);
    outcomes_.insert_or_assign(host, std::move(outcome));
  }

  // Borrows this.
  client::NameWatch::LookUp LookUp() {
    return [this](const client::ServerName& name) -> absl::StatusOr<Addresses> {
      MutexLock lock(&mu_);
      ++look_ups_;
      changed_.notify_all();
      const auto outcome = outcomes_.find(name.host);
      if (outcome == outcomes_.end()) return absl::UnavailableError("no such name");
      return outcome->second;
    };
  }

  // Blocks until `n` look-ups have begun.
  void AwaitLookUps(int n) {
    MutexLock lock(&mu_);
    while (look_ups_ < n) changed_.wait(mu_);
  }

 private:
  Mutex mu_;
  CondVar changed_;
  int look_ups_ ABSL_GUARDED_BY(mu_) = 0;
  std::map<std::string, absl::StatusOr<Addresses>> outcomes_ ABSL_GUARDED_BY(mu_);
};

}  // namespace assay::testing

#endif  // ASSAY_TESTS_CLIENT_FAKE_NAMES_H_
