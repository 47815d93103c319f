// client/eval/report/head.h
// The top of the page: which model, on what data, and one figure that says how well. Pure functions.
#ifndef ASSAY_CLIENT_EVAL_REPORT_HEAD_H_
#define ASSAY_CLIENT_EVAL_REPORT_HEAD_H_

#include <string>

#include "client/eval/eval_summary.h"

namespace assay::client {

// What keeps a benchmark's score from being one to compare: "Reasoning has 984 of 1,431 rows
// (without math-prm); Chat is missing". Empty for a whole one. Not escaped.
std::string WhatIsPartial(const BenchmarkScore& benchmark);

// The page's title, for a browser's tab. Not escaped.
std::string PageTitle(const EvalSummary& summary);

// The <header> element. The figure is the benchmark's score where there is a benchmark, with what is
// partial about it beside it; else the accuracy over all rows.
std::string PageHead(const EvalSummary& summary);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_REPORT_HEAD_H_
