// client/eval/report/row_sections.h
// Rows that are too close to call, and rows that could not be scored. Pure functions.
#ifndef ASSAY_CLIENT_EVAL_REPORT_ROW_SECTIONS_H_
#define ASSAY_CLIENT_EVAL_REPORT_ROW_SECTIONS_H_

#include <vector>

#include "client/eval/eval_row.h"
#include "client/eval/eval_summary.h"
#include "client/eval/report/html_text.h"

namespace assay::client {

// How many rows are too close to call, and the 20 nearest to 0. Without content where no row was
// scored.
PageSection CloseCallSection(const EvalSummary& summary, const std::vector<EvalRow>& rows);

// The first 20 rows with errors and how many more there are. Without content where there are none.
PageSection ErrorSection(const std::vector<EvalRow>& rows);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_REPORT_ROW_SECTIONS_H_
