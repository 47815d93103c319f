// tests/client/eval/report/sample_reports.h
// Evaluations made up for tests, one for each shape that a page has to show. The same on every
// machine.
#ifndef ASSAY_TESTS_CLIENT_EVAL_REPORT_SAMPLE_REPORTS_H_
#define ASSAY_TESTS_CLIENT_EVAL_REPORT_SAMPLE_REPORTS_H_

#include <string>
#include <vector>

#include "client/eval/eval_summary.h"

namespace assay::testing {

struct SampleReport {
  std::string name = {};  // Of the page's file, without its ending.
  client::FinishedRun finished = {};
  client::SummaryOptions options = {};

  std::string Render() const;
};

SampleReport ScalarReport();              // No objectives, no benchmark, some errors, a close call.
SampleReport ObjectivesReport();          // 19 objectives.
SampleReport RewardBenchReport();         // Whole, without Prior Sets.
SampleReport PartialRewardBenchReport();  // Reasoning without math-prm, Chat missing, one more.
SampleReport RewardBench2Report();        // With Ties.
SampleReport MatrixReport();              // RM-Bench's shape.
SampleReport ErrorsReport();              // All rows are errors.
SampleReport OneRowReport();
SampleReport EmptyReport();    // No row at all.
SampleReport HostileReport();  // Texts, names and ids that try to be more than texts.

std::vector<SampleReport> AllSampleReports();

}  // namespace assay::testing

#endif  // ASSAY_TESTS_CLIENT_EVAL_REPORT_SAMPLE_REPORTS_H_
