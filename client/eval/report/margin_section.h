// client/eval/report/margin_section.h
// How far apart chosen and rejected responses are, and how far a margin can be believed. Pure
// functions.
#ifndef ASSAY_CLIENT_EVAL_REPORT_MARGIN_SECTION_H_
#define ASSAY_CLIENT_EVAL_REPORT_MARGIN_SECTION_H_

#include <vector>

#include "client/eval/eval_row.h"
#include "client/eval/eval_summary.h"
#include "client/eval/report/html_text.h"

namespace assay::client {

// A histogram of all rows, and small ones of each subset, of each section where there are more than
// eight. Without content where no row was scored.
PageSection MarginSection(const EvalSummary& summary, const std::vector<EvalRow>& rows);

// How often margins are right by their size. Without content where no row was scored; says so where
// there are too few rows.
PageSection CalibrationSection(const std::vector<EvalRow>& rows);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_REPORT_MARGIN_SECTION_H_
