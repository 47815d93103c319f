#include "server/serve.h"

#include <fcntl.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/testing/builders.h"
#include "tests/testing/running_server.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::AllOf;
using testing::Ask;
using testing::ExpectedScore;
using ::testing::HasSubstr;
using testing::HealthOf;
using ::testing::IsEmpty;
using testing::ScoreRequestOf;
using ::testing::StartsWith;
using testing::StatusIs;

// assay-fake-server as a process of its own.
class ServerProcess {
 public:
  // `variable` and `value` go into its environment.
  explicit ServerProcess(std::vector<std::string> args, const std::string& variable = "",
                         const std::string& value = "") {
    int out[2];
    int err[2];
    if (pipe(out) != 0 || pipe(err) != 0) std::abort();
    pid_ = fork();
    if (pid_ == 0) {
      dup2(out[1], STDOUT_FILENO);
      dup2(err[1], STDERR_FILENO);
      close(out[0]);
      close(err[0]);
      if (!variable.empty()) setenv(variable.c_str(), value.c_str(), 1);
      const std::string program = std::string(ASSAY_BINARY_DIR) + "/bin/assay-fake-server";
      args.insert(args.begin(), program);
      std::vector<char*> argv;
      for (std::string& arg : args) argv.push_back(arg.data());
      argv.push_back(nullptr);
      execv(program.c_str(), argv.data());
      std::_Exit(127);
    }
    close(out[1]);
    close(err[1]);
    out_ = fdopen(out[0], "r");
    err_ = fdopen(err[0], "r");
  }
  ~ServerProcess() {
    if (!waited_) kill(pid_, SIGKILL), Wait();
    fclose(out_);
    fclose(err_);
  }

  // The next line of stdout, without its end; empty at the end.
  std::string ReadLine() { return ReadLineOf(out_); }
  // All of stderr, up to its end.
  std::string ReadErrors() {
    std::string all;
    for (std::string line = ReadLineOf(err_); !line.empty(); line = ReadLineOf(err_)) {
      absl::StrAppend(&all, line, "\n");
    }
    return all;
  }
  void Signal(int signal) { kill(pid_, signal); }
  // The exit code; -1 where a signal ended it.
  int Wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    waited_ = true;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  static std::string ReadLineOf(FILE* file) {
    std::string line;
    for (int c = fgetc(file); c != EOF && c != '\n'; c = fgetc(file)) line += static_cast<char>(c);
    return line;
  }

  pid_t pid_;
  FILE* out_;
  FILE* err_;
  bool waited_ = false;
};

// Where a started server listens.
std::string AddressOf(ServerProcess& process) {
  const std::string line = process.ReadLine();
  EXPECT_THAT(line, StartsWith("listening on 127.0.0.1:"));
  return line.substr(std::string("listening on ").size());
}

TEST(ServeProgramTest, WhenTheLastDeviceFailsItsWorkIsAnsweredAndTheProcessEndsWithThree) {
  ServerProcess process({"--listen", "127.0.0.1:0", "--log-level", "error"},
                        "ASSAY_FAKE_BREAK_AFTER", "1");
  const auto channel = grpc::CreateChannel(AddressOf(process), grpc::InsecureChannelCredentials());
  EXPECT_THAT(Ask(channel, ScoreRequestOf("p", {"a"})),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("every device")));
  EXPECT_EQ(process.Wait(), 3);
  EXPECT_THAT(process.ReadErrors(),
              AllOf(HasSubstr("a device failed for good"), HasSubstr("every device failed")));
}

class ServeTest : public ::testing::TestWithParam<int> {};

TEST_P(ServeTest, AStopSignalAnswersWhatIsOutstandingAndExitsWithZero) {
  const std::filesystem::path gate =
      std::filesystem::path(::testing::TempDir()) / absl::StrCat("gate_", getpid());
  ASSERT_EQ(mkfifo(gate.c_str(), 0600), 0);
  ServerProcess process({"--listen", "127.0.0.1:0", "--log-level", "error"}, "ASSAY_FAKE_GATE",
                        gate);
  const auto channel = grpc::CreateChannel(AddressOf(process), grpc::InsecureChannelCredentials());

  // The first waits in its forward pass for the gate, the others in the queue for the first.
  std::atomic<int> right = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&, i] {
      const std::string prompt = absl::StrCat("prompt ", i);
      const auto reply = Ask(channel, ScoreRequestOf(prompt, {"a"}));
      EXPECT_THAT(reply, testing::IsOk());
      if (reply.ok() && reply->results(0).score().score() == ExpectedScore(prompt, "a")) ++right;
    });
  }
  v1::ModelInfo info;
  while (info.counters().requests() < 8) {
    grpc::ClientContext context;
    ASSERT_TRUE(v1::RewardService::NewStub(channel)->GetModel(&context, {}, &info).ok());
  }
  process.Signal(GetParam());
  while (HealthOf(channel, "") == "SERVING") {
  }
  close(open(gate.c_str(), O_WRONLY));  // Lets the first one go.
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(right, 8);
  EXPECT_EQ(process.Wait(), 0);
  EXPECT_THAT(process.ReadLine(), IsEmpty());  // One line on stdout, no more.
  std::filesystem::remove(gate);
}

INSTANTIATE_TEST_SUITE_P(Signals, ServeTest, ::testing::Values(SIGTERM, SIGINT));

TEST(ServeProgramTest, BadFlagsExitWithTwoAndOneLine) {
  ServerProcess process({"--max-responses", "0"});
  EXPECT_EQ(process.Wait(), 2);
  EXPECT_EQ(process.ReadErrors(), "assay-server: --max-responses: 0 is not in 1..65536\n");
  EXPECT_THAT(process.ReadLine(), IsEmpty());
}

TEST(ServeProgramTest, AnAddressInUseExitsWithOneAndOneLine) {
  ServerProcess first({"--listen", "127.0.0.1:0", "--log-level", "error"});
  const std::string address = AddressOf(first);
  ServerProcess second({"--listen", address, "--log-level", "error"});
  EXPECT_EQ(second.Wait(), 1);
  EXPECT_THAT(second.ReadErrors(),
              AllOf(StartsWith("assay-server: cannot listen on " + address), HasSubstr("in use")));
  first.Signal(SIGTERM);
  EXPECT_EQ(first.Wait(), 0);
}

TEST(ServeProgramTest, TheEffectiveConfigurationIsLoggedOnceAndServed) {
  ServerProcess process({"--listen", "127.0.0.1:0", "--max-responses", "7"});
  v1::ModelInfo info;
  {
    // Closed before the server stops, which waits for its connections to.
    const auto channel =
        grpc::CreateChannel(AddressOf(process), grpc::InsecureChannelCredentials());
    grpc::ClientContext context;
    ASSERT_TRUE(v1::RewardService::NewStub(channel)->GetModel(&context, {}, &info).ok());
  }
  std::map<std::string, std::string> served;
  for (const v1::Setting& setting : info.settings()) {
    served[setting.name()] = absl::StrCat(setting.value(), " ", setting.source());
  }
  EXPECT_EQ(served["max_responses"], "7 flag");
  EXPECT_EQ(served["max_messages"], "1024 default");
  EXPECT_EQ(served["max_batch_tokens"], absl::StrCat(info.limits().max_batch_tokens(), " default"));
  process.Signal(SIGTERM);
  const std::string log = process.ReadErrors();
  const size_t at = log.find("configuration: listen=127.0.0.1:0 (flag), max_responses=7 (flag);");
  ASSERT_NE(at, std::string::npos) << log;
  EXPECT_EQ(log.find("configuration:", at + 1), std::string::npos);
  EXPECT_EQ(process.Wait(), 0);
}

TEST(ServeProgramTest, TheConfigurationCanBePrintedWithoutServing) {
  ServerProcess process({"--print-config", "--max-responses", "7"});
  EXPECT_THAT(process.ReadLine(), StartsWith("chat_template: auto"));
  EXPECT_EQ(process.Wait(), 0);
}

TEST(ServeProgramTest, HelpIsPrintedWithExitCodeZero) {
  ServerProcess process({"--help"});
  EXPECT_THAT(process.ReadLine(), HasSubstr("reward model"));
  EXPECT_EQ(process.Wait(), 0);
}

}  // namespace
}  // namespace assay
