// client/commands/scoring_flags.h
// The flags that commands share: where the server is, and how rows are sent to it.
#ifndef ASSAY_CLIENT_COMMANDS_SCORING_FLAGS_H_
#define ASSAY_CLIENT_COMMANDS_SCORING_FLAGS_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "client/affinity.h"
#include "client/bulk_scorer.h"
#include "client/commands/connection_flags.h"
#include "client/types.h"

namespace CLI {
class App;
}

namespace assay::client {

struct ScoringFlags {
  std::string address = "127.0.0.1:50051";
  Detail detail = Detail::kScore;
  Truncation truncation = Truncation::kRefuse;
  int32_t max_tokens = 0;                     // 0: the server's limit.
  int64_t in_flight = 64;                     // BulkOptions::max_in_flight.
  absl::Duration timeout = absl::Minutes(5);  // Of one row, its retries included.
  ConnectionFlags connection = {};

  // A request without prompt and responses. `revision` is the model's: a row must not be scored by
  // another one.
  ScoreRequest Request(const std::string& revision) const;
};

// --address. `flags` outlives the parsing.
void AddAddressFlag(CLI::App* command, std::string* address);

// --affinity. `affinity` outlives the parsing.
void AddAffinityFlag(CLI::App* command, Affinity* affinity);

// --format, one of `text` ("text", "table") and json. True in `*json` for the latter.
void AddFormatFlag(CLI::App* command, const std::string& text, bool* json);

// --detail, --truncation, --max-tokens, --in-flight, --timeout, and connection_flags.h's. The
// defaults shown are those in
// `flags`.
void AddScoringFlags(CLI::App* command, ScoringFlags* flags);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_COMMANDS_SCORING_FLAGS_H_
