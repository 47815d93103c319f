// tests/load/server_process.h
// A server program as a process of its own: started, watched, signalled, waited for.
#ifndef ASSAY_TESTS_LOAD_SERVER_PROCESS_H_
#define ASSAY_TESTS_LOAD_SERVER_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace assay::testing {

struct ServerCommand {
  // Empty: the build's assay-fake-server.
  std::string program = {};
  std::vector<std::string> flags = {};        // --listen is added: a free port of loopback.
  std::vector<std::string> environment = {};  // "NAME=VALUE", added to this process's own.
  std::string log = "/dev/null";              // Takes its standard error.
};

// Not thread-safe.
class ServerProcess {
 public:
  // Waits until it says that it listens. UNAVAILABLE where it ends before that.
  static absl::StatusOr<std::unique_ptr<ServerProcess>> Start(const ServerCommand& command);
  ~ServerProcess();  // Kills it where it still runs.
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  const std::string& address() const { return address_; }

  // Of memory, in bytes; NOT_FOUND where the process is gone.
  absl::StatusOr<int64_t> ResidentBytes() const;

  void Signal(int signal);
  // Blocks until it has ended; its exit code, or 128 and the signal that ended it.
  int Wait();

 private:
  ServerProcess(pid_t pid, std::string address) : pid_(pid), address_(std::move(address)) {}

  const pid_t pid_;
  const std::string address_;
  bool ended_ = false;
  int exit_code_ = 0;
};

}  // namespace assay::testing

#endif  // ASSAY_TESTS_LOAD_SERVER_PROCESS_H_
