#include "tests/load/server_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

extern char** environ;

namespace assay::testing {
namespace {

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// "HOST:PORT" of the line "listening on HOST:PORT"; empty where the output ends without it.
std::string AwaitAddress(int output) {
  FILE* const file = fdopen(output, "r");
  char line[256];
  std::string address;
  while (address.empty() && std::fgets(line, sizeof(line), file) != nullptr) {
    absl::string_view text = line;
    if (absl::ConsumePrefix(&text, "listening on ")) {
      address = std::string(absl::StripSuffix(text, "\n"));
    }
  }
  std::fclose(file);
  return address;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ServerProcess>> ServerProcess::Start(const ServerCommand& command) {
  std::vector<std::string> arguments = {
      command.program.empty() ? ASSAY_BINARY_DIR "/bin/assay-fake-server" : command.program,
      "--listen", "127.0.0.1:0"};
  arguments.insert(arguments.end(), command.flags.begin(), command.flags.end());
  std::vector<std::string> environment = command.environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);

  int output[2];
  if (pipe2(output, O_CLOEXEC) != 0) return absl::InternalError("pipe2 failed");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, command.log.c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, 0644);
  pid_t pid = 0;
  const int failed = posix_spawn(&pid, arguments[0].c_str(), &actions, nullptr,
                                 Pointers(arguments).data(), Pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  close(output[1]);
  if (failed != 0) {
    close(output[0]);
    return absl::NotFoundError(absl::StrCat(arguments[0], " cannot be started"));
  }
  std::string address = AwaitAddress(output[0]);
  std::unique_ptr<ServerProcess> process(new ServerProcess(pid, std::move(address)));
  if (!process->address().empty()) return process;
  return absl::UnavailableError(absl::StrCat(arguments[0], " ended with exit code ",
                                             process->Wait(), " before it listened; see ",
                                             command.log));
}

ServerProcess::~ServerProcess() {
  if (ended_) return;
  Signal(SIGKILL);
  Wait();
}

absl::StatusOr<int64_t> ServerProcess::ResidentBytes() const {
  std::ifstream statm(absl::StrCat("/proc/", pid_, "/statm"));
  int64_t size = 0;
  int64_t resident = 0;
  if (statm >> size >> resident) return resident * sysconf(_SC_PAGESIZE);
  return absl::NotFoundError("the server's process is gone");
}

void ServerProcess::Signal(int signal) {
  if (!ended_) kill(pid_, signal);
}

int ServerProcess::Wait() {
  if (ended_) return exit_code_;
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  ended_ = true;
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return exit_code_;
}

}  // namespace assay::testing
