// server/batch_chart.h
// The last forward passes as a picture and a table, in HTML with inline SVG. Pure functions.
#ifndef ASSAY_SERVER_BATCH_CHART_H_
#define ASSAY_SERVER_BATCH_CHART_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/recent_batches.h"

namespace assay {

// Two rows of bars, computed tokens over forward times, oldest at the left, evenly spaced. Grows
// with its place; its words are HTML, so that they do not.
std::string BatchChart(const std::vector<RecentBatch>& batches, absl::Time now);

// A row a batch, newest first. Columns of class "wide" may be hidden where there is no room.
std::string BatchTable(const std::vector<RecentBatch>& batches, absl::Time now);

}  // namespace assay

#endif  // ASSAY_SERVER_BATCH_CHART_H_
