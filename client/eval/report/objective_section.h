// client/eval/report/objective_section.h
// Which objectives of a gated model decide its verdicts, and how good each would be alone. A pure
// function.
#ifndef ASSAY_CLIENT_EVAL_REPORT_OBJECTIVE_SECTION_H_
#define ASSAY_CLIENT_EVAL_REPORT_OBJECTIVE_SECTION_H_

#include <vector>

#include "client/eval/eval_row.h"
#include "client/eval/eval_summary.h"
#include "client/eval/report/html_text.h"

namespace assay::client {

// Without content for a run without objectives, or where no row was scored.
PageSection ObjectiveSection(const EvalSummary& summary, const std::vector<EvalRow>& rows);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_REPORT_OBJECTIVE_SECTION_H_
