#include "client/eval/report/objective_section.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "client/eval/report/interval_chart.h"
#include "client/eval/report/objective_shares.h"
#include "client/eval/report/row_selection.h"
#include "client/eval/report/share_chart.h"
#include "client/figures.h"

namespace assay::client {
namespace {

// "123 (45.6 %)".
std::string OfRows(int64_t n, int64_t rows) {
  if (rows == 0) return "–";
  return absl::StrCat(Count(n), " (",
                      PercentText(static_cast<double>(n) / static_cast<double>(rows)), ")");
}

std::string SharesFigure(const std::vector<std::string>& names, const ObjectiveShares& shares) {
  std::vector<ShareBars> bars;
  for (size_t i = 0; i < names.size(); ++i) {
    const ObjectiveShare& share = shares.objectives[i];
    bars.push_back({.label = names[i], .in_wins = share.in_wins, .in_losses = share.in_losses});
  }
  return Figure(BothLayouts([&](Layout layout) {
                  return ShareChart(bars,
                                    "What each objective adds to the margin on the mean, in rows "
                                    "that are right and that are wrong; the figures are in the "
                                    "table below",
                                    layout);
                }),
                absl::StrCat("What each objective adds to the margin, its coefficient times the "
                             "difference of its rewards: means over the ",
                             CountOf(shares.wins, "row"), " that are right and the ",
                             Count(shares.losses), " that are wrong."));
}

std::string SharesTable(const std::vector<std::string>& names, const ObjectiveShares& shares) {
  std::vector<std::vector<std::string>> cells;
  for (size_t i = 0; i < names.size(); ++i) {
    const ObjectiveShare& share = shares.objectives[i];
    cells.push_back({Html(names[i]), shares.wins > 0 ? Signed(share.in_wins) : "–",
                     shares.losses > 0 ? Signed(share.in_losses) : "–",
                     OfRows(share.first_in_wins, shares.wins),
                     OfRows(share.first_in_losses, shares.losses)});
  }
  return absl::StrCat(Table("What decided the rows",
                            {{"Objective", Column::Kind::kText},
                             {"Mean where right"},
                             {"Mean where wrong"},
                             {"Did most where right"},
                             {"Did most where wrong"}},
                            cells),
                      Paragraph("Did most: rows in which no other objective adds as much to the "
                                "side that came out above.",
                                "note"));
}

std::string AloneHtml(const std::vector<std::string>& names, const SubsetAccuracy& total,
                      ChanceLine chance) {
  std::vector<IntervalMark> marks = {
      {.label = "the score",
       .value = total.score.accuracy(),
       .interval = WilsonInterval(total.score.credit, total.score.n())}};
  std::vector<std::vector<std::string>> cells;
  for (size_t i = 0; i < names.size() && i < total.objectives.size(); ++i) {
    const Tally& tally = total.objectives[i];
    marks.push_back({.label = names[i],
                     .value = tally.accuracy(),
                     .interval = WilsonInterval(tally.credit, tally.n())});
  }
  for (const IntervalMark& mark : marks)
    cells.push_back({Html(mark.label), PercentText(mark.value), IntervalText(mark.interval)});
  return absl::StrCat(
      "<h3>Each objective alone</h3>\n",
      Figure(BothLayouts([&](Layout layout) {
               return IntervalChart(marks, chance,
                                    "Accuracy of the score and of each objective alone; the "
                                    "figures are in the table below",
                                    layout);
             }),
             "Share of rows that would be right by one objective’s reward alone; whiskers are "
             "95 % intervals (Wilson)."),
      Table("Accuracy of each objective alone",
            {{"Objective", Column::Kind::kText}, {"Accuracy"}, {"95 % interval"}}, cells));
}

}  // namespace

PageSection ObjectiveSection(const EvalSummary& summary, const std::vector<EvalRow>& rows) {
  PageSection section = {.id = "objectives", .title = "Which objectives decide"};
  const std::vector<std::string>& names = summary.run.objectives;
  if (names.empty() || summary.total.score.n() == 0) return section;
  const ObjectiveShares shares = ShareMargins(rows, names.size());
  section.html = absl::StrCat(
      "<h3>What made rows right and wrong</h3>\n", SharesFigure(names, shares),
      SharesTable(names, shares),
      AloneHtml(names, summary.total, AreAllPairs(rows) ? ChanceLine::kHalf : ChanceLine::kNone));
  return section;
}

}  // namespace assay::client
