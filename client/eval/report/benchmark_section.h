// client/eval/report/benchmark_section.h
// A benchmark's sections, beside published ones where there are any. A pure function.
#ifndef ASSAY_CLIENT_EVAL_REPORT_BENCHMARK_SECTION_H_
#define ASSAY_CLIENT_EVAL_REPORT_BENCHMARK_SECTION_H_

#include "client/eval/eval_summary.h"
#include "client/eval/report/html_text.h"

namespace assay::client {

// Without content where the summary has no benchmark. Sections that are not present are said to be
// absent; they are never 0.
PageSection BenchmarkSection(const EvalSummary& summary);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_REPORT_BENCHMARK_SECTION_H_
