// client/eval/report/text_section.h
// The rows that are most wrong, with their texts, each closed until somebody opens it. A pure
// function. Texts are whole and escaped.
#ifndef ASSAY_CLIENT_EVAL_REPORT_TEXT_SECTION_H_
#define ASSAY_CLIENT_EVAL_REPORT_TEXT_SECTION_H_

#include <vector>

#include "client/eval/eval_row.h"
#include "client/eval/eval_summary.h"
#include "client/eval/report/html_text.h"

namespace assay::client {

// The 20 rows with the most negative margins; of a row with several responses, the pair that
// decides. Without content where no row was scored.
PageSection TextSection(const EvalSummary& summary, const std::vector<EvalRow>& rows);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_REPORT_TEXT_SECTION_H_
