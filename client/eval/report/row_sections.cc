#include "client/eval/report/row_sections.h"

#include <algorithm>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client/eval/report/row_selection.h"
#include "client/figures.h"

namespace assay::client {
namespace {

constexpr size_t kMost = 20;

std::string Capitalized(std::string text) {
  if (!text.empty()) text[0] = absl::ascii_toupper(static_cast<unsigned char>(text[0]));
  return text;
}

std::string Isolated(const std::string& text) {
  return absl::StrCat("<bdi>", Html(text), "</bdi>");
}

const char* Verdict(float margin) {
  if (margin == 0) return "tie";
  return margin > 0 ? "right" : "wrong";
}

}  // namespace

PageSection CloseCallSection(const EvalSummary& summary, const std::vector<EvalRow>& rows) {
  PageSection section = {.id = "close", .title = "Too close to call"};
  if (summary.total.score.n() == 0) return section;
  if (summary.close_call.has_value()) {
    section.html = Paragraph(
        absl::StrCat(CountOf(summary.total.too_close, "row"), " of ",
                     Count(summary.total.score.n()), summary.total.too_close == 1 ? " is" : " are",
                     " too close to call. They are counted as what they came "
                     "out as."),
        "lead");
  }
  section.html += Paragraph(absl::StrCat(
      Html(Capitalized(DescribeCloseCall(summary.close_call, summary.run.model))), "."));
  std::vector<std::vector<std::string>> cells;
  const std::vector<size_t> nearest = ByNearness(rows);
  const size_t shown = std::min(kMost, nearest.size());
  for (size_t i = 0; i < shown; ++i) {
    const EvalRow& row = rows[nearest[i]];
    const HardestPair pair = HardestPairOf(row);
    const float margin = MarginOf(row);
    std::vector<std::string> line = {Isolated(IdText(row.comparison.id)),
                                     Isolated(row.comparison.subset), Signed(margin),
                                     Verdict(margin)};
    if (summary.close_call.has_value()) {
      line.push_back(TooClose(row.chosen[pair.chosen].score, row.rejected[pair.rejected].score,
                              summary.close_call->margin)
                         ? "yes"
                         : "no");
    }
    cells.push_back(line);
  }
  std::vector<Column> columns = {{"Row", Column::Kind::kText},
                                 {"Subset", Column::Kind::kText},
                                 {"Margin"},
                                 {"Verdict", Column::Kind::kText}};
  if (summary.close_call.has_value()) columns.push_back({"Too close", Column::Kind::kText});
  section.html +=
      Table(shown == 1 ? "The row nearest to 0" : absl::StrCat("The ", shown, " rows nearest to 0"),
            columns, cells);
  return section;
}

PageSection ErrorSection(const std::vector<EvalRow>& rows) {
  PageSection section = {.id = "errors", .title = "Rows with errors"};
  const std::vector<size_t> failed = FailedRows(rows);
  if (failed.empty()) return section;
  const size_t shown = std::min(kMost, failed.size());
  std::vector<std::vector<std::string>> cells;
  for (size_t i = 0; i < shown; ++i) {
    const EvalRow& row = rows[failed[i]];
    cells.push_back({Isolated(IdText(row.comparison.id)), Isolated(row.comparison.subset),
                     absl::StrCat("<code>", absl::StatusCodeToString(row.error.code()), "</code>"),
                     Isolated(std::string(row.error.message()))});
  }
  section.html = Paragraph(
      absl::StrCat("<strong class=\"bad\">", CountOf(static_cast<int64_t>(failed.size()), "row"),
                   "</strong> could not be scored and ", failed.size() == 1 ? "is" : "are",
                   " part of no figure on this page."));
  section.html += Table("Errors",
                        {{"Row", Column::Kind::kText},
                         {"Subset", Column::Kind::kText},
                         {"Code", Column::Kind::kText},
                         {"Message", Column::Kind::kText}},
                        cells);
  if (failed.size() > shown) {
    section.html += Paragraph(
        absl::StrCat("And ", Count(static_cast<int64_t>(failed.size() - shown)), " more."));
  }
  return section;
}

}  // namespace assay::client
