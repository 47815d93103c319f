// client/info_report.h
// What a server told of itself, for people and for programs. Pure functions.
#ifndef ASSAY_CLIENT_INFO_REPORT_H_
#define ASSAY_CLIENT_INFO_REPORT_H_

#include <string>

#include "client/json_row.h"
#include "client/types.h"

namespace assay::client {

enum class Settings {
  kChanged,  // Those that are not the server's defaults.
  kAll,
};

// Tables: the live state, the model, its limits and counters; then the workers, then settings.
std::string InfoText(const ModelInfo& model, const std::string& address, Settings shown);

// Everything, all settings too. Times are integers of nanoseconds.
Json InfoJson(const ModelInfo& model, const std::string& address);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_INFO_REPORT_H_
