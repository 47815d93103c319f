#include "client/commands/health.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/addresses.h"
#include "client/channel.h"
#include "client/commands/connection_flags.h"
#include "client/figures.h"
#include "client/health_check.h"

namespace assay::client {
namespace {

constexpr const char* kExample = R"(Examples:
  assay health --address 127.0.0.1:50051                  is it ready for requests?
  assay health --address 127.0.0.1:50051 --service live   does the process answer at all?

Needs no token. A server that stops or whose devices do not answer is NOT_SERVING, and still live.
Exit code: 0 SERVING; 1 NOT_SERVING, or no answer; 2 bad usage.)";

absl::StatusOr<std::shared_ptr<grpc::Channel>> ChannelTo(const HealthFlags& flags) {
  ASSAY_ASSIGN_OR_RETURN(const auto addresses, SplitAddresses(flags.address));
  if (addresses.size() != 1) {
    return absl::InvalidArgumentError("health is one server's: give --address one HOST:PORT.");
  }
  return MakeChannel(addresses[0], flags.connection);
}

std::string Named(const std::string& service) {
  return service.empty() ? "" : absl::StrCat(" of \"", service, "\"");
}

absl::Status Judge(const absl::StatusOr<bool>& serving, const HealthFlags& flags) {
  const std::string server = absl::StrCat("the server at ", flags.address);
  switch (serving.status().code()) {
    case absl::StatusCode::kOk:
      if (*serving) return absl::OkStatus();
      return absl::UnavailableError(absl::StrCat(
          server, " says NOT_SERVING", Named(flags.service),
          ": it is stopping, or its devices do not answer; `assay info` tells which."));
    case absl::StatusCode::kUnavailable:
      return absl::UnavailableError(
          WhyUnreachable(serving.status().message(), flags.address, flags.connection));
    case absl::StatusCode::kDeadlineExceeded:
      return absl::DeadlineExceededError(absl::StrCat(
          server, " took the connection and did not answer within ", Span(flags.timeout), "."));
    case absl::StatusCode::kNotFound:
      return absl::NotFoundError(
          absl::StrCat(server, " knows no health service \"", flags.service,
                       "\": an Assay server knows \"\", \"live\" and \"assay.v1.RewardService\"."));
    case absl::StatusCode::kUnimplemented:
      return absl::UnimplementedError(
          absl::StrCat(server, " does not speak grpc.health.v1: is it a gRPC server's port?"));
    default:
      return absl::Status(serving.status().code(),
                          absl::StrCat(server, " answered ", serving.status().ToString()));
  }
}

}  // namespace

CLI::App* AddHealthCommand(CLI::App* app, HealthFlags* flags) {
  CLI::App* command =
      app->add_subcommand("health", "Tell whether a server is ready or alive, for probes");
  command->footer(kExample);
  command
      ->add_option("--address", flags->address,
                   "The server, or its --health-listen port (environment: ASSAY_ADDRESS)")
      ->envname("ASSAY_ADDRESS")
      ->option_text("HOST:PORT [" + flags->address + "]");
  command
      ->add_option("--service", flags->service,
                   "Whose health: ready for requests if empty; \"live\": the process answers")
      ->option_text("NAME");
  command
      ->add_option_function<double>(
          "--timeout", [flags](double seconds) { flags->timeout = absl::Seconds(seconds); },
          "Longest wait for the answer; one for a server that is only starting included")
      ->check(CLI::Range(0.001, 1e6))
      ->option_text(absl::StrCat("SECONDS [", absl::ToDoubleSeconds(flags->timeout), "]"));
  AddTlsFlags(command, &flags->connection);
  return command;
}

int RunHealth(const HealthFlags& flags, const Streams& streams) {
  const auto channel = ChannelTo(flags);
  if (!channel.ok()) {
    Fail(streams, channel.status());
    return absl::IsInvalidArgument(channel.status()) ? kExitBadUsage : kExitFailed;
  }
  const absl::Status fine = Judge(IsServing(*channel, flags.service, flags.timeout), flags);
  if (!fine.ok()) return Fail(streams, fine);
  *streams.out << "SERVING\n";
  streams.out->flush();
  return kExitFine;
}

}  // namespace assay::client
