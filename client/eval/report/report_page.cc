#include "client/eval/report/report_page.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/eval/report/accuracy_section.h"
#include "client/eval/report/benchmark_section.h"
#include "client/eval/report/head.h"
#include "client/eval/report/html_text.h"
#include "client/eval/report/margin_section.h"
#include "client/eval/report/objective_section.h"
#include "client/eval/report/report_style.h"
#include "client/eval/report/row_sections.h"
#include "client/eval/report/text_section.h"
#include "client/figures.h"

namespace assay::client {
namespace {

// Hatching, which all pictures use; an id may be on a page only once.
constexpr char kHatching[] =
    "<svg class=\"defs\" width=\"0\" height=\"0\" aria-hidden=\"true\"><defs>"
    "<pattern id=\"hatching\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" "
    "patternTransform=\"rotate(45)\"><rect width=\"6\" height=\"6\" class=\"hatch-ground\"/>"
    "<rect width=\"3\" height=\"6\" class=\"hatch-line\"/></pattern></defs></svg>\n";

std::string Contents(const std::vector<PageSection>& sections) {
  std::string list;
  for (const PageSection& section : sections) {
    absl::StrAppend(&list, "<li><a href=\"#", section.id, "\">", Html(section.title), "</a></li>");
  }
  return absl::StrCat("<nav aria-label=\"Contents\"><ul>", list, "</ul></nav>\n");
}

std::string Foot(const EvalSummary& summary) {
  const int64_t rows = summary.total.score.n() + summary.total.errors;
  return absl::StrCat(
      "<footer>",
      Paragraph(absl::StrCat("Made from ", CountOf(rows, "row"), " of ",
                             Html(absl::StrJoin(summary.run.data, ", ")),
                             " and from nothing else; equal rows make an equal page.")),
      Paragraph("To make it again from the folder of the run: "
                "<code>assay eval --from DIR --report report.html</code>"),
      Paragraph("Intervals are Wilson’s, at 95 %. Control characters in texts are shown as U+2400 "
                "and those after it."),
      "</footer>\n");
}

}  // namespace

std::string RenderReport(const EvalSummary& summary, const std::vector<EvalRow>& rows) {
  std::vector<PageSection> sections;
  for (PageSection& section : std::vector<PageSection>{
           BenchmarkSection(summary), AccuracySection(summary, rows), MarginSection(summary, rows),
           CalibrationSection(rows), ObjectiveSection(summary, rows), TextSection(summary, rows),
           CloseCallSection(summary, rows), ErrorSection(rows)}) {
    if (!section.html.empty()) sections.push_back(std::move(section));
  }
  std::string html = absl::StrCat(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
      "<meta name=\"color-scheme\" content=\"light dark\"><title>",
      Html(PageTitle(summary)), "</title><style>", kReportStyle, "</style></head><body>\n",
      kHatching, "<main>", PageHead(summary), Contents(sections));
  for (const PageSection& section : sections) html += SectionHtml(section);
  return absl::StrCat(html, Foot(summary), "</main></body></html>\n");
}

}  // namespace assay::client
