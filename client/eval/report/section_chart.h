// client/eval/report/section_chart.h
// A model's section scores beside other models': a line for each section, a mark for each model. A
// pure function of plain numbers.
#ifndef ASSAY_CLIENT_EVAL_REPORT_SECTION_CHART_H_
#define ASSAY_CLIENT_EVAL_REPORT_SECTION_CHART_H_

#include <optional>
#include <string>
#include <vector>

#include "client/eval/report/svg.h"

namespace assay::client {

struct SectionSeries {
  std::string name = {};
  std::vector<std::optional<double>> values = {};  // 0..1, one for each section; absent: no mark.
};

// `series` begins with the model that the page is about, which is drawn with a filled diamond and
// has its figures written beside it; at most five others. With at least one value.
std::string SectionChart(const std::vector<std::string>& sections,
                         const std::vector<SectionSeries>& series, const std::string& label,
                         Layout layout);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_REPORT_SECTION_CHART_H_
