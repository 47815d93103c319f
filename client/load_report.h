// client/load_report.h
// A load's tally for people, as a table, and for programs, as JSON. Pure functions.
#ifndef ASSAY_CLIENT_LOAD_REPORT_H_
#define ASSAY_CLIENT_LOAD_REPORT_H_

#include <string>

#include "client/json_row.h"
#include "client/load_tally.h"

namespace assay::client {

// "12.34 ms"; three significant digits, in microseconds, milliseconds or seconds.
std::string Latency(absl::Duration latency);

// Outcomes, rates, percentiles and the mean stage times; lines that end with a line feed.
std::string RenderLoadText(const LoadTally& tally);

// The same figures; times in seconds. Fields that have nothing to say (no refusal, say) are null.
Json RenderLoadJson(const LoadTally& tally);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_LOAD_REPORT_H_
