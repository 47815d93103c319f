#include "client/eval/report/margin_section.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/eval/report/calibration_chart.h"
#include "client/eval/report/histogram_chart.h"
#include "client/eval/report/row_selection.h"
#include "client/figures.h"

namespace assay::client {
namespace {

constexpr size_t kMostSmall = 8;  // Beside each other; more are not looked at one by one.

constexpr char kRightMeans[] =
    "Right here is a row with every chosen response above every rejected one, also where its "
    "measure gives shares.";

struct Part {
  std::string name;
  std::vector<double> margins;
};

// Subsets, or sections where there are too many of those; none where neither is few.
std::vector<Part> PartsOf(const EvalSummary& summary, const std::vector<EvalRow>& rows) {
  std::vector<Part> parts;
  const std::vector<SubsetGroup> groups = GroupSubsets(summary);
  const bool by_group = summary.subsets.size() > kMostSmall;
  if (by_group && groups.size() < 2) return parts;
  for (const SubsetGroup& group : groups) {
    Part of_group = {.name = group.name};
    for (const size_t i : group.subsets) {
      const std::string& subset = summary.subsets[i].subset;
      std::vector<double> margins = MarginsOf(rows, subset);
      if (by_group) {
        of_group.margins.insert(of_group.margins.end(), margins.begin(), margins.end());
      } else if (!margins.empty()) {
        parts.push_back({subset, std::move(margins)});
      }
    }
    if (!of_group.margins.empty()) parts.push_back(std::move(of_group));
  }
  return parts;
}

std::string SmallMultiples(const std::vector<Part>& parts, const MarginBins& bins,
                           const std::optional<double>& too_close) {
  std::string html = "<div class=\"multiples\">";
  for (const Part& part : parts) {
    html += Figure(SmallHistogram(CountMargins(part.margins, bins), too_close,
                                  absl::StrCat("Margins of ", part.name)),
                   absl::StrCat("<bdi>", Html(part.name), "</bdi>"));
  }
  return html + "</div>\n";
}

std::string Caption(const MarginHistogram& histogram, const std::optional<double>& too_close,
                    bool are_pairs) {
  std::string caption =
      "Rows by their margin: the chosen response’s score less the rejected one’s; of several "
      "responses, the lowest chosen less the highest rejected. Plain bars right of 0 are right, "
      "hatched ones left of it wrong.";
  if (!are_pairs) absl::StrAppend(&caption, " ", kRightMeans);
  if (too_close.has_value() && *too_close > 0)
    absl::StrAppend(&caption, " Shaded: too close to call, within ", Rounded(*too_close), " of 0.");
  if (histogram.ties > 0) {
    absl::StrAppend(&caption, " ", CountOf(histogram.ties, "row"), " with a margin of exactly 0 ",
                    histogram.ties == 1 ? "is" : "are", " not drawn.");
  }
  if (histogram.beyond > 0) {
    absl::StrAppend(&caption, " The outermost bars hold ", CountOf(histogram.beyond, "row"),
                    " from beyond the axis, too.");
  }
  return caption;
}

std::string BinsTable(const Calibration& calibration, Expectation expectation) {
  std::vector<Column> columns = {
      {"Margin, without sign", Column::Kind::kText}, {"Rows"}, {"Right"}, {"95 % interval"}};
  const bool is_shown = expectation == Expectation::kShown;
  if (is_shown) columns.push_back({"Expected"});
  if (is_shown && calibration.scale.has_value()) columns.push_back({"Fitted"});
  std::vector<std::vector<std::string>> cells;
  for (const CalibrationBin& bin : calibration.bins) {
    const auto right = static_cast<double>(bin.right);
    std::vector<std::string> row = {absl::StrCat("<span class=\"line\">", Rounded(bin.smallest),
                                                 " – ", Rounded(bin.largest), "</span>"),
                                    Count(bin.n), PercentText(right / static_cast<double>(bin.n)),
                                    IntervalText(WilsonInterval(right, bin.n))};
    if (is_shown) row.push_back(PercentText(bin.expected));
    if (is_shown && bin.fitted.has_value()) row.push_back(PercentText(*bin.fitted));
    cells.push_back(row);
  }
  return Table("Right by the size of the margin", columns, cells);
}

}  // namespace

PageSection MarginSection(const EvalSummary& summary, const std::vector<EvalRow>& rows) {
  PageSection section = {.id = "margins", .title = "Margins"};
  const std::vector<double> margins = MarginsOf(rows, "");
  if (margins.empty()) return section;
  std::optional<double> too_close;
  if (summary.close_call.has_value()) too_close = summary.close_call->margin;
  const MarginBins bins = ChooseBins(margins);
  const MarginHistogram histogram = CountMargins(margins, bins);
  const Tally& total = summary.total.score;
  const std::string label =
      absl::StrCat("Histogram of margins: ", CountOf(total.wins, "row"), " above 0, ",
                   Count(total.losses), " below, ", Count(total.ties), " at 0");
  section.html = Figure(BothLayouts([&](Layout layout) {
                          return HistogramChart(histogram, too_close, label, layout);
                        }),
                        Caption(histogram, too_close, AreAllPairs(rows)));
  const std::vector<Part> parts = PartsOf(summary, rows);
  if (parts.size() > 1) section.html += SmallMultiples(parts, bins, too_close);
  return section;
}

PageSection CalibrationSection(const std::vector<EvalRow>& rows) {
  PageSection section = {.id = "calibration", .title = "How far a margin can be believed"};
  const std::vector<double> margins = MarginsOf(rows, "");
  if (margins.empty()) return section;
  const Calibration calibration = Calibrate(margins);
  if (calibration.bins.empty()) {
    section.html = Paragraph(absl::StrCat("There are too few rows to tell: ", Count(calibration.n),
                                          "; at least 20 are needed."));
    return section;
  }
  const Expectation expectation = AreAllPairs(rows) ? Expectation::kShown : Expectation::kHidden;
  section.html = Paragraph(DescribeCalibration(calibration, expectation), "lead");
  section.html += Figure(
      BothLayouts([&](Layout layout) {
        return CalibrationChart(calibration, expectation,
                                "How often margins are right, by their size; the figures are in "
                                "the table below",
                                layout);
      }),
      absl::StrCat(
          "Rows in ", calibration.bins.size(),
          " bins of equal number by the size of their margin, smallest to the left; a "
          "tie is not right.",
          expectation == Expectation::kShown
              ? " Expected is what Bradley and Terry’s model says of a margin read as log "
                "odds; a model need not have been trained to that scale."
              : absl::StrCat(" Some rows have several responses: there the margin is that of the "
                             "pair that decides, and no reading as log odds holds. ",
                             kRightMeans)));
  section.html += BinsTable(calibration, expectation);
  return section;
}

}  // namespace assay::client
