// client/eval/report/report_page.h
// An evaluation as one page for people: what a reward model got right and wrong. A pure function of
// its arguments, so that equal rows give equal bytes. The page needs no network and no script, and
// forbids both.
#ifndef ASSAY_CLIENT_EVAL_REPORT_REPORT_PAGE_H_
#define ASSAY_CLIENT_EVAL_REPORT_REPORT_PAGE_H_

#include <string>
#include <vector>

#include "client/eval/eval_row.h"
#include "client/eval/eval_summary.h"

namespace assay::client {

// The page, in HTML and UTF-8 whatever bytes are in the rows. `summary` is Summarize() of `rows`.
// It holds texts of rows, whole: the prompt and two responses of 20 rows at the most.
std::string RenderReport(const EvalSummary& summary, const std::vector<EvalRow>& rows);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_REPORT_REPORT_PAGE_H_
