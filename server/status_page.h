// server/status_page.h
// A server's state as one HTML page for a person: self-contained (no script, nothing loaded), light
// or dark as the reader's system is, and readable on a phone. Pure; whatever could hold markup is
// escaped.
#ifndef ASSAY_SERVER_STATUS_PAGE_H_
#define ASSAY_SERVER_STATUS_PAGE_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "model/types.h"
#include "server/options.h"
#include "server/recent_batches.h"
#include "server/server_state.h"
#include "server/setting.h"

namespace assay {

struct StatusPageInput {
  ServerState state;
  ModelInfo model;
  std::vector<std::string> devices;  // One a worker.
  ServerOptions options;
  std::vector<RecentBatch> batches;                              // Oldest first.
  std::vector<std::pair<std::string, int64_t>> refusals;         // Reason and number, all reasons.
  std::vector<std::pair<std::string, int64_t>> deadline_misses;  // Stage and number, all stages.
  std::vector<Setting> settings;  // Empty: the page has no such part.
  std::string address;            // Of the gRPC port.
  absl::Time now;
};

std::string StatusPage(const StatusPageInput& input);

}  // namespace assay

#endif  // ASSAY_SERVER_STATUS_PAGE_H_
