// client/commands/contact.h
// How every command begins and ends: the server is reached and asked what it is, or the user is
// told in one sentence why not and what to do.
#ifndef ASSAY_CLIENT_COMMANDS_CONTACT_H_
#define ASSAY_CLIENT_COMMANDS_CONTACT_H_

#include <memory>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/commands/connection_flags.h"
#include "client/reward_client.h"
#include "client/types.h"

namespace assay::client {

enum ExitCode {
  kExitFine = 0,
  kExitFailed = 1,
  kExitBadUsage = 2,
  kExitSomeErrors = 3,  // Finished, but some rows have errors.
  kExitWorse = 4,       // Finished, and one run is worse than the other by the measure asked for.
};

// Where a command writes. Borrowed.
struct Streams {
  std::ostream* out;
  std::ostream* err;
  bool err_is_terminal = false;
};

struct Contact {
  std::unique_ptr<RewardClient> client;
  ModelInfo model;  // Of the first server that answers; its revision is all servers'.
};

// Connects to the servers at `addresses` (addresses.h) and asks each for its model, within a few
// seconds. An error's message is a whole sentence for the user. Of several addresses, all must answer,
// or UNAVAILABLE names those that do not. Of a name's servers, which come and go, one that answers is
// enough; the others are told on `streams.err`. Those that answer must have one model revision, or
// FAILED_PRECONDITION names two that differ.
absl::StatusOr<Contact> ReachServer(const std::string& addresses, const ConnectionFlags& connection,
                                    const Streams& streams);

// What to do about a connection to `address` that gRPC could not make, as a sentence. gRPC tells the
// reason in words alone, `why`; where they are not known, the whole of them is shown.
std::string WhyUnreachable(absl::string_view why, const std::string& address,
                           const ConnectionOptions& connection);

// "assay: MESSAGE" on `streams.err`; kExitFailed.
int Fail(const Streams& streams, const absl::Status& status);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_COMMANDS_CONTACT_H_
