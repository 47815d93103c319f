// client/eval/report/accuracy_section.h
// How often the model is right, by subset, with intervals. A pure function.
#ifndef ASSAY_CLIENT_EVAL_REPORT_ACCURACY_SECTION_H_
#define ASSAY_CLIENT_EVAL_REPORT_ACCURACY_SECTION_H_

#include <vector>

#include "client/eval/eval_row.h"
#include "client/eval/eval_summary.h"
#include "client/eval/report/html_text.h"

namespace assay::client {

// By the benchmark's sections where there is one, in the data's order within. Subsets without a
// scored row are in the table alone.
PageSection AccuracySection(const EvalSummary& summary, const std::vector<EvalRow>& rows);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_REPORT_ACCURACY_SECTION_H_
