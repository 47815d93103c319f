#include "client/commands/info.h"

#include <CLI/CLI.hpp>

#include "client/commands/scoring_flags.h"
#include "client/info_report.h"

namespace assay::client {
namespace {

constexpr const char* kExample = R"(Example:
  assay info --address 127.0.0.1:50051 --format json

Exit code: 0 the server answered; 1 it did not; 2 bad usage.)";

}  // namespace

CLI::App* AddInfoCommand(CLI::App* app, InfoFlags* flags) {
  CLI::App* command = app->add_subcommand(
      "info", "Show a server's live state, its model, limits, counters and settings");
  command->footer(kExample);
  AddAddressFlag(command, &flags->address);
  AddFormatFlag(command, "text", &flags->json);
  AddConnectionFlags(command, &flags->connection);
  command->add_flag("--settings", flags->all_settings,
                    "Show all of the server's settings, not only those that are not its defaults");
  return command;
}

int RunInfo(const InfoFlags& flags, const Streams& streams) {
  const absl::StatusOr<Contact> contact = ReachServer(flags.address, flags.connection, streams);
  if (!contact.ok()) return Fail(streams, contact.status());
  if (flags.json) {
    *streams.out << InfoJson(contact->model, flags.address)
                        .dump(2, ' ', false, Json::error_handler_t::replace)
                 << '\n';
  } else {
    *streams.out << InfoText(contact->model, flags.address,
                             flags.all_settings ? Settings::kAll : Settings::kChanged);
  }
  streams.out->flush();
  return streams.out->good()
             ? kExitFine
             : Fail(streams, absl::DataLossError("standard output could not be written"));
}

}  // namespace assay::client
