#include "server/logging.h"

#include <grpc/support/log.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "absl/strings/str_cat.h"

namespace assay {
namespace {

void LogGrpcLine(gpr_log_func_args* args) {
  spdlog::debug("grpc: {}:{}: {}", args->file, args->line, args->message);
}

}  // namespace

absl::Status SetUpLogging(const std::string& level) {
  const spdlog::level::level_enum parsed = spdlog::level::from_str(level);
  if (parsed != spdlog::level::debug && parsed != spdlog::level::info &&
      parsed != spdlog::level::warn && parsed != spdlog::level::err) {
    return absl::InvalidArgumentError(
        absl::StrCat("log_level: \"", level, "\" is not debug, info, warning or error"));
  }
  // Registered under the default logger's name, so that a second call replaces the first.
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::stderr_sink_mt>()));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %L %v", spdlog::pattern_time_type::utc);
  spdlog::set_level(parsed);
  spdlog::flush_on(spdlog::level::debug);
  gpr_set_log_function(&LogGrpcLine);
  return absl::OkStatus();
}

}  // namespace assay
