#include "server/serve.h"

#include <spdlog/spdlog.h>

#include <atomic>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "server/effective_settings.h"
#include "server/flags.h"
#include "server/logging.h"
#include "server/server.h"
#include "server/stop_signal.h"

namespace assay {
namespace {

int Fail(const absl::Status& why, int exit_code) {
  std::fprintf(stderr, "assay-server: %s\n", std::string(why.message()).c_str());
  return exit_code;
}

}  // namespace

int ServeUntilStopped(int argc, const char* const* argv, const ModelLoader& load) {
  StopSignal stop;
  absl::StatusOr<ServerFlags> flags = ParseServerFlags(argc, argv);
  if (!flags.ok()) return Fail(flags.status(), 2);
  if (!flags->answer.empty()) {
    std::fputs(flags->answer.c_str(), stdout);
    return 0;
  }
  if (absl::Status logging = SetUpLogging(flags->server.log_level); !logging.ok()) {
    return Fail(logging, 2);
  }
  for (const std::string& warning : flags->warnings) spdlog::warn("{}", warning);
  absl::StatusOr<ServedModel> model = load(flags->model, flags->server);
  if (!model.ok()) return Fail(model.status(), 1);

  std::vector<std::string> devices;
  for (const auto& scorer : model->scorers) devices.push_back(scorer->info().device);
  flags->server.settings = EffectiveSettings(*flags, model->info, devices);
  spdlog::info("{}", DescribeSettings(flags->server.settings));

  stop.Hold();
  std::atomic<bool> devices_failed = false;
  const auto on_devices_failed = [&stop, &devices_failed] {
    devices_failed.store(true);
    stop.Request();
  };
  absl::StatusOr<std::unique_ptr<Server>> server =
      Server::Create(flags->server, *std::move(model), on_devices_failed);
  if (!server.ok()) return Fail(server.status(), 1);
  std::printf("listening on %s\n", (*server)->address().c_str());
  std::fflush(stdout);
  stop.Await();
  if (devices_failed.load()) {
    (*server)->Shutdown(absl::ZeroDuration());
    return Fail(absl::UnavailableError("every device failed; see the log"), 3);
  }
  (*server)->Shutdown(flags->server.drain_timeout);
  return 0;
}

}  // namespace assay
